"""Accounts: what a licence key used, what each record of it costs, and what is left, for interfaces that tell it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from controller.metering.prices import CurrentPrices
from controller.metering.report import Report
from controller.metering.store.usage_reader import UsageReader
from controller.metering.usage import UsageProduct, UsageRecord
from controller.store.database import Database

CALLS = (UsageProduct.CALL, UsageProduct.ATTEMPT, UsageProduct.TRANSFER)
"""The products that a list of calls shows."""


@dataclass(frozen=True, slots=True)
class RatedUsage:
    """A record, the price of a minute (of what is timed) or of a unit, and what the record costs.

    Of a record that takes another one back the amount is negative.
    """

    record: UsageRecord
    rate: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Spending:
    """What a key used since a moment: money in the currency of the price list, calls, their seconds, and texts."""

    amount: Decimal
    calls: int
    call_seconds: int
    texts: int


@dataclass(frozen=True, slots=True)
class Balance:
    """How a key stands now. today: since midnight; month: since the month's first day, both UTC.

    balance: what is left of `most_in_month`, the money that the key may use in a month; without such a limit, what was
    used in the month as a negative amount: that much is owed so far. currency: empty without prices.
    """

    currency: str
    balance: Decimal
    today: Spending
    month: Spending


class Accounts:
    """Reads accounts. Every method that asks the store raises StoreError."""

    def __init__(self, database: Database, prices: CurrentPrices) -> None:
        self._reader = UsageReader(database)
        self._prices = prices

    @property
    def prices(self) -> CurrentPrices:
        """The prices that count."""
        return self._prices

    async def balance(self, license_key: str, now: datetime, most_in_month: Decimal | None = None) -> Balance:
        """How a key (by its name in the store) stands."""
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        after = now + timedelta(seconds=1)
        today = await self._spent(license_key, midnight, after)
        month = await self._spent(license_key, midnight.replace(day=1), after)
        balance = (Decimal(0) if most_in_month is None else most_in_month) - month.amount
        return Balance(self._prices.list.currency, balance, today, month)

    async def _spent(self, license_key: str, since: datetime, until: datetime) -> Spending:
        prices = self._prices.list
        return spending(await self._reader.report(license_key, since, until, prices))

    async def records(
        self, license_key: str, since: datetime, until: datetime, products: Sequence[UsageProduct] | None = None
    ) -> AsyncIterator[RatedUsage]:
        """The records of a key in a period (`until` excluded), in the order of their time, each with what it costs."""
        async for record in self._reader.records(license_key, since, until, products=products):
            yield self.rated(record)

    def rated(self, record: UsageRecord) -> RatedUsage:
        """A record with what it costs."""
        prices = self._prices.list
        rate = prices.rate_of(record.product, record.direction, record.number, record.route, record.at)
        price = Decimal(0) if rate is None else rate.per_minute if record.product.is_timed else rate.each
        return RatedUsage(record, price, prices.amount(rate, record.units) * record.sign)


def spending(whole: Report) -> Spending:
    """What a report comes to. Transfers count in seconds, and are no calls of their own."""
    calls = [line for line in whole.lines if line.product in (UsageProduct.CALL, UsageProduct.ATTEMPT)]
    timed = [line for line in whole.lines if line.product in (UsageProduct.CALL, UsageProduct.TRANSFER)]
    texts = [line for line in whole.lines if line.product is UsageProduct.TEXT]
    return Spending(
        amount=whole.amount,
        calls=sum(line.records for line in calls),
        call_seconds=sum(line.units for line in timed),
        texts=sum(line.records for line in texts),
    )
