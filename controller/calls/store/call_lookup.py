"""Looking calls up: those in progress, those that people ask for, and what happened on each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from controller.calls.model.call import TraceLine
from controller.calls.store.stored_calls import CallSummary, StoredCall, stored_calls
from controller.store.database import Database


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls: of this QueueID, of or to a number (E.164), of a licence key by its name, begun since a moment and
    before another, with this response code, with a variable of its script (its name in lower case, and its value), only
    those in progress; the newest `limit` of them, from behind the call `after`, which is named by when it began and its
    QueueID.
    """

    queue_id: int | None = None
    number: str | None = None
    license_key: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    response_code: int | None = None
    variable: tuple[str, str] | None = None
    after: tuple[datetime, int] | None = None
    open_only: bool = False
    limit: int = 50


@dataclass(frozen=True, slots=True)
class FailedPostback:
    """An attempt to post what became of a call that failed: when, what it told, and why it failed."""

    at: datetime
    event: str
    reason: str


@dataclass(frozen=True, slots=True)
class CallOwnership:
    """Whose a call is. controller_id: None while nobody has worked on it. waits: to be dialled."""

    controller_id: str | None
    ended: bool
    waits: bool
    controller_lives: bool


@dataclass(frozen=True, slots=True)
class StoredLegs:
    """The legs of a call's transfers that are stored, by when they were answered; with whose call it is."""

    queue_id: int
    license_key: str
    our_number: str
    answered: list[datetime]


class CallLookup:
    """Reads calls. Every method raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open_calls(self, controller_id: str, just_claimed_seconds: float) -> list[StoredCall]:
        """A controller's calls in progress as far as the store knows, by their QueueIDs; not those that wait for a try.

        just_claimed_seconds: which claims of this process are told to be new.
        """
        rows = await self._database.fetch(
            "open_calls", controller_id=controller_id, just_claimed_seconds=just_claimed_seconds
        )
        return stored_calls(rows)

    async def knows_channel(self, our_number: str, channel_id: str, asterisk: str) -> bool:
        """Whether there is, or was within a day, a call of one of our numbers with this channel of that Asterisk."""
        return bool(
            await self._database.fetchval(
                "knows_channel", our_number=our_number, channel_id=channel_id, asterisk=asterisk
            )
        )

    async def unknown_channels(self, channel_ids: Iterable[str], asterisk: str, since: datetime) -> list[str]:
        """Those of these channels of an Asterisk that no call has had which began since a moment (UTC)."""
        rows = await self._database.fetch(
            "unknown_channels", channels=list(channel_ids), asterisk=asterisk, since=since
        )
        return [row["channel_id"] for row in rows]

    async def legs_of(self, queue_ids: Iterable[int]) -> list[StoredLegs]:
        """What is stored of the transfers of calls; a call that is not stored is left out."""
        found: dict[int, StoredLegs] = {}
        for row in await self._database.fetch("legs_of_calls", queue_ids=list(queue_ids)):
            legs = found.setdefault(
                row["queue_id"], StoredLegs(row["queue_id"], row["license_key"], row["our_number"], [])
            )
            if row["answered_at"] is not None:
                legs.answered.append(row["answered_at"])
        return list(found.values())

    async def find(self, wanted: CallFilter) -> list[CallSummary]:
        """The calls that fit, newest first."""
        rows = await self._database.fetch(
            "recent_calls",
            queue_id=wanted.queue_id,
            number=wanted.number,
            license_key=wanted.license_key,
            since=wanted.since,
            until=wanted.until,
            response_code=wanted.response_code,
            variable=wanted.variable[0] if wanted.variable else None,
            value=wanted.variable[1] if wanted.variable else None,
            after_started_at=wanted.after[0] if wanted.after else None,
            after_queue_id=wanted.after[1] if wanted.after else None,
            open_only=wanted.open_only,
            limit=wanted.limit,
        )
        return [CallSummary(**row) for row in rows]

    async def trace(self, queue_id: int) -> list[TraceLine]:
        """What happened on a call, in order."""
        return [TraceLine(**row) for row in await self._database.fetch("trace_of_calls", [queue_id])]

    async def failed_postbacks(self, queue_id: int) -> list[FailedPostback]:
        """The attempts to post what became of a call that failed, in order."""
        rows = await self._database.fetch("failed_attempts_of_subject", f"call:{queue_id}")
        return [FailedPostback(**row) for row in rows]

    async def whose(self, queue_id: int, lease_seconds: float) -> CallOwnership | None:
        """Whose the call is; None for an unknown one. A controller not heard of for `lease_seconds` counts as dead."""
        row = await self._database.fetchrow("whose_call", queue_id=queue_id, lease_seconds=lease_seconds)
        return None if row is None else CallOwnership(**row)

    async def in_conference(self, license_key: str, key: str) -> list[str]:
        """The ids of the controllers that have calls in this conference."""
        rows = await self._database.fetch("controllers_in_conference", license_key=license_key, key=key)
        return [row["controller_id"] for row in rows]
