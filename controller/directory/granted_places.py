"""What customers made for their calls besides IVRs and sequences, as places: forwardings, ring groups, mailboxes …

An entry is called by its number, a mailbox by the digits that its customer chose. The fields of an entry's content have
the vendor's names; whoever writes them has checked them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog

from controller.directory.entries import EntriesByKind, Entry
from controller.directory.routing import Routing
from controller.errors import RoutingInvalid
from controller.ivr.caller_filters import CallerFilter
from controller.ivr.model import HANG_UP, Destination, DestinationKind, Failovers
from controller.ivr.places import (
    RING_SECONDS,
    Callback,
    Disa,
    Forwarding,
    Mailbox,
    Member,
    Place,
    Queue,
    RingGroup,
    Strategy,
    TimeCondition,
)
from controller.ivr.time_spans import Span

log = structlog.get_logger()

FORWARDING, GROUP, QUEUE, CALLBACK = "forwarding", "ring_group", "queue", "callback"
TIME_CONDITION, CALLER_FILTER, MAILBOX, DISA = "time_condition", "caller_filter", "mailbox", "disa"
CONTACT, CONTACT_GROUP, QUEUE_MEMBER = "contact", "contact_group", "queue_member"
KIND_OF_ENTRY: Mapping[str, DestinationKind] = {
    FORWARDING: DestinationKind.FORWARD,
    GROUP: DestinationKind.GROUP,
    QUEUE: DestinationKind.QUEUE,
    CALLBACK: DestinationKind.CALLBACK,
    TIME_CONDITION: DestinationKind.TIME,
    MAILBOX: DestinationKind.MAILBOX,
    DISA: DestinationKind.DISA,
}
ALL_NUMBERS = "all"
WHOLE_PHONEBOOK = "p"

Where = Callable[[str], Destination | None]
"""Where a stored routing leads; None for nowhere."""


def name_of(entry: Entry) -> str:
    """What routings call an entry: its number, or the digits of a mailbox."""
    return str(entry.content["digits"] if entry.kind == MAILBOX else entry.entry_id)


def destinations_of_key(entries: EntriesByKind, license_key: str) -> set[Destination]:
    """Every place of these kinds that a customer has."""
    return {
        Destination(kind, name_of(entry))
        for name, kind in KIND_OF_ENTRY.items()
        for entry in entries.get((license_key, name), {}).values()
    }


def places_of(
    entries: EntriesByKind, license_key: str, where: Where, sounds: Mapping[str, str], zone: str
) -> dict[Destination, Place]:
    """The places of a customer. sounds: the sound ids by the numbers of recordings. zone: of its time conditions."""
    reader = _Reader(entries, license_key, where, sounds, zone)
    found: dict[Destination, Place] = {}
    for name, kind in KIND_OF_ENTRY.items():
        for entry in entries.get((license_key, name), {}).values():
            try:
                found[Destination(kind, name_of(entry))] = reader.place(entry)
            except (KeyError, ValueError, TypeError, AttributeError):
                # Another release may have written it.
                log.warning("an entry cannot be read", kind=entry.kind, entry=entry.entry_id, license_key=license_key)
    return found


def failovers_of(content: Mapping[str, Any], where: Where) -> Failovers:
    """The failovers among an entry's fields."""
    busy, unreachable, noanswer = (
        where(content.get(f"failover_{name}") or "none:") for name in ("busy", "unreachable", "noanswer")
    )
    return Failovers(busy, unreachable, noanswer)


def filters_of(entries: EntriesByKind, license_key: str, where: Where) -> list[tuple[str, CallerFilter]]:
    """The caller-ID filters of a customer in the order in which they were made, each with the number (E.164) that it is
    about, or `all`.
    """
    found = []
    for entry in entries.get((license_key, CALLER_FILTER), {}).values():
        content = entry.content
        callers = callers_of(str(content["callerid"]), entries, license_key)
        routing = where(content["routing"]) or HANG_UP
        found.append((str(content["did"]), CallerFilter(callers, routing, failovers_of(content, where))))
    return found


def callers_of(written: str, entries: EntriesByKind, license_key: str) -> tuple[str, ...]:
    """The patterns of a filter; `p` is everybody in the phonebook, `p:GROUP` those of a group."""
    head, _, group = written.partition(":")
    if head != WHOLE_PHONEBOOK:
        return (written,)
    contacts = list(entries.get((license_key, CONTACT), {}).values())
    if group:
        contacts = [contact for contact in contacts if str(contact.content.get("group", "")) == group]
    return tuple(str(contact.content["number"]) for contact in contacts)


class _Reader:
    def __init__(
        self, entries: EntriesByKind, license_key: str, where: Where, sounds: Mapping[str, str], zone: str
    ) -> None:
        self._entries = entries
        self._license_key = license_key
        self._where = where
        self._sounds = sounds
        self._zone = zone

    def place(self, entry: Entry) -> Place:
        content = entry.content
        match entry.kind:
            case "forwarding":
                return Forwarding(
                    content["phone_number"],
                    content.get("callerid_override") or "",
                    content.get("dtmf_digits") or "",
                    float(content.get("pause") or 0),
                )
            case "ring_group":
                strategy: Strategy = "order" if content.get("ring_strategy") == "order" else "all"
                otherwise = content.get("voicemail") or ""
                return RingGroup(
                    self._members(content["members"]),
                    strategy,
                    self._where(f"vm:{otherwise}") if otherwise else None,
                )
            case "queue":
                return self._queue(entry)
            case "callback":
                return Callback(
                    content["number"],
                    float(content["delay_before"]),
                    float(content["response_timeout"]),
                    float(content["digit_timeout"]),
                    content.get("callerid_number") or "",
                )
            case "time_condition":
                return TimeCondition(
                    tuple(Span(*span) for span in content["spans"]),
                    self._where(content["routing_match"]) or HANG_UP,
                    self._where(content["routing_nomatch"]) or HANG_UP,
                    self._zone,
                )
            case "mailbox":
                greeting = self._sounds.get(str(content.get("greeting") or ""), "")
                return Mailbox(greeting, language=str(content.get("language") or "en"))
            case _:
                return Disa(
                    content["pin_digest"],
                    digit_timeout=float(content["digit_timeout"]),
                    caller_id=content.get("callerid_override") or "",
                )

    def _members(self, members: Iterable[tuple[str, float]]) -> tuple[Member, ...]:
        found = ((self._where(routing), float(seconds)) for routing, seconds in members)
        kinds = (DestinationKind.PHONE, DestinationKind.FORWARD, DestinationKind.DID)
        return tuple(Member(place, seconds) for place, seconds in found if place is not None and place.kind in kinds)

    def _queue(self, entry: Entry) -> Queue:
        content = entry.content
        members = [
            (member.content["routing"], RING_SECONDS)
            for member in self._entries.get((self._license_key, QUEUE_MEMBER), {}).values()
            if str(member.content["queue"]) == str(entry.entry_id)
        ]
        return Queue(
            self._members(members),
            "all" if content.get("ring_strategy") == "ringall" else "order",
            music=self._sounds.get(str(content.get("music_on_hold") or ""), ""),
            announcement=self._sounds.get(str(content.get("join_announcement") or ""), ""),
            ring_seconds=float(content["agent_ring_timeout"]),
            retry_seconds=float(content["retry_timer"]),
            longest_wait_seconds=float(content["wait_seconds"]),
            otherwise=self._where(content.get("fail_over_routing_timeout") or "none:"),
        )


def destination_of(routing: str) -> Destination | None:
    """Where a stored routing leads; None for nowhere."""
    try:
        return Routing.parse(routing, "failover").destination()
    except RoutingInvalid:
        return None
