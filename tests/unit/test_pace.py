"""How fast calls may be placed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.calls.outgoing.pace import Pace, Paces


def test_one_may_begin_at_once_and_the_next_after_its_share_of_a_second() -> None:
    pace = Pace(5)
    assert pace.allows(100.0) == 1
    pace.take()
    assert pace.allows(100.0) == 0
    assert pace.wait() == pytest.approx(0.2)
    assert pace.allows(100.19) == 0
    assert pace.allows(100.21) == 1


def test_what_was_not_used_for_a_long_time_is_no_burst() -> None:
    pace = Pace(50)
    pace.allows(0.0)
    assert pace.allows(3600.0) == 6


@given(st.floats(0.1, 100), st.lists(st.floats(0, 2), min_size=1, max_size=200))
def test_never_more_begin_than_the_limit_allows(per_second: float, pauses: list[float]) -> None:
    pace, now, begun = Pace(per_second), 0.0, 0
    for pause in pauses:
        now += pause
        allowed = pace.allows(now)
        pace.take(allowed)
        begun += allowed
    assert begun <= 1 + per_second * (now + 0.1) + 1e-6


def test_each_name_has_its_own_pace_and_a_changed_limit_counts_at_once() -> None:
    paces = Paces()
    paces.of("a", 1).allows(0.0)
    paces.of("a", 1).take()
    assert paces.of("a", 1).allows(0.0) == 0
    assert paces.of("b", 1).allows(0.0) == 1
    assert paces.of("a", 2).allows(0.0) == 1
