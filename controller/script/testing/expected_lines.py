"""The lines that a case expects, and whether those of a call fit them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import isclose

from controller.script.transcript import TranscriptLine, Value, shown

ANYTHING = "..."


@dataclass(frozen=True, slots=True)
class ExpectedLine:
    """One expected line: an event, and patterns (`*` stands for anything) for some of its fields; or ANYTHING."""

    event: str
    fields: tuple[tuple[str, str], ...] = ()

    def fits(self, line: TranscriptLine) -> bool:
        """Whether a line is such a one."""
        return line.event == self.event and all(
            name in line.fields and _matches(pattern, line.fields[name]) for name, pattern in self.fields
        )

    def __str__(self) -> str:
        return f"{self.event} {' '.join(value for _, value in self.fields)}".rstrip()


def fitting(expected: Sequence[ExpectedLine], lines: Sequence[TranscriptLine]) -> tuple[int, int]:
    """How many expected lines fit how many of the real ones, from the beginning: all of both when they do."""
    ways = {0}
    for index, each in enumerate(expected):
        if each.event == ANYTHING:
            ways = set(range(min(ways), len(lines) + 1))
        else:
            begun = min(ways)
            ways = {at + 1 for at in ways if at < len(lines) and each.fits(lines[at])}
            if not ways:
                return index, begun
    return len(expected), max(ways)


def _matches(pattern: str, value: Value) -> bool:
    if not isinstance(value, str):
        with suppress(ValueError):
            return isclose(float(pattern), value)
    parts = (re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(".*".join(parts), shown(value), re.DOTALL) is not None
