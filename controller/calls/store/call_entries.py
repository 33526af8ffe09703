"""What is written of a call in one go: its newest state, new lines of its trace, post-backs, and usage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import orjson
import structlog

from controller.calls.model.call import Call, TraceLine
from controller.metering.store.records import UsageRow
from controller.metering.usage import UsageRecord
from controller.postbacks.outbox import Postback, PostbackRow
from controller.store.database import Database, Transaction
from controller.store.queries import records
from controller.store.storable import as_json, storable, storable_json

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class CallEntry:
    """All that is to be written about one call. `state`: gives the engine's state as JSON text."""

    call: Call
    state: Callable[[], str]
    trace: list[TraceLine] = field(default_factory=list)
    postbacks: list[Postback] = field(default_factory=list)
    usage: list[UsageRecord] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many rows it is."""
        return 1 + len(self.trace) + len(self.postbacks) + len(self.usage)

    def row(self) -> CallRow:
        """The call as it stands now."""
        return CallRow.of(self.call, self._state_json())

    def _state_json(self) -> str:
        try:
            return storable_json(self.state())
        except Exception:
            log.exception("a call's state cannot be written down", call=self.call.queue_id)
            return "{}"


class WrittenCall:
    """Takes what is written down of one call, as the journal does, for whoever stores it in another way."""

    def __init__(self) -> None:
        self._entry: CallEntry | None = None

    def add(
        self,
        call: Call,
        state: Callable[[], str],
        *,
        trace: Sequence[TraceLine] = (),
        postback: Postback | None = None,
        usage: Sequence[UsageRecord] = (),
    ) -> None:
        """Take where the call stands, as `Journal.add`."""
        entry = self._entry = self._entry or CallEntry(call, state)
        entry.call, entry.state = call, state
        entry.trace.extend(trace)
        entry.postbacks.extend([] if postback is None else [postback])
        entry.usage.extend(usage)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written down."""
        return self._entry is None

    @property
    def entry(self) -> CallEntry:
        """All that was written down. LookupError when nothing was."""
        if self._entry is None:
            raise LookupError("nothing was written down of this call")
        return self._entry


class CallRow(NamedTuple):
    """A row of the table `calls`, as the query `save_calls` writes it. Named after the columns."""

    queue_id: int
    direction: str
    license_key: str
    our_number: str
    their_number: str
    channel_id: str
    program: str
    state: str
    script_state: str
    response_code: int
    status_post_url: str
    sequence: int
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    end_reason: str
    transfer: str
    route: str
    tries: int
    due_at: datetime | None
    dialled_at: datetime | None
    legs: int
    leg_number: str
    leg_route: str
    leg_answered_at: datetime | None

    @classmethod
    def of(cls, call: Call, script_state: str) -> CallRow:
        """The row of a call, with its engine's state as JSON text."""
        return cls(
            queue_id=call.queue_id,
            direction=call.direction,
            license_key=call.license_key,
            our_number=call.our_number,
            their_number=storable(call.their_number),
            channel_id=storable(call.channel_id),
            program=call.program,
            state=call.state.value,
            script_state=script_state,
            response_code=int(call.response_code),
            status_post_url=storable(call.status_post_url),
            sequence=call.sequence,
            started_at=call.started_at,
            answered_at=call.answered_at,
            ended_at=call.ended_at,
            end_reason=call.end_reason,
            transfer=call.transfer,
            route=call.route,
            tries=call.tries,
            due_at=call.due_at,
            dialled_at=call.dialled_at,
            legs=call.legs,
            leg_number=storable(call.leg.number) if call.leg else "",
            leg_route=call.leg.route if call.leg else "",
            leg_answered_at=call.leg.answered_at if call.leg else None,
        )


class TraceRow(NamedTuple):
    """A row of the table `call_trace`. Named after the columns."""

    queue_id: int
    number: int
    at: datetime
    event: str
    fields: str

    @classmethod
    def of(cls, line: TraceLine) -> TraceRow:
        """The row of a line."""
        return cls(line.queue_id, line.number, line.at, line.event, as_json(line.fields))


class RowOwner(NamedTuple):
    """Whose a row is: the controller that works on the call (None: nobody), and the Asterisk that has its channel."""

    controller_id: str | None
    asterisk: str


async def save_entries(
    store: Transaction | Database, entries: Sequence[CallEntry], rows: Sequence[CallRow], owner: RowOwner
) -> None:
    """Write entries, of each the row that was made of its call, in one statement. StoreError."""
    lines = [TraceRow.of(line)._asdict() for entry in entries for line in entry.trace]
    for line in lines:
        line["fields"] = orjson.Fragment(line["fields"])
    await store.execute(
        "save_calls",
        calls=records([{**row._asdict(), "script_state": orjson.Fragment(row.script_state)} for row in rows]),
        lines=records(lines),
        postbacks=records(
            [
                {"queue_id": entry.call.queue_id, **PostbackRow.of(each)._asdict()}
                for entry in entries
                for each in entry.postbacks
            ]
        ),
        usage=records(
            [
                {"queue_id": entry.call.queue_id, **UsageRow.of(each)._asdict()}
                for entry in entries
                for each in entry.usage
            ]
        ),
        **owner._asdict(),
    )
