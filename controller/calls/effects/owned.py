"""Ownership: what an effect makes in Asterisk is removed when the effect ends, whatever ends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from controller.calls.line.line import Line, Lost
from controller.errors import AsteriskError, AsteriskNotFound, AsteriskUnreachable

log = structlog.get_logger()

# A removal that Asterisk does not answer must not hold up the end of a call; recovery sweeps what it leaves.
REMOVE_SECONDS = 10.0


@asynccontextmanager
async def owned(line: Line, what: str, remove: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """Own what is made inside the context: `remove` is awaited at its end. `what`: its name in the log.

    It is removed after an end, a failure, a hang-up and a time-out, also if it was only about to be made. It stays in
    two cases, and whoever carries the effect out again finds it by its id: when the connection to Asterisk was lost,
    and when the line is handed over to the next controller.
    """
    stays = False
    try:
        yield
    except (Lost, AsteriskUnreachable):
        stays = True
        raise
    except asyncio.CancelledError:
        stays = line.handed_over
        raise
    finally:
        if not stays:
            await removed(what, remove)


async def removed(what: str, remove: Callable[[], Awaitable[object]]) -> None:
    """Remove what may be there; what is gone already is fine, and what cannot be removed is left to recovery."""
    try:
        async with asyncio.timeout(REMOVE_SECONDS):
            await remove()
    except AsteriskNotFound:
        pass
    except (AsteriskError, TimeoutError) as error:
        log.warning("what a call made in Asterisk was not removed", what=what, reason=str(error) or "no answer in time")
