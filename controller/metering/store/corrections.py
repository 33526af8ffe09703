"""Corrections: a record is never changed; a further record takes it back, and another one states it anew."""

from __future__ import annotations

from dataclasses import replace

from controller.metering.store.records import write_usage
from controller.metering.store.usage_reader import record_of
from controller.metering.usage import UsageRecord
from controller.store.database import Database


async def correct_usage(database: Database, record_id: str, units: int | None, note: str) -> UsageRecord | None:
    """Take a record back and state it anew with so many units, or not at all (None). Gives what counted before.

    record_id: that of the record as it was first written. Both new records count at the same moment as that one. None
    when there is no such record, or it was taken back already. StoreError.
    """
    async with database.transaction() as transaction:
        await transaction.execute("lock_usage", record_id)
        rows = await transaction.fetch("usage_with_corrections", record_id=record_id)
        records = [record_of(row) for row in rows]
        if not records or records[-1].sign < 0:
            return None
        counted = records[-1]
        place = len([each for each in records if each.sign < 0]) + 1
        taken_back = replace(counted, record_id=f"{record_id}~{place}-", sign=-1, note=note)
        stated = [] if units is None else [replace(counted, record_id=f"{record_id}~{place}=", units=units, note=note)]
        await write_usage(transaction, [taken_back, *stated])
    return counted
