"""Receivers of post-backs for tests: the project's own, and plain ones that misbehave on the wire."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from controller.egress.guard import Guard
from controller.postbacks.delivery import Delivery, DeliveryOptions
from controller.postbacks.poster import PostingOptions
from controller.postbacks.receiver import Behaviour, Received, Receiver
from controller.postbacks.schedule import Schedule
from controller.store.database import Database
from tests.support.patience import LONGEST_WAIT

QUICK = DeliveryOptions(
    schedule=Schedule(delays=(0.0, 0.05, 0.05, 0.05), jitter=0.0),
    posting=PostingOptions(connect_seconds=30.0, total_seconds=30.0),
    poll_seconds=0.2,
    drain_seconds=2.0,
)
"""Delivery with delays that a test can wait for."""


class ListeningReceiver:
    """A receiver on a free port that can be waited on."""

    def __init__(self, behaviour: Behaviour | None = None, secrets: tuple[str, ...] = ()) -> None:
        self.receiver = Receiver(behaviour=behaviour, secrets=secrets, keep=100_000, on_received=self._note)
        self._changed = asyncio.Event()
        self.port = 0

    @property
    def received(self) -> list[Received]:
        """All post-backs so far."""
        return list(self.receiver.received)

    @property
    def url(self) -> str:
        """Where to post to."""
        return f"http://127.0.0.1:{self.port}/calls"

    def _note(self, _received: Received) -> None:
        self._changed.set()

    async def wait_for(self, count: int) -> list[Received]:
        """Until so many arrived."""
        return await self.wait_until(lambda received: len(received) >= count)

    async def wait_until(self, enough: Callable[[list[Received]], bool]) -> list[Received]:
        """Until what arrived is enough."""
        async with asyncio.timeout(LONGEST_WAIT):
            while not enough(self.received):
                self._changed.clear()
                await self._changed.wait()
        return self.received


@asynccontextmanager
async def receiving(
    behaviour: Behaviour | None = None, *, secrets: tuple[str, ...] = ()
) -> AsyncIterator[ListeningReceiver]:
    """A receiver that listens."""
    listening = ListeningReceiver(behaviour, secrets)
    runner = await listening.receiver.start(0)
    listening.port = _port(runner)
    try:
        yield listening
    finally:
        await runner.cleanup()


def _port(runner: web.AppRunner) -> int:
    port: int = runner.addresses[0][1]
    return port


@asynccontextmanager
async def delivering(database: Database, options: DeliveryOptions = QUICK, **parts: object) -> AsyncIterator[Delivery]:
    """A running deliverer that may post to the loopback; at the end of the block all results are recorded."""
    delivery = Delivery(database, Guard(["127.0.0.0/8", "::1/128"]), options, **parts)  # type: ignore[arg-type]
    task = asyncio.create_task(delivery.run())
    try:
        yield delivery
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait_for(task, LONGEST_WAIT)


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A TCP server on a free port of 127.0.0.1; gives the port. Its connections end with it."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """The head and the body of one request."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0].strip()
    return head + await reader.readexactly(int(length or 0))
