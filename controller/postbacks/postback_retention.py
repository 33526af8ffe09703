"""Retention: old post-backs are removed in small steps, which no delivery notices."""

from __future__ import annotations

import asyncio
from typing import NoReturn

import structlog

from controller.errors import StoreError
from controller.store.database import Database

log = structlog.get_logger()

STEP_ROWS = 500
PAUSE_SECONDS = 0.2
EVERY_SECONDS = 3600.0
DAY = 86_400.0


class Retention:
    """Removes what is older than `keep_days` and no longer waits."""

    def __init__(self, database: Database, keep_days: float) -> None:
        self._database = database
        self._keep_seconds = keep_days * DAY

    async def run(self) -> NoReturn:
        """Remove once an hour, until cancelled."""
        while True:
            try:
                removed = await self.remove()
                if removed:
                    log.info("old post-backs were removed", count=removed)
            except StoreError as error:
                log.warning("old post-backs could not be removed", reason=str(error))
            await asyncio.sleep(EVERY_SECONDS)

    async def remove(self, *, step: int = STEP_ROWS, pause: float = PAUSE_SECONDS) -> int:
        """Remove all that is old enough, `step` rows in one transaction, `pause` seconds between; gives how many."""
        total = 0
        while True:
            removed: int = await self._database.fetchval("remove_old_postbacks", self._keep_seconds, step)
            total += removed
            if removed < step:
                return total
            await asyncio.sleep(pause)
