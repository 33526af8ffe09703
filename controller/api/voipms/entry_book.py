"""The entries of an account, as methods find, keep and delete them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from controller.api.bindings.refusal import Refused
from controller.api.voipms.did_checks import required
from controller.directory.entries import Entries, Entry
from controller.directory.snapshot import LicenseKey

MOST_ENTRIES = 2000


class EntryBook:
    """Entries of one kind. noun: what the vendor's statuses call one, as in `invalid_forwarding`."""

    def __init__(self, entries: Entries, kind: str, noun: str) -> None:
        self._entries = entries
        self._kind = kind
        self._noun = noun

    def all(self, key: LicenseKey) -> list[Entry]:
        """The account's entries, the oldest first."""
        return self._entries.of(key.name, self._kind)

    def listed(self, key: LicenseKey, number: str) -> list[Entry]:
        """All entries, or the one of a number. Refused (`no_…`) when there is none, `invalid_…` for a wrong number."""
        found = [self.one(key, number)] if number.strip() else self.all(key)
        if not found:
            raise Refused(f"no_{self._noun}")
        return found

    def one(self, key: LicenseKey, number: str) -> Entry:
        """The entry of a number. Refused."""
        entry = self._entries.get(key.name, self._kind, required(number, f"missing_{self._noun}"))
        if entry is None:
            raise Refused(f"invalid_{self._noun}")
        return entry

    def maybe(self, key: LicenseKey, number: str) -> Entry | None:
        """The entry that is to be changed; None where no number is given, for a new one. Refused."""
        return self.one(key, number) if number.strip() else None

    def named(self, key: LicenseKey, name: str, entry: Entry | None) -> str:
        """A name that no other entry has. Refused (`used_name`)."""
        same = self._entries.named(key.name, self._kind, name)
        if same is not None and (entry is None or same.entry_id != entry.entry_id):
            raise Refused("used_name")
        return name

    async def save(self, key: LicenseKey, entry: Entry | None, content: Mapping[str, Any]) -> int:
        """Keep a new entry, or change one; gives its number. Refused when it is gone, or there are too many."""
        if entry is None:
            if len(self.all(key)) >= MOST_ENTRIES:
                raise Refused("limit_reached", f"There are {MOST_ENTRIES} entries of this kind already.")
            return await self._entries.add(key.name, self._kind, content)
        if not await self._entries.change(entry, content):
            raise Refused(f"invalid_{self._noun}")
        return entry.entry_id

    async def delete(self, key: LicenseKey, number: str) -> None:
        """Delete an entry. What still leads there tells callers that there is no service. Refused."""
        if not await self._entries.remove(self.one(key, number)):
            raise Refused(f"invalid_{self._noun}")
