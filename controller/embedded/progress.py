"""What a person sees while a long step runs: its name, what it is at, and the seconds gone by.

Only the standard library is used here: the first steps run before anything is installed.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


class ProgressStep:
    """One long step; whoever does the work says now and then what it is at."""

    def __init__(self) -> None:
        self.detail = ""

    def at(self, detail: str) -> None:
        """Say what the step is at, e.g. "45 of 163 packages"."""
        self.detail = detail


class Progress:
    """Prints steps to a stream: one line that renews itself on a terminal, a line every ten seconds elsewhere."""

    def __init__(self, stream: TextIO | None = None, *, line_every: float = 10.0) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._terminal = self._stream.isatty()
        self._period = 0.5 if self._terminal else line_every

    @contextmanager
    def step(self, title: str) -> Iterator[ProgressStep]:
        """Show `title` until the block ends, with the seconds it took; a block that raises is shown as failed."""
        step = ProgressStep()
        started = time.monotonic()
        ended = threading.Event()
        ticker = threading.Thread(target=self._tick, args=(title, step, started, ended), daemon=True)
        self._show(title, step, started, "…")
        ticker.start()
        outcome = "failed"
        try:
            yield step
            outcome = "done"
        finally:
            ended.set()
            ticker.join()
            self._show(title, step, started, outcome, last=True)

    def _tick(self, title: str, step: ProgressStep, started: float, ended: threading.Event) -> None:
        while not ended.wait(self._period):
            self._show(title, step, started, "…")

    def _show(self, title: str, step: ProgressStep, started: float, state: str, *, last: bool = False) -> None:
        seconds = time.monotonic() - started
        line = f"  {title} {state} {seconds:.0f} s"
        if step.detail:
            line += f" ({step.detail})"
        if self._terminal:
            self._stream.write(f"\r\x1b[K{line}" + ("\n" if last else ""))
        else:
            self._stream.write(line + "\n")
        self._stream.flush()
