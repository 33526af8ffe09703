"""Calls as the store has them: what is read to go on with a call, to settle it, or to show it to people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from asyncpg import Record

from controller.calls.model.call import LONGEST_CALL_SECONDS, AnsweredLeg, Call, Direction
from controller.calls.model.order import Notification
from controller.calls.model.response_codes import ResponseCode
from controller.calls.model.states import CallState
from controller.errors import StateInvalid
from controller.script.state import State

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class StoredCall:
    """A call with what is needed to go on with it.

    source: the text of its program, None when that is not stored. engine_state: as `State.to_json` made it.
    notification: what was asked for of an outgoing call. controller_id, asterisk: whose it is, and where its channel
    is; None and empty where nobody knows. just_claimed: so shortly ago, by this process, that it may not have begun.
    tried_routes: the trunks that have failed in the try under way.
    last_seen_at: when it was last known to stand, of a call whose controller went away.
    """

    call: Call
    source: str | None
    engine_state: Mapping[str, Any]
    notification: Notification = field(default_factory=Notification)
    controller_id: str | None = None
    asterisk: str = ""
    just_claimed: bool = False
    tried_routes: tuple[str, ...] = ()
    last_seen_at: datetime | None = None

    def state(self) -> State:
        """The script's state. StateInvalid when it cannot be read."""
        return State.from_json(self.engine_state)

    def legible_state(self) -> State:
        """The script's state, or what can be read of it."""
        try:
            return self.state()
        except StateInvalid:
            return State.salvaged(self.engine_state) if isinstance(self.engine_state, Mapping) else State()


@dataclass(frozen=True, slots=True)
class CallSummary:
    """A call as people look at it; see `Call`."""

    queue_id: int
    direction: Direction
    license_key: str
    our_number: str
    their_number: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    end_reason: str
    response_code: int
    tries: int
    due_at: datetime | None
    dialled_at: datetime | None


def stored_calls(rows: Iterable[Record]) -> list[StoredCall]:
    """The calls of rows with the columns of `claim_calls` or `open_calls`. One that cannot be read is left out."""
    calls = []
    for row in rows:
        try:
            calls.append(_stored_call(row))
        except ValueError:
            log.exception("a stored call cannot be read", call=row["queue_id"])
    return calls


def _stored_call(row: Record) -> StoredCall:
    return StoredCall(
        call=Call(
            queue_id=row["queue_id"],
            direction=row["direction"],
            license_key=row["license_key"],
            our_number=row["our_number"],
            their_number=row["their_number"],
            channel_id=row["channel_id"],
            program=row["program"],
            started_at=row["started_at"],
            state=CallState(row["state"]),
            status_post_url=row["status_post_url"],
            response_code=ResponseCode(row["response_code"]),
            sequence=row["sequence"],
            trace_number=row["trace_number"],
            answered_at=row["answered_at"],
            transfer=row["transfer"],
            route=row["route"],
            tries=row["tries"],
            due_at=row["due_at"],
            dialled_at=row["dialled_at"],
            longest_seconds=row["max_call_seconds"] or LONGEST_CALL_SECONDS,
            legs=row["legs"],
            leg=None
            if row["leg_answered_at"] is None
            else AnsweredLeg(row["legs"], row["leg_number"], row["leg_route"], row["leg_answered_at"]),
        ),
        source=row["source"],
        engine_state=row["script_state"],
        notification=Notification()
        if row["most_tries"] is None
        else Notification(
            caller_id_name=row["caller_id_name"],
            most_tries=row["most_tries"],
            next_try_seconds=row["next_try_seconds"],
            max_call_seconds=row["max_call_seconds"],
            reference_id=row["reference_id"],
        ),
        controller_id=row["controller_id"],
        asterisk=row["asterisk"],
        just_claimed=row["just_claimed"],
        tried_routes=tuple(row.get("tried_routes") or ()) if row.get("tried_in") == row["tries"] else (),
        last_seen_at=row["last_seen_at"],
    )
