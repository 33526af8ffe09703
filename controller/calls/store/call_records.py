"""Call records: the calls of a key that are over, as lists and invoices show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from controller.calls.model.call import Direction
from controller.calls.model.response_codes import ResponseCode
from controller.store.database import Database

MOST = 20_000
"""Records in one answer."""

Disposition = Literal["answered", "noanswer", "busy", "failed"]

_NOBODY = frozenset({ResponseCode.CALL_UNANSWERED, ResponseCode.CANCELLED, ResponseCode.TELECOM_TIMEOUT})


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call. Numbers are E.164, or as the network gave them; times are UTC. route: the trunk, empty without one."""

    queue_id: int
    direction: Direction
    our_number: str
    their_number: str
    route: str
    response_code: int
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime

    @property
    def seconds(self) -> int:
        """Whole seconds from the answer to the end; 0 for a call that nobody answered."""
        if self.answered_at is None:
            return 0
        return max(0, round((self.ended_at - self.answered_at).total_seconds()))

    @property
    def disposition(self) -> Disposition:
        """How the call ended. A caller who hung up before the answer was not answered."""
        if self.answered_at is not None:
            return "answered"
        if self.response_code == ResponseCode.BUSY:
            return "busy"
        return "noanswer" if self.direction == "incoming" or self.response_code in _NOBODY else "failed"


async def find_call_records(
    database: Database,
    license_key: str,
    since: datetime,
    until: datetime,
    *,
    direction: Direction | None = None,
    our_number: str | None = None,
) -> list[CallRecord]:
    """The calls of a key that began in a period (`until` excluded) and are over, the newest first. StoreError."""
    rows = await database.fetch("call_records", license_key, since, until, direction, our_number, MOST)
    return [CallRecord(**row) for row in rows]
