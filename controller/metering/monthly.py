"""What is used by being there: each licence key and each DID once a month, written when the month first sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NoReturn

import structlog

from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import Snapshot
from controller.errors import StoreError
from controller.metering.store.records import write_usage
from controller.metering.usage import UsageProduct, UsageRecord
from controller.store.database import Database

log = structlog.get_logger()

EVERY_SECONDS = 600.0


def monthly_usage(snapshot: Snapshot, now: datetime) -> Iterator[UsageRecord]:
    """The records of the month that `now` (UTC) is in. The same key or number in the same month is the same record.

    A DID is used by the key that owns its calls, else by the one that owns its texts; one that changes hands is used by
    both. There is no share of a month.
    """
    month = f"{now:%Y-%m}"
    for key in snapshot.license_keys.values():
        yield UsageRecord(f"{UsageProduct.KEY}:{key.name}:{month}", key.name, UsageProduct.KEY, 1, now)
    for did in snapshot.dids.values():
        if (owner := did.voice or did.sms) is not None:
            record_id = f"{UsageProduct.DID}:{did.number}:{owner.name}:{month}"
            yield UsageRecord(record_id, owner.name, UsageProduct.DID, 1, now, did=did.number)


class MonthlyUsage:
    """Writes what each month begins with. now: gives the time in UTC."""

    def __init__(self, database: Database, directory: CurrentDirectory, now: Callable[[], datetime]) -> None:
        self._database = database
        self._directory = directory
        self._now = now
        self._written: set[str] = set()

    async def run(self) -> NoReturn:
        """Look again and again for what is new, until cancelled."""
        while True:
            try:
                await self.write()
            except StoreError as error:
                log.warning("the usage of the month is written later", reason=str(error))
            await asyncio.sleep(EVERY_SECONDS)

    async def write(self) -> None:
        """Write what this controller has not written yet; what another one has is there already. StoreError."""
        records = list(monthly_usage(self._directory.snapshot, self._now()))
        new = [record for record in records if record.record_id not in self._written]
        await write_usage(self._database, new)
        self._written = {record.record_id for record in records}
