"""The live parts of pages: server-sent events that carry a part of the page, as the server renders it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress

import structlog
from aiohttp import web
from aiohttp_sse import EventSourceResponse

from controller.api.console.gate import Gate
from controller.api.console.languages import mark
from controller.api.console.visit import Visit
from controller.api.page_headers import PAGE_HEADERS
from controller.calls.feed import CallFeed, FeedLine
from controller.errors import StoreError

log = structlog.get_logger()

# A part is rendered again after something has happened, and as often as this where other controllers may have made it.
AT_LEAST_EVERY_SECONDS = 2.0
# What the feed tells is stored within moments.
STORED_SECONDS = 0.2
BETWEEN_SECONDS = 0.8
# So many watchers of one part are served in a second: the more there are, the rarer each is told.
WATCHERS_PER_SECOND = 100
STILL_LOGGED_IN_SECONDS = 30.0
MOST_STREAMS = 500
PING_SECONDS = 10.0
# A watcher who takes nothing for so long is let go.
SEND_SECONDS = 20.0

Render = Callable[[], Awaitable[str]]


class Audience:
    """Those who watch the same part. It is rendered once for all of them, by the first one's request."""

    def __init__(self, feed: CallFeed, render: Render) -> None:
        self._feed = feed
        self._render = render
        self._watchers: set[asyncio.Event] = set()
        self._task: asyncio.Task[None] | None = None
        self._latest = b""

    def __len__(self) -> int:
        """How many watch."""
        return len(self._watchers)

    async def parts(self) -> AsyncGenerator[bytes]:
        """The part as an event, at once and whenever it has changed."""
        changed = asyncio.Event()
        self._watchers.add(changed)
        if self._task is None:
            self._task = asyncio.create_task(self._follow())
        elif self._latest:
            changed.set()
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(STILL_LOGGED_IN_SECONDS):
                        await changed.wait()
                yield self._latest if changed.is_set() else b""
                changed.clear()
        finally:
            self._watchers.discard(changed)
            if not self._watchers and self._task is not None:
                self._task.cancel()
                self._task, self._latest = None, b""

    async def _follow(self) -> None:
        with self._feed.watch() as happenings:
            while True:
                await self._tell()
                await asyncio.sleep(max(BETWEEN_SECONDS, len(self._watchers) / WATCHERS_PER_SECOND))
                await something_happens(happenings)

    async def _tell(self) -> None:
        """Render the part, and tell the watchers if it has changed."""
        try:
            event = as_event("part", await self._render())
        except StoreError:
            return  # what was shown stays; it is tried again
        except Exception:
            log.exception("a live part of the console was not rendered")
            return
        if event != self._latest:
            self._latest = event
            for changed in self._watchers:
                changed.set()


async def something_happens(happenings: asyncio.Queue[FeedLine], queue_id: int | None = None) -> None:
    """Wait until something happened on a call, or on any, and is stored; or for a while."""
    with suppress(TimeoutError):
        async with asyncio.timeout(AT_LEAST_EVERY_SECONDS):
            while (await happenings.get()).call.queue_id != queue_id and queue_id is not None:
                pass
            await asyncio.sleep(STORED_SECONDS)
    while not happenings.empty():
        happenings.get_nowait()


def as_event(name: str, text: str) -> bytes:
    """An event of a stream; the text's lines become one."""
    return f"event: {name}\r\ndata: {' '.join(text.split())}\r\n\r\n".encode()


class Streams:
    """Every open stream of this controller: so many at most, each no longer than its session."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._open = 0

    async def stream(self, visit: Visit, events: AsyncGenerator[bytes]) -> web.StreamResponse:
        """Send events until there are no more, the watcher leaves, or the session is over. Empty ones are not sent."""
        if self._open >= MOST_STREAMS:
            raise web.HTTPServiceUnavailable(
                text=mark("Too many pages are live already."), headers={"Retry-After": "10"}
            )
        self._open += 1
        try:
            response = EventSourceResponse(headers=PAGE_HEADERS, ping_interval=PING_SECONDS, send_timeout=SEND_SECONDS)
            with suppress(ConnectionResetError, TimeoutError):
                await response.prepare(visit.request)
                async with response, aclosing(events):
                    await self._send(visit, response, events)
            return response
        finally:
            self._open -= 1

    async def _send(self, visit: Visit, response: EventSourceResponse, events: AsyncGenerator[bytes]) -> None:
        loop = asyncio.get_running_loop()
        checked = loop.time()
        async for event in events:
            if not response.is_connected():
                return
            if loop.time() - checked >= STILL_LOGGED_IN_SECONDS:
                checked = loop.time()
                with suppress(StoreError):
                    if not await self._gate.session_lasts(visit):
                        return
            if event:
                async with asyncio.timeout(SEND_SECONDS):
                    await response.write(event)
