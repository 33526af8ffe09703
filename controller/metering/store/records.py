"""Usage records are written, in the transaction of what they meter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from controller.metering.usage import UsageRecord
from controller.store.database import Database, Transaction
from controller.store.queries import columns
from controller.store.storable import storable


class UsageRow(NamedTuple):
    """A row of `usage_records`, as the query `write_usage` writes it. Named after the columns."""

    record_id: str
    license_key: str
    product: str
    direction: str
    did: str
    number: str
    country: str
    route: str
    units: int
    sign: int
    began_at: datetime | None
    at: datetime
    note: str

    @classmethod
    def of(cls, record: UsageRecord) -> UsageRow:
        """The row of a record."""
        return cls(
            record_id=storable(record.record_id),
            license_key=storable(record.license_key),
            product=record.product.value,
            direction=record.direction,
            did=storable(record.did),
            number=storable(record.number),
            country=record.country,
            route=storable(record.route),
            units=record.units,
            sign=record.sign,
            began_at=record.began_at,
            at=record.at,
            note=storable(record.note),
        )


async def write_usage(transaction: Transaction | Database, records: Sequence[UsageRecord]) -> None:
    """Write records; one that is there already stays as it is. StoreError."""
    if records:
        rows = [UsageRow.of(record) for record in records]
        await transaction.execute("write_usage", **columns(rows, UsageRow._fields))
