"""Routings that programs set: whether they are written well, and lead to something that is there."""

from __future__ import annotations

from collections.abc import Callable

from controller.api.bindings.refusal import Refused
from controller.directory.current import CurrentDirectory
from controller.directory.entries import Entries
from controller.directory.granted_menus import IVR, RECORDING, SEQUENCE
from controller.directory.routing import Routing, Use
from controller.directory.snapshot import LicenseKey
from controller.errors import RoutingInvalid
from controller.ivr.model import Destination, DestinationKind
from controller.numbers import try_number

Exists = Callable[[LicenseKey, Destination], bool | None]
"""Whether a customer has what a destination names; None for a kind that this does not know."""


class RoutingChecks:
    """Holds routings against what a customer has. others: what knows further kinds of destination."""

    def __init__(self, directory: CurrentDirectory, entries: Entries, *others: Exists) -> None:
        self._directory = directory
        self._entries = entries
        self._others = others

    def routing(self, key: LicenseKey, text: str, number: str = "") -> str:
        """A routing as it is stored. number (E.164): of what is routed; it cannot be forwarded to itself. Refused."""
        return self._checked(key, text, "routing", number)

    def failover(self, key: LicenseKey, text: str, number: str = "") -> str:
        """A failover as it is stored; `none:` for an empty one. Refused."""
        return self._checked(key, text, "failover", number)

    def choice(self, key: LicenseKey, text: str) -> str:
        """Where a choice of an IVR leads; sequences are among it. Refused."""
        return self._checked(key, text, "routing", "", within_ivr=True)

    def _checked(self, key: LicenseKey, text: str, use: Use, number: str, *, within_ivr: bool = False) -> str:
        try:
            routing = Routing.parse(text, use)
            destination = routing.destination()
        except RoutingInvalid as error:
            raise Refused(error.status, str(error)) from None
        if destination is None:
            return str(routing)
        if destination.kind is DestinationKind.SEQUENCE and not within_ivr:
            raise Refused("invalid_route", "A sequence is reached by a choice of an IVR, not by a number.")
        if destination.kind in (DestinationKind.FORWARD, DestinationKind.DID) and self._same(destination, number):
            raise Refused("invalid_forwarding_did")
        if not self._exists(key, destination):
            raise Refused("invalid_route", f"This account has nothing that {routing} leads to.")
        return str(routing)

    @staticmethod
    def _same(destination: Destination, number: str) -> bool:
        return bool(number) and try_number(destination.target) == number

    def _exists(self, key: LicenseKey, destination: Destination) -> bool:
        snapshot = self._directory.snapshot
        for other in self._others:
            known = other(key, destination)
            if known is not None:
                return known
        match destination.kind:
            case DestinationKind.SYSTEM:
                return True
            case DestinationKind.IVR | DestinationKind.SEQUENCE | DestinationKind.RECORDING:
                kind = {DestinationKind.IVR: IVR, DestinationKind.SEQUENCE: SEQUENCE}.get(destination.kind, RECORDING)
                return self._entries.get(key.name, kind, destination.target) is not None
            case DestinationKind.PHONE:
                return snapshot.phone_of(key.name, destination.target) is not None
            case DestinationKind.DID:
                did = snapshot.did(destination.target)
                return did is not None and key.name in did.owners
            case DestinationKind.FORWARD:
                return destination.is_number and snapshot.destinations(key.name).refusal(destination.target) is None
            case _:
                return False
