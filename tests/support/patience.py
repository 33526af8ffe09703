"""How long a test waits for what has to happen: longer than a slow machine takes, so that only a mistake ends it."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable

LONGEST_WAIT = 60.0
"""Seconds. What comes in time costs none of them; a test that proves that something is quick says so with its own."""
_PAUSE_SECONDS = 0.02


async def until(condition: Callable[[], object | Awaitable[object]], timeout: float = LONGEST_WAIT) -> None:
    """Wait until a condition holds that tells of itself to nobody: a row, a file, another process. TimeoutError.

    What does tell of itself, an event or a queue, is waited for by itself.
    """
    async with asyncio.timeout(timeout):
        while True:
            holds = condition()
            if await holds if inspect.isawaitable(holds) else holds:
                return
            await asyncio.sleep(_PAUSE_SECONDS)
