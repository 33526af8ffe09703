"""The journal: the one writer of calls, their traces and their post-backs.

Call steps are the hot path, so entries are gathered and written together: one transaction holds each call's newest
state, the trace lines and the post-backs of everything since the last one. While the database is away, entries wait
in memory up to a limit; then new calls are refused, and calls in progress go on.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from controller.calls.call import Call, TraceLine
from controller.errors import JournalFull, StoreError, StoreUnreachable
from controller.postbacks.outbox import Postback, enqueue
from controller.store.database import Database

log = structlog.get_logger()

# Fewer, larger transactions: a step is on the disk at the latest so many seconds after it happened.
GATHER_SECONDS = 0.05
ENTRIES_AT_MOST = 50_000


class Journal:
    """Gathers what must be stored and writes it in order, in batches; see the module."""

    def __init__(self, database: Database, *, limit: int = ENTRIES_AT_MOST) -> None:
        self._database = database
        self._limit = limit
        self._batch = _Batch()
        self._writing: _Batch | None = None
        self._work = asyncio.Event()
        self._urgent = asyncio.Event()
        self._programs: dict[str, str] = {}
        self._programs_saved: set[str] = set()

    @property
    def waiting(self) -> int:
        """How many entries are in memory and not yet in the store."""
        return len(self._batch) + (len(self._writing) if self._writing else 0)

    def admit(self) -> None:
        """JournalFull when so much waits for the database that no new call can be taken on."""
        if self.waiting >= self._limit:
            raise JournalFull

    def keep_program(self, content_hash: str, source: str) -> None:
        """Have the program stored with the next batch, unless it is known to be."""
        if content_hash not in self._programs_saved:
            self._programs[content_hash] = source

    def record(
        self,
        call: Call,
        state: Callable[[], str],
        *,
        trace: Sequence[TraceLine] = (),
        postback: Postback | None = None,
    ) -> None:
        """Write down where the call stands. Never waits, never fails.

        state: gives the engine's state as JSON text. It is asked when the batch is written, so that of the steps that
        were gathered only the last one's state is made.
        """
        self._batch.calls[call.queue_id] = (call, state)
        self._batch.trace.extend(trace)
        if postback is not None:
            self._batch.postbacks.append(postback)
        self._work.set()

    async def flush(self, timeout: float = 5.0) -> bool:
        """Wait until everything recorded so far is stored; False when that took longer than `timeout` seconds."""
        if not self.waiting:
            return True
        batch = self._batch if len(self._batch) else self._writing
        assert batch is not None
        self._work.set()
        self._urgent.set()
        try:
            async with asyncio.timeout(timeout):
                await batch.stored.wait()
        except TimeoutError:
            return False
        return True

    async def run(self) -> None:
        """Write batches until cancelled; a batch that fails is kept and tried again with what came meanwhile."""
        delay = 0.1
        while True:
            await self._work.wait()
            if self._writing is None:
                await self._gather()
                self._work.clear()
                self._writing, self._batch = self._batch, _Batch()
            try:
                await self._write(self._writing)
            except StoreUnreachable as error:
                log.warning("the journal waits for the database", waiting=self.waiting, reason=str(error))
                await asyncio.sleep(delay)
                delay = min(delay * 2, 2.0)
                self._work.set()
                continue
            except StoreError as error:
                log.error("a batch of the journal was refused", reason=str(error))
                if not await self._write_one_by_one(self._writing):
                    self._work.set()
                    continue
            self._writing.stored.set()
            self._writing = None
            delay = 0.1
            if len(self._batch):
                self._work.set()

    async def close(self, timeout: float = 5.0) -> int:
        """Store what is left, after `run` was cancelled. Gives how many entries could not be stored in `timeout` s."""
        try:
            async with asyncio.timeout(timeout):
                for batch in (self._writing, self._batch):
                    if batch is not None and len(batch) and not batch.stored.is_set():
                        await self._write(batch)
                        batch.stored.set()
        except (StoreError, TimeoutError) as error:
            log.error("the journal could not be closed", waiting=self.waiting, reason=str(error))
            return self.waiting
        return 0

    async def _write_one_by_one(self, batch: _Batch) -> bool:
        """Store each call of a refused batch by itself, so that one that cannot be stored takes no other with it.

        False when the database went away meanwhile: what is left in the batch is to be tried again.
        """
        for queue_id, entry in list(batch.calls.items()):
            alone = _Batch()
            alone.calls[queue_id] = entry
            alone.trace = [line for line in batch.trace if line.queue_id == queue_id]
            alone.postbacks = [postback for postback in batch.postbacks if postback.subject == f"call:{queue_id}"]
            try:
                await self._write(alone)
            except StoreUnreachable:
                return False
            except StoreError as error:
                log.error("a call could not be stored", call=queue_id, reason=str(error))
            del batch.calls[queue_id]
        return True

    async def _gather(self) -> None:
        try:
            async with asyncio.timeout(GATHER_SECONDS):
                await self._urgent.wait()
        except TimeoutError:
            pass
        self._urgent.clear()

    async def _write(self, batch: _Batch) -> None:
        if not batch.calls:
            return
        programs = dict(self._programs)
        started = time.perf_counter()
        rows = [_row(call, state()) for call, state in batch.calls.values()]
        calls_and_trace = (*map(list, zip(*rows, strict=True)), *_columns(batch.trace))
        if programs or batch.postbacks:
            async with self._database.transaction() as transaction:
                if programs:
                    await transaction.execute("save_programs", list(programs), list(programs.values()))
                await transaction.execute("save_calls", *calls_and_trace)
                await enqueue(transaction, batch.postbacks)
        else:  # one statement is a transaction by itself, in one round trip
            await self._database.execute("save_calls", *calls_and_trace)
        for content_hash in programs:
            self._programs_saved.add(content_hash)
            self._programs.pop(content_hash, None)
        log.debug(
            "journal written",
            calls=len(batch.calls),
            trace=len(batch.trace),
            postbacks=len(batch.postbacks),
            seconds=round(time.perf_counter() - started, 4),
        )


class _Batch:
    """What one transaction will write."""

    __slots__ = ("calls", "postbacks", "stored", "trace")

    def __init__(self) -> None:
        self.calls: dict[int, tuple[Call, Callable[[], str]]] = {}
        self.trace: list[TraceLine] = []
        self.postbacks: list[Postback] = []
        self.stored = asyncio.Event()

    def __len__(self) -> int:
        return len(self.calls) + len(self.trace) + len(self.postbacks)


def _row(call: Call, state: str) -> tuple[Any, ...]:
    return (
        call.queue_id,
        call.direction,
        call.license_key,
        call.did,
        call.caller,
        call.channel_id,
        call.program,
        state,
        int(call.response_code),
        call.status_post_url,
        call.sequence,
        call.started_at,
        call.answered_at,
        call.ended_at,
        call.end_reason,
    )


def _columns(lines: Sequence[TraceLine]) -> tuple[list[Any], ...]:
    return (
        [line.queue_id for line in lines],
        [line.number for line in lines],
        [line.at for line in lines],
        [line.event for line in lines],
        [json.dumps(line.fields, ensure_ascii=False) for line in lines],
    )
