"""Entries: what customers make through their interfaces and lead calls to, such as IVRs, sequences and mailboxes.

Each has a number, which no other entry has, and a content in the interface's own terms. They are all in memory; a
change is stored, counts here at once, and every controller is told of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from controller.store.database import Database
from controller.store.following import follow

log = structlog.get_logger()

CHANNEL = "customer_entries"

Content = Mapping[str, Any]
"""What `json.dumps` takes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. license_key: the name of whose it is."""

    entry_id: int
    license_key: str
    kind: str
    content: Content = field(hash=False)

    @property
    def name(self) -> str:
        """What the customer calls it."""
        return str(self.content.get("name", ""))


EntriesByKind = Mapping[tuple[str, str], Mapping[int, Entry]]
"""Entries by the name of their key and their kind, then by their number."""


class Entries:
    """All entries of all keys. Keys are named as in the directory."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._entries: EntriesByKind = {}
        self._listeners: list[Callable[[EntriesByKind], None]] = []

    def on_change(self, listener: Callable[[EntriesByKind], None]) -> None:
        """Call `listener` with all entries whenever they were loaded."""
        self._listeners.append(listener)

    async def load(self) -> None:
        """Read all entries, and let them count. StoreError."""
        found: defaultdict[tuple[str, str], dict[int, Entry]] = defaultdict(dict)
        for row in await self._database.fetch("all_customer_entries"):
            entry = Entry(row["entry_id"], row["license_key"], row["kind"], row["content"])
            found[entry.license_key, entry.kind][entry.entry_id] = entry
        self._entries = dict(found)
        for listener in self._listeners:
            listener(self._entries)

    async def run(self) -> None:
        """Hear of what other controllers change, until cancelled."""
        await follow(self._database, CHANNEL, self.load, "customers' entries")

    def of(self, license_key: str, kind: str) -> list[Entry]:
        """The entries of a key of one kind, the oldest first."""
        return list(self._entries.get((license_key, kind), {}).values())

    def get(self, license_key: str, kind: str, entry_id: int | str) -> Entry | None:
        """An entry of a key, by its number; None when it has none of this number."""
        text = str(entry_id).strip()
        if not (text.isascii() and text.isdigit() and len(text) < 12):
            return None
        return self._entries.get((license_key, kind), {}).get(int(text))

    def named(self, license_key: str, kind: str, name: str) -> Entry | None:
        """The entry of a key that is called so, in any case."""
        wanted = name.strip().lower()
        return next((entry for entry in self.of(license_key, kind) if entry.name.strip().lower() == wanted), None)

    def __iter__(self) -> Iterator[Entry]:
        """All entries of all keys."""
        for entries in self._entries.values():
            yield from entries.values()

    async def add(self, license_key: str, kind: str, content: Content) -> int:
        """Keep a new entry; gives its number. StoreError."""
        entry_id: int = await self._database.fetchval("add_customer_entry", license_key, kind, dict(content))
        await self.load()
        return entry_id

    async def change(self, entry: Entry, content: Content) -> bool:
        """Replace what an entry holds; False when it is gone. StoreError."""
        changed = await self._database.fetchval(
            "change_customer_entry", entry.entry_id, entry.license_key, entry.kind, dict(content)
        )
        await self.load()
        return changed is not None

    async def remove(self, entry: Entry) -> bool:
        """Remove an entry; False when it is gone. StoreError."""
        removed = await self._database.fetchval("remove_customer_entry", entry.entry_id, entry.license_key, entry.kind)
        await self.load()
        return removed is not None
