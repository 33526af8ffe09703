"""Places as values: what a call comes to by a routing, besides IVRs and sequences.

Each kind is one that VoIP.ms names in a routing value. What its pages leave open (how long a phone rings, what a caller
hears) is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, cast

from pydantic import TypeAdapter, ValidationError

from controller.errors import StateInvalid
from controller.ivr.caller_filters import CallerFilter
from controller.ivr.model import HANG_UP, NO_FAILOVERS, Destination, DestinationKind, Failovers
from controller.ivr.time_spans import Span

RING_SECONDS = 30.0
LONGEST_RING_SECONDS = 120.0
LONGEST_MESSAGE_SECONDS = 300.0

Strategy = Literal["all", "order"]


@dataclass(frozen=True, slots=True)
class NumberRouting:
    """What becomes of the calls to a number: the caller's filter decides, else the routing of the number itself."""

    routing: Destination
    failovers: Failovers = NO_FAILOVERS
    filters: tuple[CallerFilter, ...] = ()


@dataclass(frozen=True, slots=True)
class Forwarding:
    """A call is passed on to `number` (E.164).

    caller_id: the number that is shown there (E.164); empty: the caller's. digits: sent to who answers (0-9, A-D, `*`,
    `#`, `w`), after `pause` seconds. ring_seconds: how long it rings there.
    """

    number: str
    caller_id: str = ""
    digits: str = ""
    pause: float = 0.0
    ring_seconds: float = RING_SECONDS


@dataclass(frozen=True, slots=True)
class Member:
    """One of those whom a ring group or a queue calls. ring_seconds: how long it rings there."""

    place: Destination
    ring_seconds: float = RING_SECONDS


@dataclass(frozen=True, slots=True)
class RingGroup:
    """Several phones ring: `all` at once, or one after the other in their `order`.

    otherwise: where the call goes on when nobody answered; None: to the failovers of who led here.
    """

    members: tuple[Member, ...]
    strategy: Strategy = "all"
    otherwise: Destination | None = None


@dataclass(frozen=True, slots=True)
class Queue:
    """Callers wait until one of the members answers; all of them are called again and again.

    music: the id of a sound that is heard meanwhile; empty: the ringing tone. announcement: the id of a sound that is
    played first. ring_seconds: how long a round rings. retry_seconds: from one round to the next. longest_wait_seconds:
    how long a caller waits before the call goes on at `otherwise` (None: to the failovers of who led here).
    """

    members: tuple[Member, ...]
    strategy: Strategy = "all"
    music: str = ""
    announcement: str = ""
    ring_seconds: float = 15.0
    retry_seconds: float = 5.0
    longest_wait_seconds: float = 300.0
    otherwise: Destination | None = None


@dataclass(frozen=True, slots=True)
class Callback:
    """Who calls is told nothing and hung up on; `number` (E.164) is called, and may then call on from there.

    delay_seconds: from the hang-up to the call. response_timeout: how many seconds the first digit is awaited.
    digit_timeout: how many seconds each further one. caller_id: the number that is shown (E.164); empty: that of ours
    which was called.
    """

    number: str
    delay_seconds: float = 5.0
    response_timeout: float = 10.0
    digit_timeout: float = 5.0
    caller_id: str = ""


@dataclass(frozen=True, slots=True)
class TimeCondition:
    """Two ways, by the time in a zone (its name in the tz database). Within any of the spans a call goes to `match`."""

    spans: tuple[Span, ...]
    match: Destination
    otherwise: Destination = HANG_UP
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Callers leave a message.

    greeting: the id of the sound that they hear; empty: a spoken text. longest_seconds: of a message. language: of what
    is spoken.
    """

    greeting: str = ""
    longest_seconds: float = LONGEST_MESSAGE_SECONDS
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Disa:
    """Direct inward system access (DISA): who knows the PIN calls on from here, at the cost of the licence key.

    pin_digest: see `controller.ivr.pins`; empty where the call itself is the proof, as in a callback. caller_id: the
    number that is shown (E.164); empty: that of ours which was called. Only destinations of the licence key are open.
    """

    pin_digest: str = field(repr=False)
    response_timeout: float = 10.0
    digit_timeout: float = 5.0
    caller_id: str = ""


Place = NumberRouting | Forwarding | RingGroup | Queue | Callback | TimeCondition | Mailbox | Disa

KINDS: Mapping[DestinationKind, type[Place]] = {
    DestinationKind.DID: NumberRouting,
    DestinationKind.FORWARD: Forwarding,
    DestinationKind.GROUP: RingGroup,
    DestinationKind.QUEUE: Queue,
    DestinationKind.CALLBACK: Callback,
    DestinationKind.TIME: TimeCondition,
    DestinationKind.MAILBOX: Mailbox,
    DestinationKind.DISA: Disa,
}


def destinations_of(place: Place) -> tuple[Destination, ...]:
    """Every place where a call can go on from this one."""
    match place:
        case NumberRouting():
            filtered = (end for each in place.filters for end in (each.routing, *each.failovers))
            return (place.routing, *place.failovers, *filtered)
        case RingGroup() | Queue():
            members = tuple(member.place for member in place.members)
            return members if place.otherwise is None else (*members, place.otherwise)
        case TimeCondition():
            return place.match, place.otherwise
        case _:
            return ()


def numbers_of(place: Place) -> tuple[str, ...]:
    """Every number (E.164) that is called from this place itself, whatever the caller does."""
    return (place.number,) if isinstance(place, Forwarding | Callback) else ()


def sounds_of(place: Place) -> tuple[str, ...]:
    """The ids of the sounds that are played here."""
    match place:
        case Queue():
            return tuple(sound for sound in (place.announcement, place.music) if sound)
        case Mailbox():
            return (place.greeting,) if place.greeting else ()
        case _:
            return ()


@lru_cache
def _adapter(kind: DestinationKind) -> TypeAdapter[Place]:
    return TypeAdapter(KINDS[kind])


def place_as_data(kind: DestinationKind, place: Place) -> dict[str, Any]:
    """A place as a value that `json.dumps` takes."""
    return cast("dict[str, Any]", _adapter(kind).dump_python(place, mode="json"))


def place_of_data(kind: DestinationKind, data: object) -> Place:
    """What `place_as_data` gave. StateInvalid."""
    try:
        return _adapter(kind).validate_python(data)
    except ValidationError as error:
        raise StateInvalid(f"What is stored of this {kind}: cannot be read.") from error
