"""Moments as people write them on the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from re import fullmatch

from controller.errors import RingpostError

# Clocks of two machines, and the time that typing takes.
PAST_TOLERANCE = timedelta(minutes=2)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def read_moment(text: str, now: datetime | None = None) -> datetime:
    """`2026-11-23T17:00`, `2026-11-23` (both UTC unless they say otherwise), or so long ago: `90m`, `2h`, `3d`."""
    distance = _distance(text)
    if distance is not None:
        return (now or datetime.now(UTC)) - distance
    return _moment(text, "how long ago: 2h, 3d")


def read_later(text: str, now: datetime | None = None) -> datetime:
    """A moment to come: `2026-11-23T17:00+01:00` (UTC if it says nothing else), or in so long a time: `10m`, `in 2h`.

    RingpostError for a date without a time, since midnight UTC is hardly meant, and for a moment that is over.
    """
    now = now or datetime.now(UTC)
    distance = _distance(text.strip().removeprefix("in "))
    if distance is not None:
        return now + distance
    if fullmatch(r"\d{4}-?\d\d-?\d\d", text.strip()):
        raise RingpostError(f"“{text}” is a whole day: say when, as in {text.strip()}T17:00Z.")
    moment = _moment(text, "in how long: 10m, 2h")
    if moment < now - PAST_TOLERANCE:
        raise RingpostError(f"“{text}” is over: it is {now:%Y-%m-%d %H:%M} UTC. Times without a zone are UTC.")
    return moment


def _distance(text: str) -> timedelta | None:
    match = fullmatch(r"(\d{1,6})([smhd])", text.strip())
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]]) if match else None


def _moment(text: str, otherwise: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise RingpostError(f"“{text}” is not a time: write 2026-11-23T17:00, or {otherwise}.") from None
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise RingpostError(f"“{text}” is not a time that there is.") from None
