"""The feed: what happens on calls, as it happens, for whoever watches (`ringpost try`, a console)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from controller.calls.model.call import Call, TraceLine

QUEUED_AT_MOST = 1000


@dataclass(frozen=True, slots=True)
class FeedLine:
    """A line of a call's trace in the feed. lost: how many lines this watcher has lost just before it, of all calls."""

    number: int
    call: Call
    line: TraceLine
    lost: int = 0


class CallFeed:
    """Passes each trace line on to the watchers, numbered. One that does not keep up loses lines, and is told so."""

    def __init__(self) -> None:
        self._number = 0
        self._watchers: dict[asyncio.Queue[FeedLine], int] = {}

    def publish(self, call: Call, line: TraceLine) -> None:
        """Tell every watcher; costs nothing when there is none."""
        self._number += 1
        for watcher, lost in self._watchers.items():
            if watcher.full():
                self._watchers[watcher] = lost + 1
            else:
                watcher.put_nowait(FeedLine(self._number, call, line, lost))
                self._watchers[watcher] = 0

    @contextmanager
    def watch(self) -> Iterator[asyncio.Queue[FeedLine]]:
        """A queue of what happens from now on, until the context ends."""
        queue: asyncio.Queue[FeedLine] = asyncio.Queue(QUEUED_AT_MOST)
        self._watchers[queue] = 0
        try:
            yield queue
        finally:
            del self._watchers[queue]
