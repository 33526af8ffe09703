"""Usage is read: summed for reports, and page by page for lists and exports."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from asyncpg import Record

from controller.metering.prices import ALWAYS, PriceList, Rate
from controller.metering.report import By, Report, ReportLine
from controller.metering.usage import UsageProduct, UsageRecord
from controller.store.database import Database
from controller.store.queries import columns

PAGE = 5_000
# A report of a large key, or of all.
REPORT_SECONDS = 300.0
# Before every change of prices; the statement takes no empty list.
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


class UsageReader:
    """Every method raises StoreError. Moments are UTC; `since` belongs to a period, `until` does not."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def report(
        self, license_key: str, since: datetime, until: datetime, prices: PriceList, *, by: By = ""
    ) -> Report:
        """What a key (by its name in the store) used, and what it costs."""
        return await self._report("ways_of_pricing", "sum_usage", since, until, prices, license_key=license_key, by=by)

    async def report_of_all(self, since: datetime, until: datetime, prices: PriceList) -> Report:
        """What all keys used; the part of each line is the key's name in the store."""
        return await self._report("ways_of_pricing_all", "sum_usage_of_all", since, until, prices)

    async def _report(
        self, ways: str, sums: str, since: datetime, until: datetime, prices: PriceList, **of: str
    ) -> Report:
        period = {
            "since": since,
            "until": until,
            "digits": prices.longest_prefix,
            "changes": [_BEGINNING, *prices.changes_at],
        }
        key = {name: value for name, value in of.items() if name == "license_key"}
        async with self._database.transaction() as transaction:
            await transaction.fetch("prepare_report")
            found = await transaction.fetch(ways, **key, **period, timeout=REPORT_SECONDS)
            known = [_way(row, prices) for row in found]
            rows = await transaction.fetch(
                sums,
                **of,
                **period,
                divisor=prices.divisor,
                **columns(known, _Way._fields),
                timeout=REPORT_SECONDS,
            )
        return Report(tuple(_lines(rows, prices)), prices.currency)

    async def keys(self, since: datetime, until: datetime) -> list[str]:
        """The names in the store of the keys that used something."""
        rows = await self._database.fetch("keys_with_usage", since=since, until=until, timeout=REPORT_SECONDS)
        return [row["license_key"] for row in rows]

    async def records(
        self,
        license_key: str,
        since: datetime,
        until: datetime,
        *,
        products: Sequence[UsageProduct] | None = None,
        page: int = PAGE,
    ) -> AsyncIterator[UsageRecord]:
        """All records of a key, in the order of their time, read page by page."""
        # `since` itself is in: no id is empty.
        after, after_id = since, ""
        while True:
            rows = await self._database.fetch(
                "usage_page",
                license_key=license_key,
                until=until,
                after=after,
                after_id=after_id,
                products=None if products is None else [product.value for product in products],
                most=page,
            )
            for row in rows:
                yield record_of(row)
            if len(rows) < page:
                return
            after, after_id = rows[-1]["at"], rows[-1]["record_id"]


class _Way(NamedTuple):
    """A way in which usage is priced, as the query `sum_usage` takes it: see `WholeTerms`."""

    product: str
    direction: str
    prefix: str
    inside: bool
    period: int
    priced: bool
    most_units: int
    first_units: int
    next_units: int
    first_price: int
    next_price: int
    least_price: int


def _way(row: Record, prices: PriceList) -> _Way:
    """The way of a row of `ways_of_pricing`; one without a rate costs nothing."""
    place = _Place(row["product"], row["direction"], row["prefix"], row["inside"], row["period"])
    rate = _rate(place, prices)
    terms = prices.whole_terms(rate)
    return _Way(
        *place,
        priced=rate is not None,
        most_units=terms.most_units,
        first_units=terms.first_units,
        next_units=terms.next_units,
        first_price=terms.first_price,
        next_price=terms.next_price,
        least_price=terms.least_price,
    )


class _Place(NamedTuple):
    """What tells the rate of a record. prefix: as much of the number as tells it. period: between which changes of
    prices, from 1.
    """

    product: str
    direction: str
    prefix: str
    inside: bool
    period: int


def _rate(place: _Place, prices: PriceList) -> Rate | None:
    at = (ALWAYS, *prices.changes_at)[place.period - 1]
    route = "" if place.inside else "a trunk"
    return prices.rate_of(UsageProduct(place.product), place.direction, place.prefix, route, at)


def _lines(rows: Sequence[Record], prices: PriceList) -> list[ReportLine]:
    """The lines of rows of `sum_usage`, in order; what was taken back whole is not shown."""
    lines = (_line(row, prices) for row in rows)
    return sorted((line for line in lines if line.records or line.units or line.amount), key=_place)


def _line(row: Record, prices: PriceList) -> ReportLine:
    amount, unpriced = Decimal(row["amount"]).scaleb(-prices.decimals), row["unpriced"]
    for each, count in Counter(row["unrated"] or ()).items():
        sign, units, period, inside, prefix = each.split(" ", 4)
        place = _Place(row["product"], row["direction"], prefix, inside == "1", int(period))
        rate = _rate(place, prices)
        amount += prices.amount(rate, int(units)) * int(sign) * count
        unpriced += int(sign) * count if rate is None else 0
    return ReportLine(
        part=row["part"],
        product=UsageProduct(row["product"]),
        direction=row["direction"],
        records=row["records"],
        units=row["units"],
        amount=amount,
        unpriced=0 if prices.is_empty else unpriced,
    )


_ORDER = {product: place for place, product in enumerate(UsageProduct)}


def _place(line: ReportLine) -> tuple[str, int, str]:
    return line.part, _ORDER[line.product], line.direction


def record_of(row: Record) -> UsageRecord:
    """The record of a row."""
    return UsageRecord(
        record_id=row["record_id"],
        license_key=row["license_key"],
        product=UsageProduct(row["product"]),
        units=row["units"],
        at=row["at"],
        direction=row["direction"],
        did=row["did"],
        number=row["number"],
        country=row["country"],
        route=row["route"],
        began_at=row["began_at"],
        sign=row["sign"],
        note=row["note"],
    )
