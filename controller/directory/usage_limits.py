"""Limits of what a licence key may use: its allowance of a day, and its money."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class MoneyLimit:
    """Money in the currency of the prices. At `soft` the customer is warned; at `hard` nothing new goes out."""

    soft: Decimal | None = None
    hard: Decimal | None = None


@dataclass(frozen=True, slots=True)
class UsageLimits:
    """Of one key; None without a limit. A day is any 24 hours, a month the calendar's (UTC).

    calls_per_day, texts_per_day: orders that are taken. minutes_per_day: of outgoing calls and of transfers, those in
    progress included. warn: where warnings are mailed to, besides the post-back.
    """

    calls_per_day: int | None = None
    texts_per_day: int | None = None
    minutes_per_day: int | None = None
    money_per_day: MoneyLimit = field(default_factory=MoneyLimit)
    money_per_month: MoneyLimit = field(default_factory=MoneyLimit)
    warn: tuple[str, ...] = ()

    @property
    def has_money(self) -> bool:
        """Whether money is limited."""
        return self.money_per_day != MoneyLimit() or self.money_per_month != MoneyLimit()

    @property
    def is_watched(self) -> bool:
        """Whether what the key has used must be summed up again and again."""
        return self.minutes_per_day is not None or self.has_money
