"""Spans of the week: when a time condition is met. Pure: who asks says what time it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_OF_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Span:
    """From a minute to a minute of the day, on the days from one weekday to another (0 is Monday).

    start, end: minutes since midnight; the minute of the end belongs to it, as `18:00` does in "until 18:00". A span
    whose end lies before its start goes on after midnight. Days go round the week: from Saturday (5) to Monday (0).
    """

    start: int = 0
    end: int = MINUTES_OF_DAY - 1
    first_day: int = 0
    last_day: int = 6

    def holds(self, weekday: int, minute: int) -> bool:
        """Whether a minute of a day of the week lies in it. What goes on after midnight belongs to the day before."""
        if self.start <= self.end:
            return self._on(weekday) and self.start <= minute <= self.end
        if minute >= self.start:
            return self._on(weekday)
        return minute <= self.end and self._on((weekday - 1) % 7)

    def _on(self, weekday: int) -> bool:
        return (weekday - self.first_day) % 7 <= (self.last_day - self.first_day) % 7


def in_any(spans: Iterable[Span], weekday: int, minute: int) -> bool:
    """Whether a minute of a day of the week (0 is Monday) lies in any of them."""
    return any(span.holds(weekday, minute) for span in spans)
