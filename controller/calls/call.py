"""A call as Ringpost knows it: who called whom, where it stands, and what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from controller.calls.response_codes import ResponseCode

Direction = Literal["incoming", "outgoing"]


@dataclass(slots=True)
class Call:
    """One call. Its state changes only through the methods, which are the transitions there are.

    did: the DID's number, E.164. caller: E.164, or as the network gave it. Times are UTC.
    sequence: the number of post-backs made so far; trace_number: the number of trace lines so far.
    """

    queue_id: int
    direction: Direction
    license_key: str
    did: str
    caller: str
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

    def answered(self, at: datetime) -> None:
        """The call was answered."""
        self.answered_at = at

    def ended(self, at: datetime, reason: str, code: ResponseCode) -> None:
        """The call is over. `reason`: the engine's End reason, or why it was closed without one."""
        self.ended_at = at
        self.end_reason = reason
        self.response_code = code

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
    fields: dict[str, Any] = field(default_factory=dict)
