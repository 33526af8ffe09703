"""The dialer on a store in memory: whose call is next, and how many may begin."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.calls.model.order import Order
from controller.calls.model.states import CallState
from controller.calls.store.call_queue import KeyLimits, RouteLimits
from controller.directory.snapshot import LicenseKey
from tests.support.calls import KEY
from tests.support.memory_ari import MemoryAri
from tests.support.memory_room import MemoryRoom, memory_room
from tests.support.outgoing import FAST, THEM, directory, somebody

OTHER = replace(KEY, name="other", key="7f6c1a52-0000-4000-8000-000000000002")


async def placed(room: MemoryRoom, number: str = THEM, key: LicenseKey = KEY, **order: object) -> int:
    return (await room.calls.notifications.take(Order(number, "Hello", **order), key)).queue_id  # type: ignore[arg-type]


def made(fake: MemoryAri) -> list[str]:
    return [request.query["endpoint"] for request in fake.requests_of("POST", "channels/create")]


def waiting(room: MemoryRoom) -> int:
    return sum(row["state"] == CallState.QUEUED for row in room.store.tables.calls.values())


async def test_keys_take_turns_however_many_calls_one_of_them_has() -> None:
    fake = MemoryAri()
    fake.on_originate = lambda channel: fake.reject(channel.id)
    async with memory_room(fake, directory(KEY, OTHER), dialling=False) as room:
        for index in range(6):
            await placed(room, somebody(index))
        last = await placed(room, somebody(99), OTHER)
        async with memory_room(fake, directory(KEY, OTHER), room.store):
            await room.store.over(last)
        assert any("1201556" + "0099" in endpoint for endpoint in made(fake)[:2])


async def test_a_trunk_has_no_more_calls_than_channels() -> None:
    fake = MemoryAri()
    async with memory_room(fake, directory(trunk=replace(FAST, channels=2))) as room:
        for index in range(4):
            await placed(room, somebody(index))
        await fake.asked("POST", ".*/dial", count=2)
        assert (len(made(fake)), waiting(room)) == (2, 2)
        fake.reject(next(iter(fake.channels)))
        await fake.asked("POST", ".*/dial", count=3)
        assert (len(made(fake)), waiting(room)) == (3, 1)


async def test_a_key_has_no_more_calls_at_one_time_than_it_may() -> None:
    fake, key = MemoryAri(), replace(KEY, max_calls=1)
    async with memory_room(fake, directory(key)) as room:
        for index in range(2):
            await placed(room, somebody(index), key)
        await fake.asked("POST", ".*/dial")
        assert waiting(room) == 1
        fake.reject(next(iter(fake.channels)))
        await fake.asked("POST", ".*/dial", count=2)


async def test_a_call_is_not_dialled_before_its_time() -> None:
    fake = MemoryAri()
    async with memory_room(fake, directory()) as room:
        later = await placed(room, at=datetime.now(UTC) + timedelta(hours=1))
        now = await placed(room, somebody(1))
        await fake.asked("POST", ".*/dial")
        states = {queue_id: row["state"] for queue_id, row in room.store.tables.calls.items()}
        assert states == {later: CallState.QUEUED, now: CallState.DIALLING}


async def test_nothing_is_claimed_while_asterisk_is_away() -> None:
    fake = MemoryAri()
    fake.client.lose()
    async with memory_room(fake, directory()) as room:
        await placed(room)
        assert "claim_calls" not in room.store.asked
        fake.on_originate = lambda channel: fake.reject(channel.id)
        fake.client.regain()
        room.calls.dialer.wake()
        await fake.asked("POST", ".*/dial")


async def test_nothing_is_claimed_for_a_route_that_nobody_waits_for() -> None:
    fake = MemoryAri()
    async with memory_room(fake, directory()) as room:
        await placed(room)
        await fake.asked("POST", ".*/dial")
        asked = len(room.store.asked)
        for _ in range(2):
            looked = room.store.asked.count("waiting_routes")
            room.calls.dialer.wake()
            await room.store.until(lambda looked=looked: room.store.asked.count("waiting_routes") > looked)  # type: ignore[misc]
        assert "claim_calls" not in room.store.asked[asked:]


async def test_a_store_that_is_away_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.calls.outgoing.dialer.AGAIN_SECONDS", 0.01)
    fake = MemoryAri()
    fake.on_originate = lambda channel: fake.reject(channel.id)
    async with memory_room(fake, directory()) as room:
        room.store.away = True
        room.calls.dialer.wake()
        asked = len(room.store.asked)
        await room.store.until(lambda: room.store.asked[asked:].count("waiting_routes") >= 2)
        room.store.away = False
        assert await room.store.over(await placed(room)) == [12, 8]


async def test_calls_through_a_trunk_that_is_gone_wait_for_the_one_that_leads_there_now() -> None:
    fake = MemoryAri()
    fake.on_originate = lambda channel: fake.reject(channel.id)
    async with memory_room(fake, directory(), dialling=False) as room:
        queue_id = await placed(room)
        now = directory(trunk=replace(FAST, name="another"))
        async with memory_room(fake, now, room.store):
            assert await room.store.over(queue_id) == [12, 8]
        assert made(fake) == ["PJSIP/+12015550188@another"]
        assert room.store.tables.calls[queue_id]["tries"] == 1


async def test_a_claim_makes_the_transition_of_the_model() -> None:
    fake = MemoryAri()
    async with memory_room(fake, directory(), dialling=False) as room:
        queue_id = await placed(room)
        ours, route = [KeyLimits(KEY.name)], RouteLimits("carrier")
        (stored,) = (await room.calls.dialer.claim(ours, route, 1)).calls
        assert (stored.call.state, stored.call.tries, stored.call.due_at) == (CallState.CLAIMED, 1, None)
        assert not (await room.calls.dialer.claim(ours, route, 1)).calls
        assert room.store.tables.calls[queue_id]["state"] == CallState.CLAIMED
