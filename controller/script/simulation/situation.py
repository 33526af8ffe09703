"""The situation of a simulated call: who is at the other end, what others answer, how long things last, which keys.

A live call finds all this out there; here it is fixed, so that a run is the same each time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Protocol

from controller.script.commands.speech import speech_seconds
from controller.script.simulation.callee import AnsweredBy, TransferResult

HUMAN_GREETING_SECONDS = 0.5
MACHINE_GREETING_SECONDS = 4.0
FAX_TONE_SECONDS = 4.0
SOUND_SECONDS = 2.0
# A digit of a `keys` item is pressed so long after the wait began, or after the digit before it; within the wait.
FIRST_KEY_SECONDS = 0.5
NEXT_KEY_SECONDS = 0.25

MONDAY_MORNING = 10 * 60
HANG_UP = ""
_PRESS = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?):(.+)")


@dataclass(frozen=True, slots=True)
class OtherEnd:
    """Who is on the line: when they stop talking, and what is detected when. All in seconds after the answer."""

    talks_until: float = 0.0
    detections: tuple[tuple[float, str], ...] = ()


CALLER = OtherEnd()
ANSWERERS: Mapping[AnsweredBy, OtherEnd] = {
    "human": OtherEnd(HUMAN_GREETING_SECONDS, ((1.0, "HUMAN"),)),
    "machine": OtherEnd(MACHINE_GREETING_SECONDS, ((2.5, "MACHINE"),)),
    "fax": OtherEnd(FAX_TONE_SECONDS, ((1.5, "FAX"),)),
}


@dataclass(frozen=True, slots=True)
class Spoken:
    """What is heard of a text with speech control: its words, and the pauses between them in seconds."""

    words: str
    pauses: float = 0.0

    @property
    def seconds(self) -> float:
        """How long it is reckoned to last: its words by their characters, and its pauses."""
        return (speech_seconds(self.words) if self.words else 0.0) + self.pauses


def plainly(text: str) -> Spoken:
    """A text as it stands, white space collapsed, speech control not understood."""
    return Spoken(" ".join(text.split()))


def always(sound_id: str) -> float | None:  # noqa: ARG001 (any sound lasts as long)
    """Every sound is there, and lasts two seconds."""
    return SOUND_SECONDS


@dataclass(frozen=True, slots=True)
class Situation:
    """What the world does in a simulated call.

    pages: the body that a URL answers with status 200; any other URL answers 404. hang_up_at: seconds after the answer
    at which the other side hangs up. spoken: what is heard of a text. sound_seconds: how long a sound of the licence
    key lasts, None for one that is not there. house_sounds: how long the built-in sounds last, by name. minute_of_week:
    what time it is at the answer, in every zone, in minutes since Monday's midnight.
    """

    other_end: OtherEnd = CALLER
    transfer: TransferResult = "answered"
    pages: Mapping[str, str] = field(default_factory=dict)
    hang_up_at: float = inf
    spoken: Callable[[str], Spoken] = plainly
    sound_seconds: Callable[[str], float | None] = always
    house_sounds: Mapping[str, float] = field(default_factory=dict)
    minute_of_week: int = MONDAY_MORNING


@dataclass(frozen=True, slots=True, order=True)
class Press:
    """A key (0-9, A-D, `*`, `#`; HANG_UP for the receiver), and when it is pressed, in seconds after the answer."""

    t: float
    digit: str


class Keypad(Protocol):
    """The telephone's keys in the hands of the other side."""

    def next(self, now: float, until: float) -> Press | None:
        """The first press up to `until` that was not given yet; None when there is none."""
        ...

    def input_begins(self, now: float, seconds: float) -> None:
        """The call waits for input, so long for each digit."""
        ...

    def input_ends(self) -> None:
        """The wait for input is over."""
        ...


class ScriptedKeypad:
    """Keys known beforehand: an item for each wait for input (empty for none), and presses at their times.

    An item is typed into one wait: what that wait does not take any more is not pressed.
    """

    def __init__(self, items: Sequence[str] = (), presses: Iterable[Press] = ()) -> None:
        self._items = list(reversed(items))
        self._presses = sorted(presses, reverse=True)
        self._typing: list[Press] = []

    def next(self, now: float, until: float) -> Press | None:  # noqa: ARG002 (what was missed comes now)
        """The first press up to `until`."""
        queues = [queue for queue in (self._presses, self._typing) if queue and queue[-1].t <= until]
        return min(queues, key=lambda queue: queue[-1]).pop() if queues else None

    def input_begins(self, now: float, seconds: float) -> None:
        """Begin to type the next item."""
        item = self._items.pop() if self._items else ""
        at, typing = now + min(FIRST_KEY_SECONDS, seconds / 2), []
        for digit in item:
            typing.append(Press(at, digit))
            at += min(NEXT_KEY_SECONDS, seconds / 2)
        self._typing = typing[::-1]

    def input_ends(self) -> None:
        """Stop typing."""
        self._typing = []


def read_keys(text: str) -> tuple[str, ...]:
    """The items of "2,#,-,1234#": one for each wait for input, `-` for no input. ValueError for what is no key."""
    items = [item.strip() for item in text.split(",")] if text.strip() else []
    return tuple("" if item == "-" else read_digits(item) for item in items)


def read_press(text: str) -> tuple[Press, ...]:
    """ "3.5:2": key 2 at 3.5 seconds; several keys follow each other by a quarter of a second. ValueError."""
    match = _PRESS.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"“{text}” is not SECONDS:DIGITS, such as 3.5:2")
    digits = read_digits(match[2])
    return tuple(Press(float(match[1]) + index * NEXT_KEY_SECONDS, digit) for index, digit in enumerate(digits))


def read_digits(text: str) -> str:
    """Keys of a telephone, letters A-D in upper case. ValueError."""
    digits = text.upper()
    if not digits or set(digits) - set("0123456789ABCD*#"):
        raise ValueError(f"“{text}” is not made of keys of a telephone: 0-9, * and #")
    return digits
