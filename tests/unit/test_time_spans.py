"""Time conditions are met within their spans of the week, the last minute included."""

from __future__ import annotations

import pytest

from controller.ivr.time_spans import Span, in_any

OFFICE = Span(start=9 * 60, end=17 * 60 + 30, first_day=0, last_day=4)
WEEKEND = Span(first_day=5, last_day=6)
NIGHT = Span(start=22 * 60, end=6 * 60, first_day=4, last_day=5)


@pytest.mark.parametrize(
    ("span", "weekday", "minute", "holds"),
    [
        (OFFICE, 0, 9 * 60, True),
        (OFFICE, 4, 17 * 60 + 30, True),
        (OFFICE, 4, 17 * 60 + 31, False),
        (OFFICE, 5, 12 * 60, False),
        (WEEKEND, 6, 1439, True),
        (NIGHT, 4, 22 * 60, True),
        (NIGHT, 6, 60, True),  # Saturday's night goes on until Sunday at six
        (NIGHT, 4, 60, False),
        (Span(first_day=5, last_day=0), 6, 0, True),
        (Span(first_day=5, last_day=0), 1, 0, False),
    ],
)
def test_a_span_holds_its_minutes(span: Span, weekday: int, minute: int, holds: bool) -> None:
    assert span.holds(weekday, minute) is holds


def test_one_of_several_is_enough() -> None:
    assert in_any([OFFICE, WEEKEND], 5, 0)
    assert not in_any([OFFICE], 5, 0)
    assert not in_any([], 0, 0)
