"""The assignment table in the store: imported once, used by every controller of the database."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, datetime
from typing import NoReturn

import structlog

from controller.errors import StateInvalid
from controller.line_types.assignments import Assignments, AssignmentTable
from controller.store.database import Database
from controller.store.following import follow
from controller.store.storable import storable

log = structlog.get_logger()

CHANNEL = "ringpost_line_assignments"
SAVE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class StoredTable:
    """What is told of the stored table, for people."""

    file: str
    as_of: date
    blocks: int
    imported_at: datetime


class AssignmentStore:
    """Saves and loads the table. Methods raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, table: AssignmentTable) -> None:
        """Replace the table; controllers are told."""
        data = await asyncio.to_thread(table.to_bytes)
        await self._database.execute(
            "save_line_assignments", storable(table.file), table.as_of, len(table), data, timeout=SAVE_SECONDS
        )

    async def load(self) -> AssignmentTable | None:
        """The table; None without one. StateInvalid when it cannot be read."""
        data = await self._database.fetchval("line_assignments", timeout=SAVE_SECONDS)
        return None if data is None else await asyncio.to_thread(AssignmentTable.from_bytes, data)

    async def stored(self) -> StoredTable | None:
        """What the table is, without its blocks; None without one."""
        row = await self._database.fetchrow("line_assignments_facts")
        return None if row is None else StoredTable(row["file"], row["as_of"], row["blocks"], row["imported_at"])

    async def remove(self) -> bool:
        """Remove the table; False when there was none."""
        return await self._database.fetchval("remove_line_assignments") is not None


class FollowedAssignments:
    """Keeps `assignments` as the store has them."""

    def __init__(self, database: Database, assignments: Assignments) -> None:
        self._database = database
        self._store = AssignmentStore(database)
        self._assignments = assignments

    async def load(self) -> None:
        """Take over what the store has now. StoreError."""
        try:
            self._assignments.table = await self._store.load() or AssignmentTable()
            log.info("assignment table loaded", blocks=len(self._assignments.table))
        except StateInvalid as error:
            log.error("the assignment table is not used", reason=str(error))

    async def run(self) -> NoReturn:
        """Load the table, and again whenever somebody imports one, until cancelled."""
        await follow(self._database, CHANNEL, self.load, "the assignment table")
