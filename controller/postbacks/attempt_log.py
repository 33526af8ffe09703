"""Writes down what came of attempts, many in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, NoReturn
from uuid import UUID

import structlog

from controller.errors import StoreError
from controller.postbacks.attempt import Attempt, Claimed
from controller.store.database import Database, Transaction
from controller.store.queries import columns
from controller.store.storable import storable

log = structlog.get_logger()

# One transaction holds what finished within this time, in seconds.
GATHER_SECONDS = 0.02
LARGEST_BATCH = 2000
RETRY_SECONDS = 1.0
LONGEST_REASON = 500  # characters; it may quote what a receiver sent


class Outcome(StrEnum):
    """What becomes of a post-back's row."""

    DELIVERED = "delivered"
    FAILED = "failed"
    RETRY = "retry"
    """Tried, and to be tried again."""
    HELD = "held"
    """Not tried: its receiver is held back."""
    PARKED = "parked"
    """Not tried: an earlier one of its subject failed."""


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """One post-back's outcome. `delay`: seconds until it is due again; `attempt`: None when none was made."""

    claimed: Claimed
    outcome: Outcome
    delay: float = 0.0
    attempt: Attempt | None = None
    reason: str = ""


class AttemptLog:
    """Gathers results and writes them, in order and repeatedly if needed, until the store has them."""

    def __init__(self, database: Database, lease: UUID, freed: Callable[[], None]) -> None:
        """`freed` is called when a written result made other rows due."""
        self._database = database
        self._lease = lease
        self._freed = freed
        self._waiting: list[AttemptResult] = []
        self._numbers: set[int] = set()
        self._work = asyncio.Event()

    def add(self, result: AttemptResult) -> None:
        """Have a result written soon."""
        self._waiting.append(result)
        self._numbers.add(result.claimed.number)
        self._work.set()

    def knows(self, number: int) -> bool:
        """Whether a result for the row is still to be written: then it must not be delivered again."""
        return number in self._numbers

    async def run(self) -> NoReturn:
        """Write until cancelled."""
        while True:
            await self._work.wait()
            await asyncio.sleep(GATHER_SECONDS)
            try:
                held = await self.flush()
            except StoreError as error:
                log.warning("results of post-backs wait for the store", waiting=len(self._waiting), reason=str(error))
                held = len(self._waiting)
            if held:
                await asyncio.sleep(RETRY_SECONDS)

    async def flush(self) -> int:
        """Write all that waits now; how many of them still wait, for rows that somebody else has locked. StoreError;
        then nothing is forgotten.
        """
        held: list[AttemptResult] = []
        try:
            while self._waiting:
                batch = self._waiting[:LARGEST_BATCH]
                freed, locked = await self._write(batch)
                del self._waiting[: len(batch)]
                held += [result for result in batch if result.claimed.number in locked]
                self._numbers.difference_update(result.claimed.number for result in batch)
                if freed:
                    self._freed()
        finally:
            self._waiting[:0] = held
            self._numbers.update(result.claimed.number for result in held)
        if held:
            log.warning("results of post-backs wait for rows that somebody has locked", waiting=len(held))
        else:
            self._work.clear()
        return len(held)

    async def _write(self, batch: list[AttemptResult]) -> tuple[int, Collection[int]]:
        gone = [result.claimed.url for result in batch if result.attempt and result.attempt.gone]
        rows = [_ResultRow.of(result) for result in batch]
        if not gone:  # one statement is a transaction by itself, in one round trip
            return await self._recorded(self._database, rows)
        async with self._database.transaction() as transaction:
            written = await self._recorded(transaction, rows)
            await transaction.execute("stop_postback_urls", gone)
        return written

    async def _recorded(self, store: Database | Transaction, rows: list[_ResultRow]) -> tuple[int, Collection[int]]:
        """How many rows became due, and the numbers of those of which nothing was written."""
        freed, *locked = await store.fetchval(
            "record_postbacks", lease=self._lease, **columns(rows, _ResultRow._fields, prefix="result_")
        )
        return freed, frozenset(locked)


class _ResultRow(NamedTuple):
    """A result as the query `record_postbacks` takes it; `at`, `seconds` and `status` are the attempt's, if one was
    made."""

    number: int
    outcome: str
    delay: float
    at: datetime | None
    seconds: float | None
    status: int | None
    reason: str

    @classmethod
    def of(cls, result: AttemptResult) -> _ResultRow:
        attempt = result.attempt
        return cls(
            number=result.claimed.number,
            outcome=result.outcome.value,
            delay=result.delay,
            at=attempt.at if attempt else None,
            seconds=attempt.seconds if attempt else None,
            status=attempt.status if attempt else None,
            reason=storable(result.reason or (attempt.reason if attempt else ""))[:LONGEST_REASON],
        )
