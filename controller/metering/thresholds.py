"""Thresholds: which limits a licence key has reached, from what it has used. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from controller.directory.usage_limits import MoneyLimit, UsageLimits

Level = Literal["soft", "hard"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a key has used, calls in progress included as if they ended now.

    seconds_in_day: of outgoing calls and transfers in the last 24 hours. amount_in_day, amount_in_month: money in the
    last 24 hours, and since the month began (UTC).
    """

    seconds_in_day: int
    amount_in_day: Decimal
    amount_in_month: Decimal


@dataclass(frozen=True, slots=True)
class Threshold:
    """A limit that is reached. name: its key in the YAML. used, limit: minutes or money. period: the day or the month
    that a warning of it is good for, so that a customer is warned once in it.
    """

    name: str
    level: Level
    used: Decimal
    limit: Decimal
    period: str


def reached(limits: UsageLimits, standing: Standing, now: datetime) -> Iterator[Threshold]:
    """The limits that are reached; `now` in UTC."""
    day, month = f"{now:%Y-%m-%d}", f"{now:%Y-%m}"
    if limits.minutes_per_day is not None and standing.seconds_in_day >= limits.minutes_per_day * 60:
        minutes = Decimal(standing.seconds_in_day) / 60
        used = minutes.quantize(Decimal("0.1"))
        yield Threshold("minutes_per_day", "hard", used, Decimal(limits.minutes_per_day), day)
    yield from _money("money_per_day", limits.money_per_day, standing.amount_in_day, day)
    yield from _money("money_per_month", limits.money_per_month, standing.amount_in_month, month)


def _money(name: str, limit: MoneyLimit, used: Decimal, period: str) -> Iterator[Threshold]:
    if limit.soft is not None and used >= limit.soft:
        yield Threshold(name, "soft", used, limit.soft, period)
    if limit.hard is not None and used >= limit.hard:
        yield Threshold(name, "hard", used, limit.hard, period)
