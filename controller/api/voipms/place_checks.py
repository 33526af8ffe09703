"""Whether an account has what a routing to a forwarding, a ring group, a mailbox and the like names."""

from __future__ import annotations

from controller.directory.entries import Entries
from controller.directory.granted_places import KIND_OF_ENTRY, MAILBOX
from controller.directory.snapshot import LicenseKey
from controller.ivr.model import Destination

_ENTRY_OF_KIND = {kind: name for name, kind in KIND_OF_ENTRY.items()}


class PlaceChecks:
    """What `RoutingChecks` asks about destinations that it does not know itself."""

    def __init__(self, entries: Entries) -> None:
        self._entries = entries

    def exists(self, key: LicenseKey, destination: Destination) -> bool | None:
        """Whether the account has it; None for a kind of another room, and for a number that is dialled."""
        kind = _ENTRY_OF_KIND.get(destination.kind)
        if kind is None or destination.is_number:
            return None
        if kind == MAILBOX:
            return any(entry.content["digits"] == destination.target for entry in self._entries.of(key.name, MAILBOX))
        return self._entries.get(key.name, kind, destination.target) is not None
