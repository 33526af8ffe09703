"""The queue of outgoing calls in the store: calls are added, claimed when they are due, and taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

from controller.calls.model.call import Call
from controller.calls.model.order import Notification
from controller.calls.model.states import CLAIM
from controller.calls.store.call_entries import CallEntry, CallRow, RowOwner, save_entries
from controller.calls.store.controllers import Owner
from controller.calls.store.stored_calls import StoredCall, stored_calls
from controller.script.program import Program
from controller.store.database import Database, Transaction
from controller.store.queries import columns
from controller.store.shared_round_trip import AT_ONCE as GROUP
from controller.store.shared_round_trip import SharedRoundTrip
from controller.store.storable import storable, storable_json

# So many calls are written by one statement, and a batch of them may take so long.
ROWS_AT_ONCE = 1000
BATCH_SECONDS = 60.0
# No more calls are claimed than can be dialled within so many seconds: who comes then does not wait for longer.
AHEAD_SECONDS = 0.6
_NOTIFICATION = tuple(each.name for each in fields(Notification))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A licence key, by its name, and a route that calls of it wait for."""

    license_key: str
    route: str


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """A licence key, by its name, and what bounds its calls: so many at one time, so many seconds from one to the next;
    None for no bound.
    """

    license_key: str
    max_calls: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class RouteLimits:
    """A route, by the name of its trunk or empty for our own phones, with its channels and as `KeyLimits`."""

    route: str
    channels: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """Calls that were taken, in turns of their keys. held_up: whether more are due, which a limit keeps waiting."""

    calls: list[StoredCall]
    held_up: bool


@dataclass(frozen=True, slots=True)
class QueuedCall:
    """A call that waits for its first try, what was asked for, the engine's state as JSON text, and its program."""

    call: Call
    notification: Notification
    state_json: str
    program: Program


class CallQueue:
    """Every method raises StoreError."""

    def __init__(self, database: Database, owner: Owner) -> None:
        self._database = database
        self._owner = owner
        self._singles = SharedRoundTrip(self._add_singles)

    async def add(self, queued: Sequence[QueuedCall], *, most_in_day: int | None = None) -> int:
        """Store calls of one key that wait, in one transaction; gives how many: the first ones. The same QueueID again
        is the same call, for a commit whose answer was lost. Calls that are added one by one at the same time share a
        transaction.

        most_in_day: of so many outgoing calls that the key may order in any 24 hours the others are left; they are
        counted over all controllers.
        """
        if most_in_day is None and len(queued) == 1:
            await self._singles.share(queued[0])
            return 1
        async with self._database.transaction() as transaction:
            if most_in_day is not None:
                queued = queued[: await self._left(transaction, queued, most_in_day)]
            if queued:
                await self._add(transaction, queued)
        return len(queued)

    async def _add_singles(self, queued: Sequence[QueuedCall]) -> Sequence[None]:
        # One statement is a transaction by itself.
        await self._add(self._database, queued)
        return [None] * len(queued)

    async def _left(self, transaction: Transaction, queued: Sequence[QueuedCall], most_in_day: int) -> int:
        key = queued[0].call.license_key
        await transaction.execute("lock_usage", key)
        ids = [each.call.queue_id for each in queued]
        ordered: int = await transaction.fetchval("calls_ordered_in_day", license_key=key, but=ids)
        return max(0, most_in_day - ordered)

    async def _add(self, store: Transaction | Database, queued: Sequence[QueuedCall]) -> None:
        timeout = BATCH_SECONDS if len(queued) > GROUP else None
        for start in range(0, len(queued), ROWS_AT_ONCE):
            some = queued[start : start + ROWS_AT_ONCE]
            programs = {each.program.content_hash: each.program.source for each in some}
            rows = [CallRow.of(each.call, storable_json(each.state_json)) for each in some]
            asked = [_storable(each.notification) for each in some]
            await store.execute(
                "queue_calls",
                program_hash=list(programs),
                program_source=[storable(source) for source in programs.values()],
                **columns(rows, CallRow._fields),
                **columns(asked, _NOTIFICATION),
                timeout=timeout,
            )

    async def claim(self, keys: Sequence[KeyLimits], route: RouteLimits, most: int) -> Claimed:
        """Take at most so many due calls for their next try, of the keys in turn, within the limits; the calls of all
        controllers count.
        """
        async with self._database.transaction() as transaction:
            await transaction.execute("lock_call_claims")
            rows = await transaction.fetch(
                "claim_calls",
                license_keys=[each.license_key for each in keys],
                max_calls=[each.max_calls for each in keys],
                key_seconds=[each.seconds for each in keys],
                route=route.route,
                channels=route.channels,
                route_seconds=route.seconds,
                ahead=AHEAD_SECONDS,
                most=most,
                waiting=CLAIM.waiting.value,
                claimed=CLAIM.state.value,
                tries_begun=CLAIM.tries_begun,
                controller_id=self._owner.controller_id,
                asterisk=self._owner.asterisk,
            )
        taken = [row for row in rows if row["queue_id"] is not None]
        return Claimed(stored_calls(taken), held_up=rows[0]["due_calls"] > len(taken))

    async def note_tried(self, queue_id: int, route: str, tries: int) -> None:
        """A trunk has failed in this try of a call: `StoredCall.tried_routes` of its next claim."""
        await self._database.execute("note_tried_route", queue_id=queue_id, route=route, tries=tries)

    async def waiting(self) -> list[Waiting]:
        """The keys and routes that calls wait for, each pair once."""
        return [Waiting(**row) for row in await self._database.fetch("waiting_routes")]

    async def change_waiting(self, queue_id: int, change: Callable[[StoredCall], CallEntry]) -> CallEntry | None:
        """Change a call that waits, and is not claimed meanwhile, to what `change` makes of it, and give that; None
        when it does not wait.
        """
        async with self._database.transaction() as transaction:
            for stored in stored_calls(await transaction.fetch("waiting_call", queue_id=queue_id)):
                entry = change(stored)
                await save_entries(transaction, [entry], [entry.row()], RowOwner(stored.controller_id, stored.asterisk))
                return entry
        return None


def _storable(notification: Notification) -> Notification:
    return replace(notification, reference_id=storable(notification.reference_id))
