"""Quiet hours: nobody is texted or called before 8:00 or after 21:00 at their place, by keys that say so.

The hours are those of 47 CFR 64.1200(c)(1), the place is guessed from the number by libphonenumber's tables. A number
can belong to several time zones (toll-free numbers, area codes that cross a border): then the hour must be right in
each. Some states have stricter hours; which state it is, its area code says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from phonenumbers.timezone import time_zones_for_number

from controller.area_codes import region_of
from controller.directory.text_settings import QuietHours

_DAYS = 3
"""How far ahead an opening is looked for, besides days that are closed: what is not found in two open days never is."""


def zones_of(e164: str) -> tuple[ZoneInfo, ...]:
    """The time zones that a number can belong to; UTC when nothing is known of it."""
    zones: list[ZoneInfo] = []
    try:
        names = time_zones_for_number(phonenumbers.parse(e164))
    except phonenumbers.NumberParseException:
        names = ()
    for name in names:
        try:
            zones.append(ZoneInfo(name))
        except (ZoneInfoNotFoundError, ValueError):
            continue
    return tuple(zones) or (ZoneInfo("UTC"),)


def held_until(hours: QuietHours, e164: str, moment: datetime) -> datetime | None:
    """Until when (UTC) what is due at `moment` must wait for the hours of `e164`; None when it may go."""
    state = region_of(e164)
    return opening(hours.of_state(state[0] if state else ""), zones_of(e164), moment)


def opening(hours: QuietHours, zones: Sequence[ZoneInfo], moment: datetime) -> datetime | None:
    """The first moment (UTC) from `moment` on at which it is no quiet hour in any of the zones; None for `moment`.

    Hours so short that the zones never have one in common open where most of them have one. Days that are closed are
    those of each zone.
    """
    if all(_is_open(hours, zone, moment) for zone in zones):
        return None
    candidates = sorted(
        opens
        for zone in zones
        for day in range(_DAYS + hours.closed.longest)
        if (opens := _opening_on(hours, zone, moment + timedelta(days=day))) > moment and _is_open(hours, zone, opens)
    )
    return max(candidates, key=lambda candidate: sum(_is_open(hours, zone, candidate) for zone in zones))


def _is_open(hours: QuietHours, zone: ZoneInfo, moment: datetime) -> bool:
    local = moment.astimezone(zone)
    day, clock = local.date(), local.time()
    if hours.opens <= hours.closes:
        return hours.opens <= clock < hours.closes and day not in hours.closed
    if clock < hours.closes:
        return day - timedelta(days=1) not in hours.closed
    return clock >= hours.opens and day not in hours.closed


def _opening_on(hours: QuietHours, zone: ZoneInfo, moment: datetime) -> datetime:
    day = moment.astimezone(zone).date()
    # To UTC and back: an opening in the hour that summer time leaves out is the moment after it.
    return datetime.combine(day, hours.opens, zone).astimezone(UTC)
