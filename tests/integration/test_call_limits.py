"""Limits of calls over two controllers on one database: pace, channels of a trunk, calls of a key at one time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from controller.calls.model.order import Order
from controller.calls.store.call_limits import CallLimits
from controller.calls.store.call_queue import KeyLimits, RouteLimits
from controller.directory.snapshot import Snapshot
from controller.resources import QUERIES
from controller.store.database import Database
from controller.store.queries import Queries
from tests.support.calls import KEY, CallsRoom, calls_room, snapshot
from tests.support.fake_ari import FakeAri
from tests.support.fake_switch import FakeChannel
from tests.support.outgoing import FAST, THEM, directory, over, somebody
from tests.support.patience import until
from tests.support.sql import sql

IN = r"~\WaitForDTMF(60)~"


@asynccontextmanager
async def two(postgres: str, known: Snapshot) -> AsyncIterator[tuple[list[FakeAri], list[CallsRoom]]]:
    """Two controllers, each with an Asterisk of its own."""
    async with AsyncExitStack() as stack:
        fakes = [await stack.enter_async_context(FakeAri()) for _ in range(2)]
        rooms = [
            await stack.enter_async_context(calls_room(fake, postgres, known, f"controller-{name}", asterisk=name))
            for name, fake in zip(("one", "other"), fakes, strict=True)
        ]
        yield fakes, rooms


async def queued(room: CallsRoom, number: int, script: str = "Hello") -> list[int]:
    orders = [Order(somebody(index), script) for index in range(number)]
    taken = await room.notifications.take_all(orders, room.directory.snapshot.license_keys[KEY.name])
    return [each.queue_id for each in taken]  # type: ignore[union-attr]


def most_in_a_second(times: Sequence[float]) -> int:
    return max(sum(1 for time in times if start <= time < start + 1) for start in times)


async def test_slots_are_an_interval_apart_whoever_takes_them(postgres: str) -> None:
    queries = Queries.load(QUERIES)
    databases = [await Database.connect(postgres, queries) for _ in range(2)]
    limits = [CallLimits(database) for database in databases]

    async def take(by: CallLimits) -> None:
        for _ in range(25):
            assert await by.slot("trunk:carrier", 0.05, lead=0.0, longest=60.0) is not None

    try:
        (now,) = await sql(databases[0], "SELECT clock_timestamp() AS at")
        await asyncio.gather(*(take(each) for each in limits))
        (slot,) = await sql(databases[0], "SELECT next_at FROM call_slots WHERE scope = 'trunk:carrier'")
        assert (slot["next_at"] - now["at"]).total_seconds() >= 50 * 0.05, "no two got the same slot"
        await limits[0].slot("trunk:slow", 90.0, lead=0.0, longest=60.0)
        assert await limits[1].slot("trunk:slow", 90.0, lead=0.0, longest=60.0) is None, "too long a wait"
        later = await limits[1].slot("trunk:other", 0.05, lead=0.2, longest=0.5)
        assert later is not None
        assert later > 0.1
    finally:
        for database in databases:
            await database.close()


async def test_two_controllers_dial_no_faster_than_the_trunk_allows(postgres: str) -> None:
    times: list[float] = []
    trunk = replace(FAST, calls_per_second=20)
    async with two(postgres, directory(trunk=trunk)) as (fakes, rooms):
        for fake in fakes:

            def busy(channel: FakeChannel, fake: FakeAri = fake) -> None:
                times.append(asyncio.get_running_loop().time())
                fake.reject(channel.id)

            fake.on_originate = busy
        ids = await queued(rooms[0], 50)
        rooms[1].dialer.wake()
        for queue_id in ids:
            assert (await over(rooms[0], queue_id, timeout=30))[-1] == 8
    assert len(times) == 50, "each number was called once"
    assert most_in_a_second(times) <= 21, "one more may arrive late than left late"
    assert all(fake.gone for fake in fakes), "both controllers dialled"


async def test_two_controllers_have_no_more_calls_on_a_trunk_than_it_has_channels(postgres: str) -> None:
    dialled: list[tuple[FakeAri, str]] = []
    most = 0
    async with two(postgres, directory(trunk=replace(FAST, channels=3))) as (fakes, rooms):
        for fake in fakes:

            def rings(channel: FakeChannel, fake: FakeAri = fake) -> None:
                nonlocal most
                dialled.append((fake, channel.id))
                most = max(most, sum(len(each.channels) for each in fakes))

            fake.on_originate = rings
        ids = await queued(rooms[0], 8)
        rooms[1].dialer.wake()
        for gone in range(8):
            await until(lambda gone=gone: len(dialled) >= min(8, 3 + gone))  # type: ignore[misc]
            fake, channel_id = dialled[gone]
            fake.reject(channel_id)
        for queue_id in ids:
            assert (await over(rooms[0], queue_id))[-1] == 8
    assert most == 3


async def test_a_key_has_no_more_calls_at_once_whichever_controllers_they_come_in_at(postgres: str) -> None:
    known = snapshot({"+12015550101": IN})
    key = replace(KEY, max_calls=3)
    dids = {number: replace(did, voice=key) for number, did in known.dids.items()}
    known = replace(known, license_keys={key.name: key}, dids=dids, trunks={FAST.name: FAST})
    async with two(postgres, known) as (fakes, rooms):
        for fake in fakes:
            for _ in range(4):
                fake.incoming_call()
        await until(lambda: sum(len(fake.gone) for fake in fakes) == 5)
        assert sum(len(fake.channels) for fake in fakes) == 3
        await queued(rooms[0], 1)
        claimed = await rooms[1].dialer.claim([KeyLimits(key.name, 3)], RouteLimits(FAST.name), 1)
        assert (claimed.calls, claimed.held_up) == ([], True), "the calls that came in count for those that are placed"
        busy = next(fake for fake in fakes if fake.channels)
        busy.hang_up(next(iter(busy.channels)))
        await until(lambda: sum("try" in channel for fake in fakes for channel in fake.channels) == 1)


async def test_legs_of_two_controllers_share_the_channels_of_a_trunk(postgres: str) -> None:
    known = snapshot({"+12015550101": rf"~\TransferTo({THEM})~ {IN}"})
    known = replace(known, trunks={FAST.name: replace(FAST, channels=1)})
    async with two(postgres, known) as (fakes, rooms):
        for fake in fakes:
            fake.on_originate = lambda leg, fake=fake: fake.ringing(leg.id)
            fake.incoming_call()

        def legs() -> list[str]:
            return [leg for fake in fakes for leg in fake.channels if leg.endswith("-transfer")]

        async def failed() -> int:
            return sum(fields.get("result") == "failed" for _, fields in await rooms[0].trace())

        await until(lambda: legs() and failed())
        assert len(legs()) == 1
        fake = next(fake for fake in fakes if legs()[0] in fake.channels)
        fake.reject(legs()[0])
        await until(lambda: not legs())

        async def on_no_route() -> bool:
            return not await sql(rooms[0].database, "SELECT FROM calls WHERE transfer_routes <> '{}'")

        await until(on_no_route)
