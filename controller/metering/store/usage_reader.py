"""Usage is read: summed for reports, and page by page for lists and exports."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from asyncpg import Record

from controller.metering.prices import PriceList
from controller.metering.report import By, UsageSum
from controller.metering.usage import UsageProduct, UsageRecord
from controller.store.database import Database

PAGE = 5_000
# A report of a large key, or of all.
REPORT_SECONDS = 300.0
# Before every change of prices; the statement takes no empty list.
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


class UsageReader:
    """Every method raises StoreError. Moments are UTC; `since` belongs to a period, `until` does not."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sums(
        self, license_key: str, since: datetime, until: datetime, prices: PriceList, *, by: By = ""
    ) -> list[UsageSum]:
        """What a key (by its name in the store) used, as the rates of a price list tell it apart."""
        rows = await self._database.fetch(
            "sum_usage",
            license_key=license_key,
            by=by,
            **_period(since, until, prices),
            timeout=REPORT_SECONDS,
        )
        return _sums(rows)

    async def sums_of_all(self, since: datetime, until: datetime, prices: PriceList) -> list[UsageSum]:
        """What all keys used; the part of each sum is the key's name in the store."""
        rows = await self._database.fetch("sum_usage_of_all", **_period(since, until, prices), timeout=REPORT_SECONDS)
        return _sums(rows)

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
                yield _record(row)
            if len(rows) < page:
                return
            after, after_id = rows[-1]["at"], rows[-1]["record_id"]


def _period(since: datetime, until: datetime, prices: PriceList) -> dict[str, Any]:
    return {
        "since": since,
        "until": until,
        "digits": prices.longest_prefix,
        "changes": [_BEGINNING, *prices.changes_at],
    }


def _sums(rows: Iterable[Record]) -> list[UsageSum]:
    return [
        UsageSum(
            product=UsageProduct(row["product"]),
            direction=row["direction"],
            part=row["part"],
            number=row["prefix"],
            inside=row["inside"],
            units=row["units"],
            period=row["period"] - 1,
            records=row["records"],
        )
        for row in rows
        if row["records"]
    ]


def _record(row: Record) -> UsageRecord:
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
