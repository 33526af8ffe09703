"""Moments as people write them on the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from re import fullmatch

from controller.errors import RingpostError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def read_moment(text: str, now: datetime | None = None) -> datetime:
    """`2026-11-23T17:00`, `2026-11-23` (both UTC unless they say otherwise), or so long ago: `90m`, `2h`, `3d`."""
    distance = _distance(text)
    if distance is not None:
        return (now or datetime.now(UTC)) - distance
    return _moment(text, "how long ago: 2h, 3d")


def read_later(text: str, now: datetime | None = None) -> datetime:
    """As `read_moment`, but in so long a time: `90s`, `10m`, `2h`."""
    distance = _distance(text)
    if distance is not None:
        return (now or datetime.now(UTC)) + distance
    return _moment(text, "in how long: 10m, 2h")


def _distance(text: str) -> timedelta | None:
    match = fullmatch(r"(\d{1,6})([smhd])", text.strip())
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]]) if match else None


def _moment(text: str, otherwise: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise RingpostError(f"“{text}” is not a time: write 2026-11-23T17:00, or {otherwise}.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
