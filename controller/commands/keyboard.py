"""The keyboard as the keypad of a simulated telephone, in real time."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from controller.script.simulation.situation import HANG_UP, Press

DIGITS = "0123456789ABCD*#"
RECEIVER = "hH\x04"  # h, or Ctrl-D

# Waits up to so many seconds for a key: None when there was none, "" when there will be none any more.
ReadKey = Callable[[float], str | None]


class KeyboardKeypad:
    """Keys are pressed when somebody presses them; `h` hangs up. Virtual seconds are real ones."""

    def __init__(
        self,
        read_key: ReadKey,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._read_key = read_key
        self._clock = clock
        self._sleep = sleep
        self._began = clock()
        self._closed = False

    def next(self, now: float, until: float) -> Press | None:
        """Wait until then, or for a key."""
        while (left := self._began + until - self._clock()) > 0:
            if self._closed:
                self._sleep(left)
                continue
            key = self._read_key(left)
            self._closed = key == ""
            if not key:
                continue
            at = min(max(now, self._clock() - self._began), until)
            if key in RECEIVER:
                return Press(at, HANG_UP)
            if key.upper() in DIGITS:
                return Press(at, key.upper())
        return None

    def input_begins(self, now: float, seconds: float) -> None:
        """Whoever sits there decides."""

    def input_ends(self) -> None:
        """Nothing to do."""


@contextmanager
def keyboard() -> Iterator[KeyboardKeypad]:
    """The keypad of this terminal, without Enter after each key; of a pipe, its characters as they come."""
    descriptor = sys.stdin.fileno()

    def read_key(seconds: float) -> str | None:
        ready, _, _ = select.select([descriptor], [], [], seconds)
        return os.read(descriptor, 1).decode("latin-1") if ready else None

    if not sys.stdin.isatty():
        yield KeyboardKeypad(read_key)
        return
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        yield KeyboardKeypad(read_key)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
