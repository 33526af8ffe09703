"""QueueIDs: the numbers under which customers know their calls, handed out without a query per call."""

from __future__ import annotations

import asyncio
from collections import deque

import structlog

from controller.errors import JournalFull, StoreError
from controller.store.database import Database

log = structlog.get_logger()

BLOCK = 1000
AHEAD = 20 * BLOCK
"""How many ids are kept: an outage of 15 minutes at 20 calls a second."""


class QueueIds:
    """Hands out QueueIDs from blocks that are reserved in the store ahead of need.

    So many are kept in memory that calls go on being answered while the database is away.
    """

    def __init__(self, database: Database, *, low: int = AHEAD) -> None:
        self._database = database
        self._low = low
        self._blocks: deque[range] = deque()
        self._next = 0
        self._end = 0
        self._wanted = asyncio.Event()

    def take(self) -> int:
        """The next QueueID. JournalFull when all reserved ones are used and the database is still away."""
        if self._next >= self._end:
            if not self._blocks:
                self._wanted.set()
                raise JournalFull("no QueueID is left while the database is away")
            block = self._blocks.popleft()
            self._next, self._end = block.start, block.stop
        if self.left <= self._low:
            self._wanted.set()
        taken = self._next
        self._next += 1
        return taken

    async def take_many(self, count: int) -> list[int]:
        """So many QueueIDs, in order, reserved now where that is needed. StoreError."""
        while self.left < count:
            await self.reserve()
        return [self.take() for _ in range(count)]

    @property
    def left(self) -> int:
        """How many ids can be taken without the database."""
        return self._end - self._next + sum(len(block) for block in self._blocks)

    async def reserve(self) -> None:
        """Reserve one more block. StoreError when the database does not answer."""
        block = await self._database.fetchval("reserve_queue_ids")
        self._blocks.append(range(block * BLOCK, block * BLOCK + BLOCK))

    async def run(self) -> None:
        """Keep enough of them ahead, until cancelled."""
        while True:
            self._wanted.clear()
            while self.left <= self._low:
                try:
                    await self.reserve()
                except StoreError as error:
                    log.warning("no new block of QueueIDs yet", reason=str(error), left=self.left)
                    await asyncio.sleep(1.0)
            await self._wanted.wait()
