"""Shared work: who asks for what is being made already waits for that, and nothing is made twice at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class SharedWork(Generic[T]):
    """Work by key. It belongs to those who wait for it: when the last of them is cancelled, so is the work."""

    def __init__(self) -> None:
        self._running: dict[str, _Work[T]] = {}

    async def do(self, key: str, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result of `make()`, or of the same work that is running already; its error goes to all who wait."""
        work = self._running.get(key)
        if work is None:
            work = self._running[key] = _Work(asyncio.create_task(make()))
        work.waiting += 1
        try:
            return await asyncio.shield(work.task)
        finally:
            work.waiting -= 1
            if not work.waiting:
                if self._running.get(key) is work:
                    del self._running[key]
                await _end(work.task)


class _Work(Generic[T]):
    def __init__(self, task: asyncio.Task[T]) -> None:
        self.task = task
        self.waiting = 0


async def _end(task: asyncio.Task[Any]) -> None:
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
    if not task.cancelled():
        # Somebody who was cancelled did not look at it; asyncio would complain.
        task.exception()
