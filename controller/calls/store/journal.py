"""The journal: the one writer of calls, their traces and their post-backs.

Call steps are the hot path, so what happens on all calls is gathered and written together. All that waits about one
call, its newest state, its trace lines and its post-backs, always goes into one transaction. While the database is away
it waits in memory, up to a limit; then new calls are refused, and calls in progress go on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import structlog

from controller.calls.model.call import Call, TraceLine
from controller.calls.store.call_entries import CallEntry, CallRow, RowOwner, save_entries
from controller.calls.store.controllers import Owner
from controller.errors import JournalFull, StoreError, StoreUnreachable
from controller.metering.usage import UsageRecord
from controller.postbacks.outbox import Postback
from controller.store.database import Database
from controller.store.storable import storable

log = structlog.get_logger()

# Fewer, larger transactions: a step is on the disk at the latest so many seconds after it happened.
GATHER_SECONDS = 0.05
ENTRIES_AT_MOST = 50_000
# From this share of the limit on, a call whose trace alone waits with so many lines adds none: a call that tells much
# must not be why others are refused.
CROWDED_SHARE = 0.5
LINES_WHEN_CROWDED = 200
PROGRAM_SECONDS = 3600.0
CALLS_AT_ONCE = 500
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 2.0


@dataclass(slots=True, eq=False)
class _Waiting(CallEntry):
    """An entry that waits. `number`: of its first record, to know what was recorded before what. `is_cut`: whether
    lines of its trace were left out."""

    number: int = 0
    is_cut: bool = False


class Journal:
    """Gathers what must be stored and writes it in batches; see the module."""

    def __init__(self, database: Database, owner: Owner, *, limit: int = ENTRIES_AT_MOST) -> None:
        self._database = database
        self._owner = owner
        self.limit = limit
        self._pending: dict[int, _Waiting] = {}
        self._under_way: list[_Waiting] = []
        self._records = 0
        self._size = 0
        self._work = asyncio.Event()
        self._urgent = asyncio.Event()
        self._written = asyncio.Event()
        self._programs: dict[str, str] = {}
        self._programs_saved: dict[str, float] = {}

    @property
    def waiting(self) -> int:
        """How many entries are in memory and not yet in the store."""
        return self._size

    def admit(self) -> None:
        """JournalFull when so much waits for the database that no new call can be taken on."""
        if self.waiting >= self.limit:
            raise JournalFull

    def keep_program(self, content_hash: str, source: str) -> None:
        """Have the program stored with the next batch, unless it is known to be.

        It is stored again when that was a while ago: what no call refers to, and was not used for a day, is removed.
        """
        saved_at = self._programs_saved.get(content_hash)
        if saved_at is None or time.monotonic() - saved_at > PROGRAM_SECONDS:
            self._programs[content_hash] = storable(source)

    def add(
        self,
        call: Call,
        state: Callable[[], str],
        *,
        trace: Sequence[TraceLine] = (),
        postback: Postback | None = None,
        usage: Sequence[UsageRecord] = (),
    ) -> None:
        """Write down where the call stands. Never waits, never fails.

        state: gives the engine's state as JSON text. It is asked when the batch is written, so that of the steps that
        were gathered only the last one's state is made.
        """
        self._records += 1
        entry = self._pending.get(call.queue_id)
        if entry is None:
            entry = self._pending[call.queue_id] = _Waiting(call, state, number=self._records)
            self._size += 1
        entry.call, entry.state = call, state
        entry.usage.extend(usage)
        self._size += len(usage)
        if trace and self._has_room_for(entry):
            entry.trace.extend(trace)
            self._size += len(trace)
        if postback is not None:
            entry.postbacks.append(postback)
            self._size += 1
        self._work.set()

    def _has_room_for(self, entry: _Waiting) -> bool:
        """Whether lines of this call's trace are taken; what is left out shows as a gap in their numbers."""
        if len(entry.trace) < LINES_WHEN_CROWDED or self._size < self.limit * CROWDED_SHARE:
            return True
        if not entry.is_cut:
            entry.is_cut = True
            log.warning("so much waits for the database that a call's trace is cut", call=entry.call.queue_id)
        return False

    async def flush(self, timeout: float = 5.0) -> bool:
        """Wait until everything recorded so far is stored; False when that took longer than `timeout` seconds."""
        upto = self._records
        try:
            async with asyncio.timeout(timeout):
                while self._is_waiting(upto):
                    self._work.set()
                    self._urgent.set()
                    self._written.clear()
                    await self._written.wait()
        except TimeoutError:
            return False
        return True

    def _is_waiting(self, upto: int) -> bool:
        return any(entry.number <= upto for entry in (*self._pending.values(), *self._under_way))

    async def run(self) -> None:
        """Write batches until cancelled; what could not be written is kept, and written with what came meanwhile."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            await self._work.wait()
            await self._gather()
            self._work.clear()
            try:
                while self._pending:
                    await self._write_some()
            except StoreUnreachable as error:
                log.warning("the journal waits for the database", waiting=self.waiting, reason=str(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                self._work.set()
            else:
                pause = FIRST_PAUSE_SECONDS

    async def close(self, timeout: float = 5.0) -> int:
        """Store what is left, after `run` was cancelled. Gives how many entries could not be stored in `timeout` s."""
        try:
            async with asyncio.timeout(timeout):
                while self._pending:
                    await self._write_some()
        except (StoreError, TimeoutError) as error:
            log.error("the journal could not be closed", waiting=self.waiting, reason=str(error))
        return self.waiting

    async def _gather(self) -> None:
        try:
            async with asyncio.timeout(GATHER_SECONDS):
                await self._urgent.wait()
        except TimeoutError:
            pass
        self._urgent.clear()

    async def _write_some(self) -> None:
        """Write the oldest entries. What was not written, whatever the reason, is back in its place afterwards."""
        taken = [self._pending.pop(queue_id) for queue_id in list(self._pending)[:CALLS_AT_ONCE]]
        self._under_way = list(taken)
        # Made here, in one go with taking the entries: a row must not know of more than its trace and post-backs do.
        rows = [entry.row() for entry in taken]
        try:
            await self._save_programs()
            try:
                await self._store(taken, rows)
                self._under_way = []
                self._size -= sum(entry.size for entry in taken)
            except StoreUnreachable:
                raise
            except StoreError as error:
                log.error("a batch of the journal was refused", reason=str(error))
                await self._store_one_by_one(taken, rows)
        finally:
            self._put_back(self._under_way)
            self._under_way = []
            self._written.set()

    def _put_back(self, entries: Iterable[_Waiting]) -> None:
        kept = {}
        for entry in entries:
            newer = self._pending.pop(entry.call.queue_id, None)
            if newer is not None:
                self._size -= 1  # two entries become one
                entry.call, entry.state = newer.call, newer.state
                entry.trace += newer.trace
                entry.postbacks += newer.postbacks
                entry.usage += newer.usage
            kept[entry.call.queue_id] = entry
        if kept:
            self._pending = kept | self._pending

    async def _store_one_by_one(self, entries: Sequence[_Waiting], rows: Sequence[CallRow]) -> None:
        """Store each call of a refused batch by itself, so that one that cannot be stored takes no other with it.

        Of that one the customer is told all the same: its row and post-backs are stored without trace and state.
        """
        for entry, row in zip(entries, rows, strict=True):
            try:
                await self._store([entry], [row])
            except StoreUnreachable:
                raise
            except StoreError as error:
                log.error("a call is stored without its trace", call=entry.call.queue_id, reason=str(error))
                self._size -= len(entry.trace)
                entry.trace.clear()
                try:
                    await self._store([entry], [row._replace(script_state="{}")])
                except StoreUnreachable:
                    raise
                except StoreError as final:
                    log.error("a call could not be stored", call=entry.call.queue_id, reason=str(final))
            self._under_way.remove(entry)
            self._size -= entry.size

    async def _store(self, entries: Sequence[CallEntry], rows: Sequence[CallRow]) -> None:
        owner = RowOwner(self._owner.controller_id, self._owner.asterisk)
        await save_entries(self._database, entries, rows, owner)

    async def _save_programs(self) -> None:
        while self._programs:
            content_hash, source = next(iter(self._programs.items()))
            try:
                await self._database.execute("save_programs", [content_hash], [source])
            except StoreUnreachable:
                raise
            except StoreError as error:
                log.error("a program could not be stored", program=content_hash, reason=str(error))
            self._programs.pop(content_hash)
            self._programs_saved[content_hash] = time.monotonic()
