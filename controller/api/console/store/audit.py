"""The audit log: who changed what in the console, when, from where, and what it was before and after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from controller.api.console.store.people import Person
from controller.api.json_api.audit import ProgramChange
from controller.store.database import Database
from controller.store.storable import storable

LONGEST_VALUE = 20_000
# The role of a program, in place of a person's.
PROGRAM = "program"
PAGE = 100


@dataclass(frozen=True, slots=True)
class Change:
    """One change. action: a verb, such as "replay a post-back"; subject: of what; license_key: whose data it was."""

    action: str
    subject: str
    before: str = ""
    after: str = ""
    license_key: str | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A change as it was stored."""

    entry_id: int
    at: datetime
    person: str
    role: str
    license_key: str | None
    address: str
    action: str
    subject: str
    before: str
    after: str


class AuditLog:
    """Written before the change is made where that is possible: a change without an entry cannot be. StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, person: Person, address: str, change: Change) -> None:
        """Somebody makes a change."""
        await self._database.execute(
            "add_console_audit",
            person=person.name,
            role=person.role.value,
            license_key=change.license_key,
            address=address,
            action=change.action,
            subject=storable(change.subject)[:LONGEST_VALUE],
            before=storable(change.before)[:LONGEST_VALUE],
            after=storable(change.after)[:LONGEST_VALUE],
        )

    async def add_of_program(self, change: ProgramChange) -> None:
        """A program makes a change, with a token."""
        await self._database.execute(
            "add_console_audit",
            person=storable(change.token),
            role=PROGRAM,
            license_key=change.license_key,
            address=change.address,
            action=change.action,
            subject=storable(change.subject)[:LONGEST_VALUE],
            before="",
            after=storable(change.after)[:LONGEST_VALUE],
        )

    async def page(self, before_entry: int | None = None) -> list[AuditEntry]:
        """The newest entries, or those before an entry."""
        rows = await self._database.fetch("console_audit", before_entry=before_entry, limit=PAGE)
        return [AuditEntry(**row) for row in rows]
