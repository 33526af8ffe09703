"""Old texts are removed. Opt-outs stay: for them there is no too long ago."""

from __future__ import annotations

import asyncio
from typing import NoReturn

import structlog

from controller.errors import StoreError
from controller.store.database import Database

log = structlog.get_logger()

DAY_SECONDS = 86_400.0
HOUR_SECONDS = 3600.0
AT_ONCE = 2000


class TextRetention:
    """Removes texts that are over and older than so many days."""

    def __init__(self, database: Database, keep_days: float) -> None:
        self._database = database
        self._keep_seconds = keep_days * DAY_SECONDS

    async def run(self) -> NoReturn:
        """Every hour, until cancelled."""
        while True:
            try:
                if removed := await self.sweep():
                    log.info("old texts removed", texts=removed)
            except StoreError as error:
                log.warning("old texts were not removed", reason=str(error))
            await asyncio.sleep(HOUR_SECONDS)

    async def sweep(self) -> int:
        """Remove them now; gives how many. StoreUnreachable."""
        removed = 0
        while True:
            count = int(await self._database.fetchval("remove_old_texts", self._keep_seconds, AT_ONCE) or 0)
            removed += count
            if count < AT_ONCE:
                return removed
