"""No post-back is lost and no order broken, whatever dies."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from controller.egress.guard import Guard
from controller.embedded.postgres_server import FAST, PostgresServer
from controller.postbacks.delivery import Delivery
from controller.postbacks.outbox import Postback, enqueue
from controller.resources import MIGRATIONS
from controller.store.database import Database
from controller.store.migrations import Migrations
from tests.support.deliverers import STUBBORN, nursery
from tests.support.outbox import QUERIES, postback
from tests.support.receiving import read_request, serving

LONGEST = 50.0
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Tally:
    """Answers post-backs and remembers what it answered, in order; may cut the connection instead."""

    def __init__(self, cut_share: float = 0.0) -> None:
        self.ids: list[str] = []
        self.orders: dict[str, list[int]] = defaultdict(list)
        self.cut = 0
        self._cut_share = cut_share
        self._random = random.Random(4)
        self._changed = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        while True:
            head, _, body = (await read_request(reader)).partition(b"\r\n\r\n")
            if self._random.random() < self._cut_share:
                self.cut += 1
                return
            headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
            self.ids.append(headers["webhook-id"])
            self.orders[body.decode().partition("&")[0]].append(int(headers["Ringpost-Sequence"]))
            self._changed.set()
            writer.write(OK)
            await writer.drain()

    async def wait_for(self, count: int, *, different: bool = False) -> None:
        """Until so many arrived; `different`: repeats not counted."""
        async with asyncio.timeout(LONGEST):
            while (len(set(self.ids)) if different else len(self.ids)) < count:
                self._changed.clear()
                await self._changed.wait()

    def check(self, sent: Sequence[Postback], what: str) -> None:
        """Every id at least once, each call's events for the first time in their order; prints the repeats."""
        assert {str(postback.id) for postback in sent} == set(self.ids)
        for order in self.orders.values():
            assert list(dict.fromkeys(order)) == sorted(set(order))
        print(f"{what}: {len(sent)} delivered, {len(self.ids) - len(sent)} repeats, {self.cut} connections cut")


def events(calls: int, each: int, port: int) -> list[Postback]:
    """So many events of so many calls."""
    url = f"http://127.0.0.1:{port}/"
    return [postback(f"call:{call}", sequence=n, url=url) for n in range(1, each + 1) for call in range(calls)]


async def put(database: Database, postbacks: Sequence[Postback]) -> None:
    for first in range(0, len(postbacks), 1000):
        async with database.transaction() as transaction:
            await enqueue(transaction, postbacks[first : first + 1000])


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[Database]:
    database = await Database.connect(postgres, QUERIES)
    yield database
    await database.close()


async def test_fifty_kills_during_ten_thousand_deliveries_lose_nothing(postgres: str, database: Database) -> None:
    tally = Tally()
    async with serving(tally.serve) as port, nursery(postgres) as deliverers:
        sent = events(2000, 5, port)
        await put(database, sent)
        pid = await deliverers.spawn()
        for kill in range(1, 51):
            await tally.wait_for(kill * len(sent) // 51)
            deliverers.kill(pid)
            pid = await deliverers.spawn()
        await tally.wait_for(len(sent), different=True)
    tally.check(sent, "50 kills")


async def test_a_receiver_that_drops_connections_gets_everything(postgres: str, database: Database) -> None:
    tally = Tally(cut_share=0.2)
    async with serving(tally.serve) as port, nursery(postgres) as deliverers:
        sent = events(200, 5, port)
        await put(database, sent)
        await deliverers.spawn()
        await deliverers.spawn()
        await tally.wait_for(len(sent), different=True)
    tally.check(sent, "dropped connections")
    assert tally.cut > 100


async def test_postgresql_restarted_during_delivery_is_picked_up_again(postgres_folder: Path) -> None:
    server = PostgresServer(postgres_folder / "restarted", logs=postgres_folder / "restarted-logs", settings=FAST)
    await server.start(timeout=60)
    try:
        await Migrations(MIGRATIONS).apply(server.dsn)
        database = await Database.connect(server.dsn, QUERIES)
        tally = Tally()
        async with serving(tally.serve) as port:
            sent = events(1000, 3, port)
            await put(database, sent)
            # A group, so that a deliverer that gives up fails the test at once.
            async with asyncio.TaskGroup() as parts:
                delivery = parts.create_task(Delivery(database, Guard(["127.0.0.0/8"]), STUBBORN).run())
                for part in (1, 2):
                    await tally.wait_for(part * len(sent) // 3)
                    await server.stop()
                    await server.start(timeout=60)
                await tally.wait_for(len(sent), different=True)
                delivery.cancel()
        await database.close()
        tally.check(sent, "PostgreSQL restarted twice")
    finally:
        await server.stop()
