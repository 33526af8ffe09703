"""Calling hours: when a licence key's calls may ring, by the clock of who is called."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from controller.directory.calling_hours import CallingHours, Held
from controller.directory.loader import check, load
from controller.directory.text_settings import ClosedDays, QuietHours

NEW_JERSEY, CALIFORNIA, TOLL_FREE = "+12015550101", "+14155550101", "+18005550101"
# 20:30 in New Jersey, 17:30 in California; the day after, 7:30 and 4:30.
EVENING = datetime(2026, 6, 2, 0, 30, tzinfo=UTC)
MORNING = datetime(2026, 6, 2, 11, 30, tzinfo=UTC)


def test_a_call_waits_for_the_hours_of_who_is_called() -> None:
    hours = CallingHours()
    assert hours.held(NEW_JERSEY, EVENING) is None
    assert hours.held(NEW_JERSEY, MORNING) == Held(datetime(2026, 6, 2, 12, tzinfo=UTC))
    assert hours.held(CALIFORNIA, MORNING) == Held(datetime(2026, 6, 2, 15, tzinfo=UTC))


def test_every_zone_that_a_number_may_belong_to_has_to_permit_the_call() -> None:
    held = CallingHours().held(TOLL_FREE, MORNING)
    assert held is not None
    assert held.until is not None
    assert held.until > datetime(2026, 6, 2, 15, tzinfo=UTC)
    assert CallingHours().held(TOLL_FREE, held.until) is None


def test_a_call_may_be_refused_instead() -> None:
    assert CallingHours(refuse=True).held(NEW_JERSEY, MORNING) == Held(None)
    assert CallingHours(refuse=True).held(NEW_JERSEY, EVENING) is None


def test_hours_that_the_zones_never_have_in_common_let_no_call_wait_for_ever() -> None:
    assert CallingHours(QuietHours(time(8), time(8, 30))).held(TOLL_FREE, MORNING) == Held(None)


def read(folder: Path, hours: str) -> Path:
    file = folder / "ringpost.yaml"
    file.write_text(f"license_keys:\n  acme: {{calling_hours: {hours}}}\n")
    return file


@pytest.mark.parametrize(
    ("written", "hours"),
    [
        ("false", None),
        ("true", CallingHours()),
        ('{opens: "09:00"}', CallingHours(QuietHours(time(9), time(21)))),
        ("{closed: sunday}", CallingHours(QuietHours(closed=ClosedDays(frozenset({6}))))),
        (
            '{closed: [Sat, sun, "12-25", 2026-11-26], states: {AL: {closed: [sun]}}}',
            CallingHours(
                QuietHours(
                    closed=ClosedDays(frozenset({5, 6}), frozenset({(12, 25)}), frozenset({date(2026, 11, 26)})),
                    states=(("AL", QuietHours(closed=ClosedDays(frozenset({6})))),),
                )
            ),
        ),
        ('{closes: "17:30", otherwise: refuse}', CallingHours(QuietHours(time(8), time(17, 30)), refuse=True)),
    ],
)
def test_the_yaml_declares_them(tmp_path: Path, written: str, hours: CallingHours | None) -> None:
    assert load(read(tmp_path, written)).license_keys["acme"].calling_hours == hours


@pytest.mark.parametrize(
    ("written", "column", "expected"),
    [
        ("{opens: noon}", 33, '"08:00" or "21:30"'),
        ('{opens: "08:00", closes: "08:00"}', 10, "`closes` after `opens`"),
        ("{otherwise: hang-up}", 37, "wait or refuse"),
        ("{opns: 8}", 26, '"opens"?'),
    ],
)
def test_mistakes_in_them_are_told_where_they_stand(tmp_path: Path, written: str, column: int, expected: str) -> None:
    (mistake,) = check(read(tmp_path, written))
    assert (mistake.line, mistake.severity) == (2, "error")
    assert expected in mistake.expected
    assert mistake.column == column
