"""The states of a call, and which may lead where: the one table that says so. See `Call` for what leads there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from controller.errors import RingpostError


class CallState(StrEnum):
    """Where a call stands; the value is what the store has."""

    QUEUED = "queued"
    """An outgoing call waits for its next try."""
    CLAIMED = "claimed"
    """A controller has taken it for a try; nobody was called yet."""
    DIALLING = "dialling"
    """The network is asked to ring; from here on somebody may have been called."""
    RINGING = "ringing"
    """It rings: at the callee, or here."""
    ANSWERED = "answered"
    """The script runs."""
    TRANSFERRING = "transferring"
    """The other party of a transfer is called."""
    TRANSFERRED = "transferred"
    """The caller talks with the other party of a transfer."""
    IN_CONFERENCE = "in-conference"
    """In a conference room."""
    ENDED = "ended"


_IN_SCRIPT = frozenset({CallState.TRANSFERRING, CallState.TRANSFERRED, CallState.IN_CONFERENCE, CallState.ENDED})
_IN_TRANSFER = frozenset({CallState.TRANSFERRING, CallState.TRANSFERRED, CallState.ANSWERED, CallState.ENDED})

# An incoming call begins as RINGING, an outgoing one as QUEUED. A try that nobody was called for leads back to QUEUED
# from CLAIMED and DIALLING; one that was not answered, from RINGING too. A phone may answer without ringing. After a
# lost connection a transfer is found standing of which nothing was stored yet, or fallen apart and is dialled again.
PERMITTED: Mapping[CallState, frozenset[CallState]] = {
    CallState.QUEUED: frozenset({CallState.CLAIMED, CallState.ENDED}),
    CallState.CLAIMED: frozenset({CallState.DIALLING, CallState.QUEUED, CallState.ENDED}),
    CallState.DIALLING: frozenset({CallState.RINGING, CallState.ANSWERED, CallState.QUEUED, CallState.ENDED}),
    CallState.RINGING: frozenset({CallState.ANSWERED, CallState.QUEUED, CallState.ENDED}),
    CallState.ANSWERED: _IN_SCRIPT | {CallState.ANSWERED},
    CallState.TRANSFERRING: _IN_TRANSFER,
    CallState.TRANSFERRED: _IN_TRANSFER,
    CallState.IN_CONFERENCE: frozenset({CallState.IN_CONFERENCE, CallState.ANSWERED, CallState.ENDED}),
    CallState.ENDED: frozenset(),
}


class TransitionForbidden(RingpostError):
    """A call cannot go from the state that it is in to the one that is asked for."""

    error_id = "transition-forbidden"

    def __init__(self, queue_id: int, before: CallState, after: CallState) -> None:
        super().__init__(f"call {queue_id} is {before} and cannot become {after}")
        self.before = before
        self.after = after


@dataclass(frozen=True, slots=True)
class Claim:
    """What the claim of a due call changes. The store makes this transition by itself, for many calls in one statement;
    it writes these values, and `Call.claimed` makes the same of one call.
    """

    waiting: CallState = CallState.QUEUED
    state: CallState = CallState.CLAIMED
    tries_begun: int = 1


CLAIM = Claim()
