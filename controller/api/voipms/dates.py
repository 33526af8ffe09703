"""Dates as this interface has them: without a zone, in the zone of the request or in the vendor's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from controller.api.bindings.refusal import Refused

ZONE = ZoneInfo("America/New_York")
"""What dates without a zone are in: the vendor's default, which its clients expect."""
LONGEST_RANGE = timedelta(days=92)

_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T+](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?Z?", re.ASCII)
_OFFSET = re.compile(r"[+-]?\d{1,2}(\.\d{1,2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class DateRange:
    """From when (inclusive) until when (exclusive), both aware."""

    since: datetime
    until: datetime


def zone_of(text: str) -> tzinfo:
    """The zone of an offset from UTC in hours, -12 to 13; the vendor's own for none. Refused: invalid_timezone."""
    given = text.strip()
    if not given:
        return ZONE
    if _OFFSET.fullmatch(given) is None or not -12 <= float(given) <= 14:
        raise Refused("invalid_timezone")
    return timezone(timedelta(hours=float(given)))


def date_range(first: str, last: str, zone: tzinfo, now: datetime) -> DateRange:
    """The days from the first to the last, today for those that are left out; times in dates count.

    Refused: invalid_date; invalid_daterange for more than 92 days; invalid_date_from for an end before the beginning.
    """
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    since, _ = _date(first) if first.strip() else (today, False)
    until, timed = _date(last) if last.strip() else (max(today, since.replace(hour=0, minute=0, second=0)), False)
    until += timedelta(seconds=1) if timed else timedelta(days=1)
    if until <= since:
        raise Refused("invalid_date_from")
    # A day more: the range counts days, the last one included.
    if until - since > LONGEST_RANGE + timedelta(days=1):
        raise Refused("invalid_daterange")
    return DateRange(since.replace(tzinfo=zone), until.replace(tzinfo=zone))


def shown_date(moment: datetime, zone: tzinfo = ZONE) -> str:
    """A moment as this interface writes it."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def utc(moment: datetime) -> datetime:
    """A moment in UTC."""
    return moment.astimezone(UTC)


def _date(text: str) -> tuple[datetime, bool]:
    """A date, and whether it has a time."""
    found = _DATE.fullmatch(text.strip())
    if found is None:
        raise Refused("invalid_date")
    try:
        parts = [int(part or 0) for part in found.groups()]
        moment = datetime(*parts)  # type: ignore[arg-type] # noqa: DTZ001 — its zone is put in later
    except ValueError:
        raise Refused("invalid_date") from None
    if not 1970 <= moment.year <= 2200:
        raise Refused("invalid_date")
    return moment, found[4] is not None
