"""Routing values of VoIP.ms: what customers' programs write and read, and the destinations that they stand for.

A value is `header:record`, split at the first colon, for a record may hold more of them (a SIP URI). What a program
wrote is what it reads again: the header keeps its spelling of several that mean the same here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from controller.errors import DestinationInvalid, RoutingInvalid
from controller.ivr.model import SYSTEM_DESTINATIONS, Destination, DestinationKind, Failovers
from controller.numbers import national_digits, try_number

LONGEST_RECORD = 200
NONE = "none"
# Headers of the vendor's pages and of clients, and the kind of destination that each stands for. Sub-accounts and SIP
# URIs are phones here; no page says how a choice of an IVR names a sequence, so three spellings are read.
HEADERS: dict[str, DestinationKind] = {
    "account": DestinationKind.PHONE,
    "sip": DestinationKind.PHONE,
    "phone": DestinationKind.PHONE,
    "fwd": DestinationKind.FORWARD,
    "vm": DestinationKind.MAILBOX,
    "grp": DestinationKind.GROUP,
    "ivr": DestinationKind.IVR,
    "sys": DestinationKind.SYSTEM,
    "recording": DestinationKind.RECORDING,
    "queue": DestinationKind.QUEUE,
    "cb": DestinationKind.CALLBACK,
    "tc": DestinationKind.TIME,
    "disa": DestinationKind.DISA,
    "did": DestinationKind.DID,
    "seq": DestinationKind.SEQUENCE,
    "sequence": DestinationKind.SEQUENCE,
    "sequences": DestinationKind.SEQUENCE,
}
# How a destination is written that the YAML states. Scripts and conferences have no header with the vendor.
_WRITTEN = {
    DestinationKind.PHONE: "account",
    DestinationKind.SEQUENCE: "seq",
    DestinationKind.SCRIPT: "script",
    DestinationKind.CONFERENCE: "conference",
}

Use = Literal["routing", "failover"]


@dataclass(frozen=True, slots=True)
class Routing:
    """A routing value: `header`, lower case, and `record` as the program wrote it. `none:` has an empty record."""

    header: str
    record: str

    def __str__(self) -> str:
        return f"{self.header}:{self.record}"

    @classmethod
    def parse(cls, text: str, use: Use = "routing") -> Routing:
        """Read a value. RoutingInvalid with the vendor's status: missing_routing, invalid_routing_header,
        invalid_failover_header, invalid_route.

        use: an absent or empty failover is `none:`; an empty routing is missing.
        """
        written = text.strip()
        if not written:
            if use == "failover":
                return NOWHERE
            raise RoutingInvalid("missing_routing", "Routing is missing.")
        header, colon, record = written.partition(":")
        header, record = header.strip().lower(), record.strip()
        if header == NONE:
            return NOWHERE
        if not colon or header not in HEADERS:
            known = ", ".join(f"{each}:" for each in HEADERS)
            raise RoutingInvalid(f"invalid_{use}_header", f"This is no {use} header; there are {known} and none:.")
        if len(record) > LONGEST_RECORD or any(not character.isprintable() for character in record):
            raise RoutingInvalid("invalid_route", "This record is too long, or no text.")
        value = cls(header, record)
        value.destination()
        return value

    @classmethod
    def of(cls, destination: Destination | None) -> Routing:
        """How a destination is written."""
        if destination is None:
            return NOWHERE
        record = destination.target
        if destination.kind is DestinationKind.DID or destination.is_number:
            record = national_digits(record)
        return cls(_WRITTEN.get(destination.kind, destination.kind.value), record)

    def destination(self) -> Destination | None:
        """Where it leads; None for `none:`. RoutingInvalid (invalid_route) for a record that leads nowhere."""
        if self.header == NONE:
            return None
        kind = HEADERS.get(self.header)
        if kind is None:
            raise RoutingInvalid("invalid_route", f"{self.header}: leads nowhere here.")
        record = self.record
        if kind is DestinationKind.SYSTEM and record.lower() not in SYSTEM_DESTINATIONS:
            known = ", ".join(SYSTEM_DESTINATIONS)
            raise RoutingInvalid("invalid_route", f"sys: is followed by one of {known}.")
        if kind is DestinationKind.DID and try_number(record) is None:
            raise RoutingInvalid("invalid_route", "did: is followed by a phone number.")
        try:
            return Destination.parse(f"{kind}:{record}")
        except DestinationInvalid as error:
            raise RoutingInvalid("invalid_route", f"{self.header}: {error}.") from None


NOWHERE = Routing(NONE, "")


@dataclass(frozen=True, slots=True)
class NumberRoutings:
    """The four routing values of a number or of a caller-ID filter, as a program wrote them."""

    routing: Routing
    busy: Routing = NOWHERE
    unreachable: Routing = NOWHERE
    noanswer: Routing = NOWHERE

    @classmethod
    def parse(cls, routing: str, *, busy: str = "", unreachable: str = "", noanswer: str = "") -> NumberRoutings:
        """Read all four. RoutingInvalid."""
        return cls(
            Routing.parse(routing),
            Routing.parse(busy, "failover"),
            Routing.parse(unreachable, "failover"),
            Routing.parse(noanswer, "failover"),
        )

    def failovers(self) -> Failovers:
        """Where a call goes on when nobody was reached."""
        return Failovers(self.busy.destination(), self.unreachable.destination(), self.noanswer.destination())
