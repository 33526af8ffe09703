"""Speech: the characters that were synthesized for a key. What was synthesized before uses nothing."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import NoReturn
from uuid import uuid4

import structlog

from controller.errors import StoreError
from controller.metering.metrics import UsageMetrics
from controller.metering.store.records import write_usage
from controller.metering.usage import UsageProduct, UsageRecord
from controller.store.database import Database

log = structlog.get_logger()

AGAIN_SECONDS = 5.0
AT_ONCE = 500
MOST_WAITING = 100_000


class SpeechUsage:
    """Writes what synthesized speech uses, at once, or when the database is there again: no call waits for it.

    now: gives the time in UTC.
    """

    def __init__(self, database: Database, metrics: UsageMetrics, now: Callable[[], datetime]) -> None:
        self._database = database
        self._metrics = metrics
        self._now = now
        self._waiting: deque[UsageRecord] = deque(maxlen=MOST_WAITING)
        self._wake = asyncio.Event()

    def made(self, license_key: str, text: str) -> None:
        """A text was synthesized for a key, by its name."""
        self._waiting.append(
            UsageRecord(f"{UsageProduct.SPEECH}:{uuid4()}", license_key, UsageProduct.SPEECH, len(text), self._now())
        )
        self._wake.set()

    async def run(self) -> NoReturn:
        """Write what there is, until cancelled, and then once more."""
        try:
            while True:
                await self._wake.wait()
                try:
                    await self._write()
                except StoreError as error:
                    log.warning("the usage of speech is written later", reason=str(error), waiting=len(self._waiting))
                    await asyncio.sleep(AGAIN_SECONDS)
        finally:
            with suppress(StoreError):
                await self._write()

    async def _write(self) -> None:
        while self._waiting:
            records = [self._waiting[place] for place in range(min(AT_ONCE, len(self._waiting)))]
            await write_usage(self._database, records)
            for _ in records:
                self._waiting.popleft()
            self._metrics.count(records)
        self._wake.clear()
