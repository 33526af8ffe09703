"""A call as Ringpost knows it: who called whom, where it stands, and what is kept of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from asyncpg import Record

from controller.calls.model.response_codes import ResponseCode

Direction = Literal["incoming", "outgoing"]

# A script may loop, but not for ever: after so long the call is ended whatever it does.
LONGEST_CALL_SECONDS = 3600.0
_TRY = re.compile(r"ringpost-\d+-try-\d+")
_LEG = re.compile(r"ringpost-\d+-transfer")


def channel_of_try(queue_id: int, number: int) -> str:
    """The channel of a try to reach somebody: known before it is made, so that whoever finds it knows whose it is."""
    return f"ringpost-{queue_id}-try-{number}"


def is_try(channel_id: str) -> bool:
    """Whether this is the channel of a try to reach somebody."""
    return _TRY.fullmatch(channel_id) is not None


def is_leg(channel_id: str) -> bool:
    """Whether this is the leg of a transfer: it was called for somebody, and means nothing without that call."""
    return _LEG.fullmatch(channel_id) is not None


@dataclass(slots=True)
class Call:
    """One call. Its state changes only through the methods, which are the transitions there are.

    our_number: E.164: the one that was called; of an outgoing call the one that is shown, or empty. their_number: the
    other party's, E.164, or as the network gave it. route: the trunk that it goes through, empty for a phone of
    ours or an unknown one. Times are UTC. sequence: the number of post-backs made so far; trace_number: the number of
    trace lines so far. longest_seconds: how long it may last from the answer.

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
    status_post_url: str = ""
    response_code: ResponseCode = ResponseCode.INCOMING_CALL
    sequence: int = 0
    trace_number: int = 0
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str = ""
    route: str = ""
    tries: int = 0
    due_at: datetime | None = None
    dialled_at: datetime | None = None
    longest_seconds: float = LONGEST_CALL_SECONDS

    @classmethod
    def of(cls, row: Record) -> Call:
        """A call as the store has it."""
        return cls(
            queue_id=row["queue_id"],
            direction=row["direction"],
            license_key=row["license_key"],
            our_number=row["our_number"],
            their_number=row["their_number"],
            channel_id=row["channel_id"],
            program=row["program"],
            started_at=row["started_at"],
            status_post_url=row["status_post_url"],
            response_code=ResponseCode(row["response_code"]),
            sequence=row["sequence"],
            trace_number=row["trace_number"],
            answered_at=row["answered_at"],
            route=row["route"],
            tries=row["tries"],
            due_at=row["due_at"],
            dialled_at=row["dialled_at"],
            longest_seconds=row.get("max_call_seconds") or LONGEST_CALL_SECONDS,
        )

    @property
    def outgoing(self) -> bool:
        """Whether we placed it."""
        return self.direction == "outgoing"

    @property
    def begun_at(self) -> datetime | None:
        """When it rang here, or its last try was dialled; None for one that was not dialled yet."""
        if self.outgoing:
            return self.dialled_at if self.tries else None
        return self.started_at

    def answered(self, at: datetime) -> None:
        """The call was answered."""
        self.answered_at = at

    def ended(self, at: datetime, reason: str, code: ResponseCode) -> None:
        """The call is over. `reason`: the engine's End reason, or why it was closed without one."""
        self.ended_at = at
        self.end_reason = reason
        self.response_code = code
        self.due_at = None

    def waits_again(self, due_at: datetime) -> None:
        """The try came to nothing, and another one follows."""
        self.due_at = due_at
        self.channel_id = channel_of_try(self.queue_id, self.tries + 1)
        self.response_code = ResponseCode.QUEUED

    def given_back(self, due_at: datetime) -> None:
        """The try was not begun after all: nobody was called."""
        self.tries -= 1
        self.waits_again(due_at)

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
