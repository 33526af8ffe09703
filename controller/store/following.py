"""What is in memory follows what is stored, whichever controller or command changes it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

import structlog

from controller.errors import StoreError
from controller.store.database import Database

log = structlog.get_logger()

RETRY_SECONDS = 2.0


async def follow(database: Database, channel: str, load: Callable[[], Awaitable[object]], what: str) -> NoReturn:
    """Call `load` at once, and again for every NOTIFY on the channel, until cancelled.

    A `load` that raises StoreError is called again after a moment. what: what is loaded, for the log: "the grants".
    """
    changed = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(database.listen(channel, lambda _payload: changed.set()))
        while True:
            await changed.wait()
            changed.clear()
            try:
                await load()
            except StoreError as error:
                log.warning("what is stored could not be loaded", what=what, reason=str(error))
                await asyncio.sleep(RETRY_SECONDS)
                changed.set()
