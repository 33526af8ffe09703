"""Retention: calls that ended long ago leave the store with their traces, for they hold numbers and digits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from controller.errors import StoreError
from controller.store.database import Database

log = structlog.get_logger()

EVERY_SECONDS = 3600.0
STEP_CALLS = 500
PAUSE_SECONDS = 0.05


class CallRetention:
    """Removes, in steps small enough to hold nobody up, what ended more than `keep_days` ago."""

    def __init__(self, database: Database, keep_days: float, now: Callable[[], datetime]) -> None:
        self._database = database
        self._keep = timedelta(days=keep_days)
        self._now = now

    async def run(self) -> None:
        """Look every hour, until cancelled."""
        while True:
            try:
                if removed := await self.remove():
                    log.info("old calls removed", calls=removed)
            except StoreError as error:
                log.warning("old calls were not removed", reason=str(error))
            await asyncio.sleep(EVERY_SECONDS)

    async def remove(self, *, step: int = STEP_CALLS) -> int:
        """Remove all that is old enough now; how many calls. StoreError."""
        removed = 0
        while True:
            count: int = await self._database.fetchval("remove_old_calls", self._now() - self._keep, step)
            removed += count
            if count < step:
                return removed
            await asyncio.sleep(PAUSE_SECONDS)
