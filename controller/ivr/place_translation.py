"""The commands of the places that routings name: forwardings, ring groups, queues, time conditions and the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from controller.errors import DestinationInvalid
from controller.ivr.menu import Leave
from controller.ivr.menu_announcements import ANNOUNCEMENTS, Announcements
from controller.ivr.model import Destination, DestinationKind
from controller.ivr.places import (
    Callback,
    Disa,
    Forwarding,
    Mailbox,
    Member,
    Place,
    Queue,
    RingGroup,
    TimeCondition,
)
from controller.ivr.routing_steps import (
    AskForCallBack,
    AskPin,
    BeginRounds,
    CheckTime,
    DialTyped,
    LeaveMessage,
    NextRound,
)
from controller.ivr.steps import Forward, HangUp, Onward
from controller.script.commands.command import Command
from controller.script.commands.flow import Label
from controller.script.commands.speech import ChangeVoiceID, PlaySound, Say

PIN_SECONDS = 8.0
PIN_TRIES = 3
MESSAGE_SILENCE_SECONDS = 10.0
LEAST_RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Ways:
    """Where a place can lead. label: the label of another place. place_of: what a destination names, or
    DestinationInvalid. onward: the failovers of who led here. prefix: what labels of its own begin with. compiled: the
    text of the program of a destination.
    """

    label: Callable[[Destination], str]
    place_of: Callable[[Destination], Place]
    onward: Onward
    prefix: str
    compiled: Callable[[Destination], str]


def place_commands(destination: Destination, place: Place, words: Announcements, ways: Ways) -> Iterator[Command]:
    """What happens at a place. DestinationInvalid when a member of a group is none that can ring."""
    match place:
        case Forwarding():
            yield replace(_call(destination, ways), onward=ways.onward)
            yield from _nobody(words)
        case RingGroup():
            yield from _group(place, words, ways)
        case Queue():
            yield from _queue(place, words, ways)
        case Callback():
            # The program of a callback is that of a DISA without a PIN: the call itself is the proof.
            yield AskForCallBack(place.number, place.caller_id, ways.compiled(destination), place.delay_seconds)
            yield HangUp("end-call")
        case TimeCondition():
            yield CheckTime(place.spans, place.zone, ways.label(place.match), ways.label(place.otherwise))
        case Mailbox():
            spoken = ANNOUNCEMENTS.get(place.language, words)
            yield ChangeVoiceID(str(spoken.voice))
            yield PlaySound(place.greeting) if place.greeting else Say(spoken.leave_message)
            yield LeaveMessage(destination.target, place.longest_seconds, MESSAGE_SILENCE_SECONDS)
            yield HangUp("end-call")
        case Disa():
            yield from _disa(place, words, ways.prefix)
        case _:
            raise DestinationInvalid(f"{destination} leads nowhere from here")


def callback_as_disa(callback: Callback) -> Disa:
    """What somebody who was called back may do."""
    return Disa("", callback.response_timeout, callback.digit_timeout, callback.caller_id)


def _nobody(words: Announcements) -> Iterator[Command]:
    yield Say(words.unreachable)
    yield HangUp("end-call")


def _otherwise(place: RingGroup | Queue, words: Announcements, ways: Ways) -> Iterator[Command]:
    """What follows when none of the members answered: the last one's failure leads to the failovers."""
    if place.otherwise is not None:
        yield Leave(ways.label(place.otherwise))
    else:
        yield from _nobody(words)


def _group(group: RingGroup, words: Announcements, ways: Ways) -> Iterator[Command]:
    yield from _calls(group, ways, onward=ways.onward if group.otherwise is None else Onward())
    yield from _otherwise(group, words, ways)


def _queue(queue: Queue, words: Announcements, ways: Ways) -> Iterator[Command]:
    label = f"{ways.prefix}round"
    yield BeginRounds()
    if queue.announcement:
        yield PlaySound(queue.announcement)
    yield Label(label)
    yield from _calls(queue, ways, music=queue.music, ring_seconds=queue.ring_seconds)
    yield NextRound(label, max(queue.retry_seconds, LEAST_RETRY_SECONDS), queue.longest_wait_seconds)
    if queue.otherwise is None and ways.onward.noanswer:
        yield Leave(ways.onward.noanswer)
    else:
        yield from _otherwise(queue, words, ways)


def _calls(
    place: RingGroup | Queue,
    ways: Ways,
    *,
    onward: Onward | None = None,
    music: str = "",
    ring_seconds: float | None = None,
) -> Iterator[Command]:
    """The calls to the members: one to all at once, or one after the other."""
    calls = [_member(member, ways) for member in place.members]
    if not calls:
        return
    if place.strategy == "all" and len(calls) > 1:
        longest = max(call.ring_seconds for call in calls)
        calls = [Forward(calls[0].target, ring_seconds=longest, others=tuple(call.target for call in calls[1:]))]
    calls = [replace(call, music=music, ring_seconds=ring_seconds or call.ring_seconds) for call in calls]
    if onward is not None:
        calls[-1] = replace(calls[-1], onward=onward)
    yield from calls


def _member(member: Member, ways: Ways) -> Forward:
    return replace(_call(member.place, ways), ring_seconds=member.ring_seconds)


def _call(destination: Destination, ways: Ways) -> Forward:
    """The call to a phone, a number, or the number of a forwarding. DestinationInvalid for any other place."""
    match destination.kind:
        case DestinationKind.PHONE:
            return Forward(f"sip:{destination.target}")
        case DestinationKind.DID:
            return Forward(destination.target)
        case DestinationKind.FORWARD if destination.is_number:
            return Forward(destination.target)
        case DestinationKind.FORWARD:
            place = ways.place_of(destination)
            assert isinstance(place, Forwarding)
            return Forward(
                place.number,
                caller_id=place.caller_id,
                ring_seconds=place.ring_seconds,
                digits=place.digits,
                digits_after=place.pause,
            )
        case _:
            raise DestinationInvalid(f"{destination} cannot ring")


def _disa(disa: Disa, words: Announcements, prefix: str) -> Iterator[Command]:
    dial = f"{prefix}dial"
    if disa.pin_digest:
        ask = f"{prefix}pin"
        yield BeginRounds()
        yield Label(ask)
        yield Say(words.enter_pin)
        yield AskPin(disa.pin_digest, PIN_SECONDS, dial, ask, PIN_TRIES)
        yield HangUp("end-call")
        yield Label(dial)
    yield Say(words.enter_number)
    yield DialTyped(disa.response_timeout, disa.digit_timeout, disa.caller_id)
    yield Say(words.unreachable)
    yield HangUp("end-call")
