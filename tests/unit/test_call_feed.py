"""The feed of calls: numbered lines, and who is too slow is told what was lost."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from controller.calls import feed
from controller.calls.feed import CallFeed
from controller.calls.model.call import Call, TraceLine

NOW = datetime(2026, 11, 27, tzinfo=UTC)
CALL = Call(1000000001, "incoming", "acme", "+12015550101", "+12015550199", "channel", "program", NOW)


def _line(number: int) -> TraceLine:
    return TraceLine(CALL.queue_id, number, NOW, "digit", {"digit": str(number)})


def test_lines_are_numbered_over_all_calls_also_while_nobody_watches() -> None:
    calls = CallFeed()
    calls.publish(CALL, _line(1))
    with calls.watch() as happenings:
        calls.publish(CALL, _line(2))
        calls.publish(CALL, _line(3))
    assert [happenings.get_nowait().number for _ in range(2)] == [2, 3]


def test_a_watcher_that_is_too_slow_is_told_how_many_lines_it_has_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "QUEUED_AT_MOST", 2)
    calls = CallFeed()
    with calls.watch() as slow, calls.watch() as quick:
        for number in range(1, 6):
            calls.publish(CALL, _line(number))
            assert quick.get_nowait().lost == 0
        assert [slow.get_nowait().number for _ in range(2)] == [1, 2]
        calls.publish(CALL, _line(6))
        told = slow.get_nowait()
        assert (told.number, told.lost) == (6, 3)
        calls.publish(CALL, _line(7))
        assert slow.get_nowait().lost == 0
