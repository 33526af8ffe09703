"""Quiet hours: when a text may arrive, by the clock of who gets it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.directory.quiet_hours import held_until, opening, zones_of
from controller.directory.text_settings import ClosedDays, QuietHours

NEW_YORK = ZoneInfo("America/New_York")
LOS_ANGELES = ZoneInfo("America/Los_Angeles")
HONOLULU = ZoneInfo("Pacific/Honolulu")
HOURS = QuietHours()


def at(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def test_a_number_tells_its_time_zones() -> None:
    assert zones_of("+12015550101") == (NEW_YORK,)
    assert zones_of("+442079460000") == (ZoneInfo("Europe/London"),)
    assert len(zones_of("+18005550101")) > 3
    assert zones_of("no number") == (ZoneInfo("UTC"),)


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-06-01T08:00", None),
        ("2026-06-01T20:59:59", None),
        ("2026-06-01T21:00", "2026-06-02T08:00"),
        ("2026-06-01T07:59:59", "2026-06-01T08:00"),
        ("2026-12-31T23:00", "2027-01-01T08:00"),
        ("2026-03-07T22:00", "2026-03-08T08:00"),  # summer time begins in that night
        ("2026-10-31T22:00", "2026-11-01T08:00"),  # and ends in this one
    ],
)
def test_a_text_waits_for_eight_in_the_morning(moment: str, opens: str | None) -> None:
    expected = None if opens is None else at(opens, NEW_YORK)
    assert held_until(HOURS, "+12015550101", at(moment, NEW_YORK)) == expected


def test_of_several_zones_the_strictest_counts() -> None:
    both = (NEW_YORK, LOS_ANGELES)
    assert opening(HOURS, both, at("2026-06-01T09:00", NEW_YORK)) == at("2026-06-01T08:00", LOS_ANGELES)
    assert opening(HOURS, both, at("2026-06-01T12:00", NEW_YORK)) is None
    assert opening(HOURS, both, at("2026-06-01T20:00", LOS_ANGELES)) == at("2026-06-02T08:00", LOS_ANGELES)


def test_hours_may_go_over_midnight() -> None:
    night = QuietHours(opens=time(20), closes=time(2))
    assert opening(night, (NEW_YORK,), at("2026-06-01T01:00", NEW_YORK)) is None
    assert opening(night, (NEW_YORK,), at("2026-06-01T03:00", NEW_YORK)) == at("2026-06-01T20:00", NEW_YORK)


def test_hours_that_the_zones_never_share_open_where_most_have_them() -> None:
    hours = QuietHours(opens=time(8), closes=time(9))
    zones = (NEW_YORK, NEW_YORK, HONOLULU)
    assert opening(hours, zones, at("2026-06-01T00:00", NEW_YORK)) == at("2026-06-01T08:00", NEW_YORK)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1)),  # noqa: DTZ001
    st.sets(st.sampled_from([NEW_YORK, LOS_ANGELES, HONOLULU, ZoneInfo("America/St_Johns")]), min_size=1),
)
def test_an_opening_is_in_nobodys_quiet_hours_and_nothing_before_it_is_open(
    naive: datetime, zones: set[ZoneInfo]
) -> None:
    moment = naive.replace(tzinfo=UTC)
    opens = opening(HOURS, tuple(zones), moment)
    end = opens or moment
    assert all(time(8) <= end.astimezone(zone).time() < time(21) for zone in zones)
    assert moment <= end <= moment + timedelta(days=2)
    earlier = moment
    while opens and earlier < opens:
        assert not all(time(8) <= earlier.astimezone(zone).time() < time(21) for zone in zones)
        earlier += timedelta(minutes=30)


@pytest.mark.parametrize(
    ("number", "moment", "opens"),
    [
        ("+12125550123", "2026-06-01T20:30-04:00", None),  # New York, which has the general hours
        ("+13055550123", "2026-06-01T20:30-04:00", "2026-06-02T08:00-04:00"),  # Miami
        ("+14165550123", "2026-06-01T08:30-04:00", "2026-06-01T09:00-04:00"),  # Toronto
        ("+442079460000", "2026-06-01T20:30+01:00", None),
    ],
)
def test_a_state_can_have_hours_of_its_own(number: str, moment: str, opens: str | None) -> None:
    hours = QuietHours(states=(("FL", QuietHours(closes=time(20))), ("ON", QuietHours(opens=time(9)))))
    expected = datetime.fromisoformat(opens) if opens else None
    assert held_until(hours, number, datetime.fromisoformat(moment)) == expected


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-06-06T20:00", None),  # Saturday
        ("2026-06-06T22:00", "2026-06-08T08:00"),  # that night: Sunday is closed
        ("2026-06-07T12:00", "2026-06-08T08:00"),
        ("2026-12-24T22:00", "2026-12-26T08:00"),  # the 25th of every year
        ("2027-12-25T12:00", "2027-12-27T08:00"),  # a Saturday, and the Sunday after it
        ("2026-11-26T12:00", "2026-11-27T08:00"),  # a date of one year
        ("2027-11-25T12:00", None),
    ],
)
def test_nothing_arrives_on_days_that_are_closed(moment: str, opens: str | None) -> None:
    hours = QuietHours(closed=ClosedDays(frozenset({6}), frozenset({(12, 25)}), frozenset({date(2026, 11, 26)})))
    expected = None if opens is None else at(opens, NEW_YORK)
    assert held_until(hours, "+12015550101", at(moment, NEW_YORK)) == expected


def test_what_goes_on_after_midnight_belongs_to_the_day_before() -> None:
    night = QuietHours(opens=time(20), closes=time(2), closed=ClosedDays(frozenset({6})))
    assert opening(night, (NEW_YORK,), at("2026-06-07T01:00", NEW_YORK)) is None  # Saturday's night
    assert opening(night, (NEW_YORK,), at("2026-06-07T21:00", NEW_YORK)) == at("2026-06-08T20:00", NEW_YORK)
    assert opening(night, (NEW_YORK,), at("2026-06-08T01:00", NEW_YORK)) == at("2026-06-08T20:00", NEW_YORK)


def test_a_day_has_to_be_open_in_every_zone() -> None:
    hours = QuietHours(closed=ClosedDays(frozenset({6})))
    both = (NEW_YORK, HONOLULU)
    assert opening(hours, both, at("2026-06-08T00:30", NEW_YORK)) == at("2026-06-08T08:00", HONOLULU)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1)), st.sets(st.integers(0, 6), max_size=6))  # noqa: DTZ001
def test_the_first_open_day_is_found_however_few_there_are(naive: datetime, weekdays: set[int]) -> None:
    hours = QuietHours(closed=ClosedDays(frozenset(weekdays), frozenset({(1, 1), (7, 4)})))
    moment = naive.replace(tzinfo=UTC)
    opens = held_until(hours, "+12015550101", moment) or moment
    assert moment <= opens <= moment + timedelta(days=22)
    assert held_until(hours, "+12015550101", opens) is None
    day = moment.astimezone(NEW_YORK).date() + timedelta(days=1)
    while day < opens.astimezone(NEW_YORK).date():
        assert day in hours.closed
        day += timedelta(days=1)
