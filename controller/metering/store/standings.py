"""What a licence key has used up to now is read, and that it was warned is written."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from asyncpg import Record

from controller.metering.prices import PriceList
from controller.metering.report import Report
from controller.metering.store.usage_reader import UsageReader
from controller.metering.thresholds import Standing, Threshold
from controller.metering.usage import UsageProduct
from controller.postbacks.outbox import Postback, enqueue
from controller.store.database import Database

DAY = timedelta(days=1)
# A sum of the month is good for so long, up to where it reaches; what came since is added.
FRESH = timedelta(minutes=10)
# What is stored so late for a moment before the sum's end is found when the sum is made anew.
LATEST = timedelta(minutes=2)
_TIMED = (UsageProduct.CALL, UsageProduct.TRANSFER)


class Standings:
    """Every method raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reader = UsageReader(database)
        self._months: dict[tuple[str, str, PriceList], tuple[datetime, datetime, Decimal]] = {}

    async def of(self, license_key: str, prices: PriceList) -> Standing:
        """How a key (by its name in the store) stands, by the database's clock."""
        now, seconds, amount = await self._in_progress(license_key, prices)
        after = now + timedelta(seconds=1)
        day = await self._reader.report(license_key, now - DAY, after, prices)
        month = await self._month(license_key, now, prices)
        return Standing(_outgoing_seconds(day) + seconds, day.amount + amount, month + amount)

    async def warned(self, license_key: str, threshold: Threshold, postback: Postback | None) -> bool:
        """Note that a key is warned, and queue its post-back, in one transaction; False when it was warned before."""
        async with self._database.transaction() as transaction:
            noted = await transaction.fetchval(
                "note_usage_warning",
                license_key=license_key,
                limit_name=threshold.name,
                level=threshold.level,
                period=threshold.period,
            )
            if noted and postback is not None:
                await enqueue(transaction, [postback])
        return bool(noted)

    async def _month(self, license_key: str, now: datetime, prices: PriceList) -> Decimal:
        begin = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        place = (license_key, f"{now:%Y-%m}", prices)
        made_at, upto, amount = self._months.get(place, (begin - FRESH, begin, Decimal(0)))
        if now - made_at >= FRESH:
            upto = max(begin, now - LATEST)
            amount = (await self._reader.report(license_key, begin, upto, prices)).amount
            self._months = {known: value for known, value in self._months.items() if known[0] != license_key}
            self._months[place] = (now, upto, amount)
        since = await self._reader.report(license_key, upto, now + timedelta(seconds=1), prices)
        return amount + since.amount

    async def _in_progress(self, license_key: str, prices: PriceList) -> tuple[datetime, int, Decimal]:
        """The time, and the seconds (of outgoing calls and transfers) and the money of what goes on now."""
        rows = await self._database.fetch("usage_in_progress", license_key=license_key)
        now: datetime = rows[0]["now"]
        going_on = [row for row in rows if row["product"] is not None]
        seconds = sum(row["seconds"] for row in going_on if row["direction"] == "outgoing")
        return now, seconds, _amount(going_on, now, prices)


def _amount(rows: Iterable[Record], now: datetime, prices: PriceList) -> Decimal:
    amounts = (
        prices.amount(
            prices.rate_of(UsageProduct(row["product"]), row["direction"], row["number"], row["route"], now),
            row["seconds"],
        )
        for row in rows
    )
    return sum(amounts, Decimal(0))


def _outgoing_seconds(whole: Report) -> int:
    return sum(line.units for line in whole.lines if line.product in _TIMED and line.direction == "outgoing")
