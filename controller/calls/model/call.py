"""A call as Ringpost knows it: who called whom, where it stands, and what is kept of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from controller.calls.model.response_codes import INCOMING_ENDS, OUTGOING_ENDS, ResponseCode, TransferState
from controller.calls.model.states import CLAIM, PERMITTED, CallState, TransitionForbidden

Direction = Literal["incoming", "outgoing"]

# The number of a caller who wants it withheld, whatever the network has told of it.
WITHHELD_CALLER = "anonymous"
# A script may loop, but not for ever: after so long the call is ended whatever it does.
LONGEST_CALL_SECONDS = 3600.0
_OURS = "ringpost-"
_TRY = re.compile(r"ringpost-\d+-try-\d+")
_EAR = re.compile(r"ringpost-(\d+)-ear-(?:snoop|media)")
_LEG = re.compile(r"ringpost-(\d+)-transfer")
_TAPE = re.compile(r"ringpost-(\d+)-tape-[a-z0-9]+")
# What is made so that an operator can listen in to a call.
SPY_LEG, SPY_SNOOP, SPY_BRIDGE = "leg", "snoop", "bridge"
_SPY = re.compile(rf"ringpost-\d+-spy-(?:{SPY_LEG}|{SPY_SNOOP})")


# The far half of a leg that leads to a DID of ours: an incoming call, whose channel tells whose transfer it is.
INSIDE = "inside"
_INSIDE = re.compile(rf"ringpost-(\d+)-{INSIDE}")


def transferring_call(channel_id: str) -> int | None:
    """The QueueID of the call whose transfer to a DID of ours this channel came in by; None for any other channel."""
    match = _INSIDE.fullmatch(channel_id)
    return int(match.group(1)) if match else None


def channel_of_try(queue_id: int, number: int) -> str:
    """The channel of a try to reach somebody: known before it is made, so that whoever finds it knows whose it is."""
    return f"ringpost-{queue_id}-try-{number}"


def is_ours(channel_id: str) -> bool:
    """Whether we made this channel: that of a try, or the leg of a transfer."""
    return channel_id.startswith(_OURS)


def is_try(channel_id: str) -> bool:
    """Whether this is the channel of a try to reach somebody."""
    return _TRY.fullmatch(channel_id) is not None


def listened_call(channel_id: str) -> int | None:
    """The QueueID of the call that this channel of ours listens to; None for any other channel."""
    match = _EAR.fullmatch(channel_id)
    return int(match.group(1)) if match else None


def spy_id(queue_id: int, kind: str) -> str:
    """The id of what is made for somebody who listens in to a call."""
    return f"ringpost-{queue_id}-spy-{kind}"


def is_spy(channel_id: str) -> bool:
    """Whether this channel was made for somebody who listens in: it means nothing to a controller that did not."""
    return _SPY.fullmatch(channel_id) is not None


def leg_id(queue_id: int) -> str:
    """The channel of the other party of a call's transfer; the next transfer of the call has the same."""
    return f"ringpost-{queue_id}-transfer"


def transfer_of(channel_id: str) -> int | None:
    """The QueueID of the call whose transfer has this channel as its leg; None for any other channel."""
    match = _LEG.fullmatch(channel_id)
    return int(match.group(1)) if match else None


def tape_id(queue_id: int, what: str) -> str:
    """The id of the channel that is recorded so that a call is. what: letters and digits."""
    return f"ringpost-{queue_id}-tape-{what}"


def recorded_call(channel_id: str) -> int | None:
    """The QueueID of the call that this channel of ours is recorded for; None for any other channel."""
    match = _TAPE.fullmatch(channel_id)
    return int(match.group(1)) if match else None


def is_leg(channel_id: str) -> bool:
    """Whether this is the leg of a transfer: it was called for somebody, and means nothing without that call."""
    return _LEG.fullmatch(channel_id) is not None


@dataclass(frozen=True, slots=True)
class AnsweredLeg:
    """The other party of a transfer, since the answer. place: which answered transfer of the call it is, from 1.

    number: whom it leads to, E.164 where it is a phone number. route: its trunk, empty for a number or a phone of ours.
    """

    place: int
    number: str
    route: str
    answered_at: datetime


@dataclass(slots=True)
class Call:
    """One call. Its state changes only through the methods below “Transitions”; what `PERMITTED` does not allow raises
    TransitionForbidden and changes nothing.

    our_number: E.164: the one that was called; of an outgoing call the one that is shown, or empty. their_number: the
    other party's, E.164, or as the network gave it. route: the trunk that it goes through, empty for a phone of
    ours or an unknown one. Times are UTC. sequence: the number of post-backs made so far; trace_number: the number of
    trace lines so far. longest_seconds: how long it may last from the answer. status_post_url: where
    changes are posted, empty for nowhere: the URL of the script, else of the DID, the order or the key. transfer: how
    the last transfer stands. leg: the other party of the transfer that stands now; legs: answered transfers so far.

    Of an outgoing call: tries, begun so far; due_at, when the next is due, None while none waits; dialled_at, when the
    last one began. Its channel_id is that of the last try.
    """

    queue_id: int
    direction: Direction
    license_key: str
    our_number: str
    their_number: str
    channel_id: str
    program: str
    started_at: datetime
    state: CallState = CallState.RINGING
    status_post_url: str = ""
    response_code: ResponseCode = ResponseCode.INCOMING_CALL
    sequence: int = 0
    trace_number: int = 0
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str = ""
    transfer: TransferState = ""
    route: str = ""
    tries: int = 0
    due_at: datetime | None = None
    dialled_at: datetime | None = None
    longest_seconds: float = LONGEST_CALL_SECONDS
    legs: int = 0
    leg: AnsweredLeg | None = None

    @classmethod
    def incoming(
        cls,
        queue_id: int,
        *,
        license_key: str,
        our_number: str,
        their_number: str,
        channel_id: str,
        program: str,
        at: datetime,
        status_post_url: str,
        route: str,
    ) -> Call:
        """A call that rings here now. program: the content hash of what it runs."""
        return cls(
            queue_id=queue_id,
            direction="incoming",
            license_key=license_key,
            our_number=our_number,
            their_number=their_number,
            channel_id=channel_id,
            program=program,
            started_at=at,
            status_post_url=status_post_url,
            route=route,
        )

    @classmethod
    def queued(
        cls,
        queue_id: int,
        *,
        license_key: str,
        our_number: str,
        their_number: str,
        program: str,
        at: datetime,
        due_at: datetime,
        status_post_url: str,
        route: str,
        longest_seconds: float = LONGEST_CALL_SECONDS,
    ) -> Call:
        """An outgoing call that waits for its first try, due at `due_at`."""
        return cls(
            queue_id=queue_id,
            direction="outgoing",
            license_key=license_key,
            our_number=our_number,
            their_number=their_number,
            channel_id=channel_of_try(queue_id, 1),
            program=program,
            started_at=at,
            state=CallState.QUEUED,
            status_post_url=status_post_url,
            response_code=ResponseCode.QUEUED,
            route=route,
            due_at=due_at,
            longest_seconds=longest_seconds,
        )

    # Transitions.

    def claimed(self, at: datetime) -> None:
        """A controller takes it for its next try: the try counts unless it is given back."""
        self._go_to(CLAIM.state)
        self.due_at = None
        self.dialled_at = at
        self.tries += CLAIM.tries_begun

    def reroute(self, route: str) -> None:
        """Another trunk is taken to the callee; before anybody is called, or when the trunk has called nobody."""
        if self.state not in (CallState.CLAIMED, CallState.DIALLING):
            raise TransitionForbidden(self.queue_id, self.state, CallState.CLAIMED)
        self.route = route

    def dialling(self) -> None:
        """The network is about to be asked to ring."""
        self._go_to(CallState.DIALLING)
        self.response_code = ResponseCode.DIALING

    def progressed(self) -> None:
        """The network has told that it is under way; while dialling."""
        if self.state is not CallState.DIALLING:
            raise TransitionForbidden(self.queue_id, self.state, CallState.DIALLING)
        self.response_code = ResponseCode.TRYING

    def rings(self) -> None:
        """It rings at the callee."""
        self._go_to(CallState.RINGING)
        self.response_code = ResponseCode.RINGING

    def waits_again(self, due_at: datetime) -> None:
        """The try came to nothing, and another one follows."""
        if not self.outgoing:
            raise TransitionForbidden(self.queue_id, self.state, CallState.QUEUED)
        self._go_to(CallState.QUEUED)
        self.due_at = due_at
        self.channel_id = channel_of_try(self.queue_id, self.tries + 1)
        self.response_code = ResponseCode.QUEUED

    def given_back(self, due_at: datetime) -> None:
        """The try was not begun after all: nobody was called."""
        if self.state not in (CallState.CLAIMED, CallState.DIALLING):
            raise TransitionForbidden(self.queue_id, self.state, CallState.QUEUED)
        self.tries -= CLAIM.tries_begun
        self.waits_again(due_at)

    def answered(self, at: datetime) -> None:
        """The call was answered."""
        if self.answered_at is not None:
            raise TransitionForbidden(self.queue_id, self.state, CallState.ANSWERED)
        self._go_to(CallState.ANSWERED)
        self.answered_at = at
        self.response_code = ResponseCode.IN_CALL if self.outgoing else ResponseCode.INCOMING_CALL

    def transfer_rings(self) -> None:
        """The other party of a transfer is called."""
        self._go_to(CallState.TRANSFERRING)
        self.transfer = "ringing"

    def transfer_bridged(self) -> None:
        """The other party of a transfer has answered, and both talk."""
        self._go_to(CallState.TRANSFERRED)
        self.transfer = "bridged"
        if self.outgoing:
            self.response_code = ResponseCode.TRANSFERRED

    def leg_answered(self, number: str, route: str, at: datetime) -> None:
        """The transfer leads to this number since now; one that was found standing goes on as it began."""
        if self.leg is None:
            self.legs += 1
            self.leg = AnsweredLeg(self.legs, number, route, at)

    def leg_over(self) -> AnsweredLeg | None:
        """The leg of a transfer that does not stand any more, given once."""
        if self.state is CallState.TRANSFERRED:
            return None
        leg, self.leg = self.leg, None
        return leg

    def transfer_failed(self) -> None:
        """The other party of a transfer was not reached: the script goes on."""
        self._go_on_with_script()
        self.transfer = "failed"

    def conference_joined(self, *, started: bool) -> None:
        """In a conference room; `started`: as the first."""
        self._go_to(CallState.IN_CONFERENCE)
        self.response_code = ResponseCode.CONFERENCE_START if started else ResponseCode.CONFERENCE_JOIN

    def effect_over(self) -> None:
        """A transfer or a conference is over, however it ended: the script goes on."""
        self._go_on_with_script()

    def ended(self, at: datetime, reason: str, code: ResponseCode) -> None:
        """The call is over. `reason`: the engine's End reason, or why it was closed without one."""
        self._go_to(CallState.ENDED)
        self.ended_at = at
        self.end_reason = reason
        self.response_code = code
        self.due_at = None

    def _go_on_with_script(self) -> None:
        if self.answered_at is None:
            raise TransitionForbidden(self.queue_id, self.state, CallState.ANSWERED)
        self._go_to(CallState.ANSWERED)

    def _go_to(self, state: CallState) -> None:
        if state not in PERMITTED[self.state]:
            raise TransitionForbidden(self.queue_id, self.state, state)
        self.state = state

    # What follows from it.

    @property
    def outgoing(self) -> bool:
        """Whether we placed it."""
        return self.direction == "outgoing"

    @property
    def dialled(self) -> bool:
        """Whether somebody may have been called in the try under way."""
        return self.state in (CallState.DIALLING, CallState.RINGING)

    @property
    def was_dialled(self) -> bool:
        """Whether somebody may have been called, in this try or in an earlier one."""
        return self.dialled or self.tries > (CLAIM.tries_begun if self.state is CLAIM.state else 0)

    @property
    def has_leg(self) -> bool:
        """Whether there is a second channel, that of a transfer's other party."""
        return self.state in (CallState.TRANSFERRING, CallState.TRANSFERRED)

    @property
    def begun_at(self) -> datetime | None:
        """When it rang here, or its last try was dialled; None for one that was not dialled yet."""
        if self.outgoing:
            return self.dialled_at if self.tries else None
        return self.started_at

    @property
    def final_code(self) -> ResponseCode:
        """What has become of an answered call that ends now."""
        return (OUTGOING_ENDS if self.outgoing else INCOMING_ENDS)[self.transfer]

    def seconds_left(self, now: datetime) -> float:
        """Of the longest time that it may last, whoever drove it before."""
        return self.longest_seconds - (now - (self.answered_at or now)).total_seconds()

    @property
    def duration_seconds(self) -> int:
        """Whole seconds from the answer to the end (or 0), rounded to the nearest."""
        if self.answered_at is None or self.ended_at is None:
            return 0
        return max(0, round((self.ended_at - self.answered_at).total_seconds()))

    def next_sequence(self) -> int:
        """The sequence number of the call's next post-back."""
        self.sequence += 1
        return self.sequence


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One line of a call's trace: what happened, with its particulars, in the simulator's own terms."""

    queue_id: int
    number: int
    at: datetime
    event: str
    fields: Mapping[str, Any] = field(default_factory=dict)
