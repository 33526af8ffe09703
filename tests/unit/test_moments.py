"""Moments on the command line: right, or refused with what to write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from controller.commands.moments import read_later, read_moment
from controller.errors import RingpostError

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("10m", NOW + timedelta(minutes=10)),
        ("in 10m", NOW + timedelta(minutes=10)),
        ("90s", NOW + timedelta(seconds=90)),
        ("2026-12-01T09:00", datetime(2026, 12, 1, 9, tzinfo=UTC)),
        ("2026-12-01T09:00+01:00", datetime(2026, 12, 1, 9, tzinfo=timezone(timedelta(hours=1)))),
        ("2026-11-27T11:59", datetime(2026, 11, 27, 11, 59, tzinfo=UTC)),
    ],
)
def test_a_moment_to_come_is_read(text: str, moment: datetime) -> None:
    assert read_later(text, NOW) == moment


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-12-01", "2026-12-01T17:00Z"),
        ("20261201", "whole day"),
        ("2026-11-27T09:00", "it is 2026-11-27 12:00 UTC"),
        ("1999-01-01T00:00Z", "is over"),
        ("tomorrow", "is not a time"),
        ("", "is not a time"),
        ("0001-01-01T00:00+23:00", "not a time that there is"),
    ],
)
def test_what_is_hardly_meant_is_asked_for(text: str, told: str) -> None:
    with pytest.raises(RingpostError, match=told):
        read_later(text, NOW)


def test_a_moment_that_is_over_is_read() -> None:
    assert read_moment("2h", NOW) == NOW - timedelta(hours=2)
    assert read_moment("2026-11-23", NOW) == datetime(2026, 11, 23, tzinfo=UTC)
