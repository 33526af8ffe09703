"""The feed: what happens on calls, as it happens, for whoever watches (`ringpost try`, a console)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from controller.calls.model.call import Call, TraceLine

QUEUED_AT_MOST = 1000


class CallFeed:
    """Passes each trace line on to the watchers. A watcher that does not keep up loses lines, never a call."""

    def __init__(self) -> None:
        self._watchers: set[asyncio.Queue[tuple[Call, TraceLine]]] = set()

    def publish(self, call: Call, line: TraceLine) -> None:
        """Tell every watcher; costs nothing when there is none."""
        for watcher in self._watchers:
            if not watcher.full():
                watcher.put_nowait((call, line))

    @contextmanager
    def watch(self) -> Iterator[asyncio.Queue[tuple[Call, TraceLine]]]:
        """A queue of what happens from now on, until the context ends."""
        queue: asyncio.Queue[tuple[Call, TraceLine]] = asyncio.Queue(QUEUED_AT_MOST)
        self._watchers.add(queue)
        try:
            yield queue
        finally:
            self._watchers.discard(queue)
