"""Look-ups of line types: each that another service answered is one transaction of the key that it was made for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from controller.metering.metrics import UsageMetrics
from controller.metering.store.records import write_usage
from controller.metering.usage import UsageProduct, UsageRecord, country_of
from controller.store.database import Database


class LookUpUsage:
    """Writes what look-ups use. now: gives the time in UTC."""

    def __init__(self, database: Database, metrics: UsageMetrics, now: Callable[[], datetime]) -> None:
        self._database = database
        self._metrics = metrics
        self._now = now

    async def write(self, number: str, license_key: str) -> None:
        """A number (E.164) was looked up for a key, by its name; empty is the operator, who uses nothing.

        StoreError.
        """
        if not license_key:
            return
        record = UsageRecord(
            f"{UsageProduct.LOOKUP}:{uuid4()}",
            license_key,
            UsageProduct.LOOKUP,
            1,
            self._now(),
            number=number,
            country=country_of(number),
        )
        await write_usage(self._database, [record])
        self._metrics.count([record])
