"""A trunk that fails again and again is left alone for a while."""

from __future__ import annotations

from controller.calls.outgoing.trunk_health import TrunkHealth


class Clock:
    """Says what time it is."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_three_failures_in_a_row_let_a_trunk_rest_and_each_further_one_twice_as_long() -> None:
    clock = Clock()
    health = TrunkHealth(clock)
    for _ in range(2):
        health.failed("carrier", "congestion")
    assert not health.rests("carrier")
    health.failed("carrier", "congestion")
    assert health.rests("carrier")
    assert not health.rests("another")
    clock.now = 29.9
    assert health.rests("carrier")
    clock.now = 30.0
    assert not health.rests("carrier")
    health.failed("carrier", "congestion")
    clock.now = 89.9
    assert health.rests("carrier")
    for _ in range(9):
        clock.now += 1000
        health.failed("carrier", "congestion")
    clock.now += 299
    assert health.rests("carrier")
    clock.now += 2
    assert not health.rests("carrier"), "five minutes are the longest rest"


def test_a_trunk_that_works_starts_anew() -> None:
    health = TrunkHealth(Clock())
    health.failed("carrier", "congestion")
    health.failed("carrier", "congestion")
    health.worked("carrier")
    health.failed("carrier", "congestion")
    assert not health.rests("carrier")


def test_a_trunk_that_asterisk_finds_silent_rests_until_it_answers_again() -> None:
    offline = {"carrier"}
    health = TrunkHealth(Clock(), offline.__contains__)
    assert health.rests("carrier")
    assert not health.rests("other")
    assert (health.rest_seconds("carrier"), health.failures("carrier")) == (0.0, 0)
    offline.clear()
    assert not health.rests("carrier")
