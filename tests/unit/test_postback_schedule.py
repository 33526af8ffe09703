"""When a post-back is tried again, and when a receiver is held back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from controller.postbacks.breaker import BreakerOptions, Breakers
from controller.postbacks.schedule import DELAYS, HOUR, Schedule, parse_retry_after

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_delays_are_those_documented() -> None:
    assert DELAYS == (0, 5, 30, 120, 600, 1800, 7200, 18000, 36000, 86400, 86400, 86400)


def test_each_attempt_has_its_delay_and_the_last_has_none() -> None:
    schedule = Schedule(random=lambda: 0.5)
    assert [schedule.next_delay(tries) for tries in range(1, 13)] == [*DELAYS[1:], None]


@pytest.mark.parametrize(("drawn", "delay"), [(0.0, 4.0), (1.0, 6.0)])
def test_the_jitter_is_a_fifth_either_way(drawn: float, delay: float) -> None:
    assert Schedule(random=lambda: drawn).next_delay(1) == pytest.approx(delay)


def test_retry_after_only_makes_it_later() -> None:
    schedule = Schedule(random=lambda: 0.5)
    assert schedule.next_delay(1, retry_after=60.0) == 60.0
    assert schedule.next_delay(3, retry_after=60.0) == 120.0
    assert schedule.next_delay(12, retry_after=60.0) is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Thu, 01 Jan 2026 00:01:00 GMT", 60.0),
        ("Wed, 31 Dec 2025 00:01:00 GMT", 0.0),
        ("99999999999999999999", 24 * HOUR),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("١٢", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, NOW) == seconds


def test_a_breaker_opens_after_its_failures_and_each_failed_probe_doubles_the_time() -> None:
    breakers = Breakers(BreakerOptions(failures=3, hold_seconds=10, longest_hold_seconds=35))
    assert [breakers.failed("a", 0.0) for _ in range(3)] == [False, False, True]
    assert breakers.held_for("a", 4.0) == 6.0
    assert not breakers.failed("a", 5.0)
    assert breakers.held_for("a", 10.0) == 0.0
    assert breakers.failed("a", 10.0)
    assert breakers.held_for("a", 10.0) == 20.0
    assert breakers.failed("a", 30.0)
    assert breakers.held_for("a", 30.0) == 35.0
    assert breakers.held(31.0) == [("a", 34.0)]


def test_a_success_closes_it_and_forgets_the_past() -> None:
    breakers = Breakers(BreakerOptions(failures=1, hold_seconds=10))
    breakers.failed("a", 0.0)
    breakers.succeeded("a")
    assert breakers.held_for("a", 1.0) == 0.0
    assert breakers.names() == []


def test_after_a_hold_one_tries_while_the_others_wait() -> None:
    breakers = Breakers(BreakerOptions(failures=2, hold_seconds=10))
    for _ in range(2):
        assert breakers.wait_for("a", 0.0) == 0.0
        breakers.failed("a", 0.0)
    assert breakers.wait_for("a", 4.0) == 6.0
    assert [breakers.wait_for("a", 10.0) for _ in range(3)] == [0.0, 10.0, 10.0]
    breakers.failed("a", 11.0)
    assert breakers.wait_for("a", 11.0) == 20.0
    assert breakers.wait_for("a", 31.0) == 0.0
    breakers.succeeded("a")
    assert breakers.wait_for("a", 31.0) == 0.0


def test_the_room_of_a_failing_receiver_halves_and_is_one_for_a_probe() -> None:
    breakers = Breakers(BreakerOptions(failures=3, hold_seconds=10))
    rooms = [breakers.room("a", 64, 0.0)]
    for _ in range(3):
        breakers.failed("a", 0.0)
        rooms.append(breakers.room("a", 64, 0.0))
    assert rooms == [64, 32, 16, 0]
    for _ in range(10):
        breakers.failed("a", 11.0)
    assert breakers.room("a", 64, 1000.0) == 1


def test_failing_receivers_take_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.postbacks.breaker.MOST_REMEMBERED", 3)
    breakers = Breakers(BreakerOptions())
    for number in range(10):
        breakers.failed(str(number), 0.0)
    assert breakers.names() == ["7", "8", "9"]
