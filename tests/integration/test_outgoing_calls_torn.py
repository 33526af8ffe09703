"""Outgoing calls when an answer, a connection or a controller is lost at a bad moment: nobody is called for nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from controller.calls.model.order import Order
from controller.calls.outgoing.attempts import STORED_SECONDS
from controller.calls.store.call_lookup import CallFilter
from controller.calls.store.call_queue import KeyLimits, RouteLimits
from controller.errors import StoreUnreachable
from controller.store.database import Transaction
from tests.support.calls import KEY, CallsRoom, calls_room
from tests.support.fake_ari import FakeAri
from tests.support.fake_switch import FakeChannel
from tests.support.outgoing import THEM, directory, over, posted
from tests.support.patience import LONGEST_WAIT
from tests.support.sql import sql


def at_stasis_start(fake: FakeAri, happens: Callable[[], object]) -> None:
    """The first StasisStart never comes; this happens instead."""
    emit = fake.emit

    def instead(event_type: str, **fields: Any) -> None:
        if event_type == "StasisStart":
            fake.emit = emit  # type: ignore[method-assign]
            happens()
        else:
            emit(event_type, **fields)

    fake.emit = instead  # type: ignore[method-assign]


def dials(fake: FakeAri) -> int:
    return len(fake.requests_of("POST", ".*/dial"))


async def _busy(room: CallsRoom, fake: FakeAri, **order: Any) -> int:
    """Order a call to somebody who is busy whenever the phone rings."""
    fake.on_originate = lambda channel: fake.reject(channel.id)
    return (await room.notifications.take(Order(THEM, "Hello", **order), KEY)).queue_id


async def test_a_connection_that_drops_while_the_channel_is_made_costs_no_try(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        at_stasis_start(fake, fake.drop_connection)
        assert await over(room, await _busy(room, fake)) == [12, 8]
        assert dials(fake) == 1


async def test_a_connection_that_drops_before_anybody_is_called_costs_no_try(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        at_stasis_start(fake, lambda: asyncio.get_running_loop().call_later(0.1, fake.drop_connection))
        assert await over(room, await _busy(room, fake)) == [12, 8]
        assert dials(fake) == 1


async def test_an_asterisk_that_does_not_answer_costs_no_try(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        fake.stall("POST", "channels/create")
        queue_id = await _busy(room, fake)
        await fake.asked("POST", "channels/create")
        fake.drop_connection()
        assert await over(room, queue_id) == [12, 8]


async def test_a_controller_that_stops_before_anybody_is_called_costs_no_try(postgres: str) -> None:
    async with FakeAri() as fake:
        async with calls_room(fake, postgres, directory()) as room:
            made = asyncio.Event()
            at_stasis_start(fake, made.set)
            queue_id = await _busy(room, fake)
            await asyncio.wait_for(made.wait(), LONGEST_WAIT)
        fake.drop_connection()
        async with calls_room(fake, postgres, directory()) as room:
            assert await over(room, queue_id) == [12, 8]
            assert dials(fake) == 1


async def test_a_call_that_the_network_plays_something_to_goes_on_after_a_drop(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        progress = asyncio.Event()

        def plays(channel: FakeChannel) -> None:
            fake.dial(channel, "PROGRESS")
            progress.set()

        fake.on_originate = plays
        taken = await room.notifications.take(Order(THEM, r"~\QuickStart()~ Hello."), KEY)
        await asyncio.wait_for(progress.wait(), LONGEST_WAIT)
        async with asyncio.timeout(LONGEST_WAIT):
            while await posted(room, taken.queue_id) != [12, 19]:
                await asyncio.sleep(0.01)
        connections = room.ari.connections
        fake.drop_connection()
        await fake.until(lambda: room.ari.connections > connections)
        await fake.asked("GET", "channels/ringpost-[^/]*")
        fake.answer(next(iter(fake.channels)))
        assert await over(room, taken.queue_id) == [12, 19, 21, 1]


async def test_a_phone_that_rings_although_the_answer_to_the_dialling_was_lost_is_talked_to(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        fake.stall("POST", ".*/dial")
        taken = await room.notifications.take(Order(THEM, r"~\QuickStart()~ Hello."), KEY)
        await fake.asked("POST", ".*/dial")
        (channel,) = fake.channels.values()
        channel.state = "Ringing"
        fake.drop_connection()
        await fake.asked("GET", "channels/ringpost-[^/]*")
        fake.answer(channel.id)
        assert await over(room, taken.queue_id) == [12, 18, 21, 1]
        assert fake.played == ["say:Hello."]


async def test_an_end_of_a_try_that_is_written_again_does_not_undo_the_next_one(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit of the first try's end is done, and its answer lost; the next try begins before it is repeated."""
    monkeypatch.setattr("controller.calls.store.journal.FIRST_PAUSE_SECONDS", 1.5)
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        execute, lost, written_again = room.database.execute, 0, asyncio.Event()

        async def losing(name: str, /, *values: Any, **named: Any) -> str:
            nonlocal lost
            tag = await execute(name, *values, **named)
            if name == "save_calls" and lost:
                written_again.set()
            elif name == "save_calls" and dialled and any(row["due_at"] for row in json.loads(named["calls"])):
                lost += 1
                raise StoreUnreachable("the answer was lost")
            return tag

        monkeypatch.setattr(room.database, "execute", losing)
        dialled: list[str] = []

        def first_busy(channel: FakeChannel) -> None:
            dialled.append(channel.id)
            if len(dialled) == 1:
                fake.reject(channel.id)
            else:
                fake.ringing(channel.id)

        fake.on_originate = first_busy
        taken = await room.notifications.take(Order(THEM, "Hello", tries=3, next_try_seconds=1), KEY)
        await fake.until(lambda: len(dialled) == 2, timeout=10)
        assert lost == 1
        await asyncio.wait_for(written_again.wait(), LONGEST_WAIT)
        fake.reject(next(iter(fake.channels)))
        await fake.until(lambda: len(dialled) == 3, timeout=10)
        fake.reject(next(iter(fake.channels)))
        assert await over(room, taken.queue_id) == [12, 0, 12, 18, 0, 12, 18, 8]
        assert [name.rpartition("-")[2] for name in dialled] == ["1", "2", "3"]


async def test_a_call_that_ends_while_the_reconciler_looks_ends_once(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing was claimed so recently that the reconciler would leave it alone for that.
    monkeypatch.setattr("controller.calls.recovery.adopt.JUST_CLAIMED_SECONDS", 0.0)
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        rendering, let = asyncio.Event(), asyncio.Event()

        async def slowly(_program: object, _voice: int) -> None:
            rendering.set()
            await let.wait()

        monkeypatch.setattr(room.prompts, "prepare", slowly)
        queue_id = await _busy(room, fake)
        await asyncio.wait_for(rendering.wait(), LONGEST_WAIT)
        fetch = room.database.fetch

        async def looks_and_then_it_ends(name: str, *values: Any, **named: Any) -> Any:
            rows = await fetch(name, *values, **named)
            if name == "open_calls":
                let.set()
                await over(room, queue_id)
            return rows

        monkeypatch.setattr(room.database, "fetch", looks_and_then_it_ends)
        await room.adoption.connected()
        assert await posted(room, queue_id) == [12, 8]


async def test_a_dialer_that_is_cancelled_while_it_claims_gives_back_what_it_took(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        fake.on_originate = lambda channel: fake.reject(channel.id)
        room.dialer.is_connected = lambda: False
        queue_id = (await room.notifications.take(Order(THEM, "Hello"), KEY)).queue_id
        transaction = room.database.transaction
        claimed, let = asyncio.Event(), asyncio.Event()

        @asynccontextmanager
        async def slowly() -> AsyncIterator[Transaction]:
            async with transaction() as begun:
                yield begun
            claimed.set()
            await let.wait()

        room.database.transaction = slowly  # type: ignore[method-assign]
        claiming = asyncio.create_task(room.dialer.claim([KeyLimits(KEY.name)], RouteLimits("carrier"), 1))
        await asyncio.wait_for(claimed.wait(), LONGEST_WAIT)
        claiming.cancel()
        let.set()
        with pytest.raises(asyncio.CancelledError):
            await claiming
        room.database.transaction = transaction  # type: ignore[method-assign]
        assert await room.journal.flush()
        (row,) = await room.lookup.find(CallFilter(queue_id=queue_id, limit=9))
        assert (row.tries, row.due_at is not None) == (0, True)
        room.dialer.is_connected = lambda: True
        assert await over(room, queue_id) == [12, 8]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be begun is begun again soon."""
    monkeypatch.setattr("controller.calls.outgoing.attempts.AGAIN_SECONDS", 0.2)


@pytest.mark.usefixtures("quick")
async def test_a_channel_that_does_not_get_as_far_as_the_application_costs_no_try(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.calls.outgoing.attempts.ENTER_SECONDS", 0.2)
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        at_stasis_start(fake, lambda: None)
        assert await over(room, await _busy(room, fake)) == [12, 8]
        assert dials(fake) == 1


async def test_a_phone_that_rings_after_a_dialling_without_answer_and_a_drop_is_talked_to(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, directory(), request_timeout=0.3) as room:
        fake.stall("POST", ".*/dial")
        fake.stall("GET", "channels/ringpost-[^/]*")
        taken = await room.notifications.take(Order(THEM, r"~\QuickStart()~ Hello."), KEY)
        await fake.asked("GET", "channels/ringpost-[^/]*")
        (channel,) = fake.channels.values()
        channel.state = "Ringing"
        fake.drop_connection()
        await fake.asked("GET", "channels/ringpost-[^/]*", count=2)
        fake.answer(channel.id)
        assert await over(room, taken.queue_id) == [12, 18, 21, 1]


async def test_a_ringing_that_was_not_told_is_seen_and_counts_as_unanswered(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        dialled = asyncio.Event()
        fake.on_originate = lambda _channel: dialled.set()
        taken = await room.notifications.take(Order(THEM, "Hello"), KEY)
        await asyncio.wait_for(dialled.wait(), LONGEST_WAIT)
        (channel,) = fake.channels.values()
        channel.state = "Ringing"
        fake.drop_connection()
        await fake.asked("GET", "channels/ringpost-[^/]*")
        fake.reject(channel.id, cause=19, dial_status="NOANSWER")
        assert await over(room, taken.queue_id) == [12, 18, 2]


async def test_a_claim_whose_answer_is_lost_costs_no_try(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.calls.recovery.adopt.JUST_CLAIMED_SECONDS", 0.0)
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        transaction, lost = room.database.transaction, 0

        @asynccontextmanager
        async def losing() -> AsyncIterator[Transaction]:
            nonlocal lost
            async with transaction() as begun:
                yield begun
            if not lost and await sql(room.database, "SELECT FROM calls WHERE state = 'claimed'"):
                lost += 1
                raise StoreUnreachable("the answer was lost")

        room.database.transaction = losing  # type: ignore[method-assign]
        queue_id = await _busy(room, fake)
        async with asyncio.timeout(LONGEST_WAIT):
            while not lost:
                await asyncio.sleep(0.01)
        await room.adoption.connected()
        assert await over(room, queue_id) == [12, 8]


async def test_a_controller_that_stops_just_before_it_dials_gives_the_call_back(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeAri() as fake:
        async with calls_room(fake, postgres, directory()) as room:
            flush, flushing = room.journal.flush, asyncio.Event()

            async def never(timeout: float = 5.0) -> bool:
                if timeout != STORED_SECONDS:  # somebody else
                    return await flush(timeout)
                flushing.set()
                await asyncio.Event().wait()
                return False

            monkeypatch.setattr(room.journal, "flush", never)
            queue_id = await _busy(room, fake)
            await asyncio.wait_for(flushing.wait(), LONGEST_WAIT)
            room.dialer.is_connected = lambda: False  # as in the service, the dialer stops first
            await room.live.close()
            monkeypatch.setattr(room.journal, "flush", flush)
        async with calls_room(fake, postgres, directory()) as room:
            assert await over(room, queue_id) == [12, 0, 12, 8]
            assert dials(fake) == 1


@pytest.mark.usefixtures("quick")
async def test_nobody_is_called_before_the_store_knows_of_it(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        flush, away = room.journal.flush, 1

        async def first_away(timeout: float = 5.0) -> bool:
            nonlocal away
            away -= timeout == STORED_SECONDS  # not somebody else
            return False if timeout == STORED_SECONDS and away == 0 else await flush(timeout)

        monkeypatch.setattr(room.journal, "flush", first_away)
        queue_id = await _busy(room, fake)
        async with asyncio.timeout(LONGEST_WAIT):
            while away > 0:
                await asyncio.sleep(0.01)
        assert await over(room, queue_id) == [12, 0, 12, 8]
        assert dials(fake) == 1


async def test_a_call_that_waits_can_be_cancelled_although_its_state_cannot_be_read(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        room.dialer.is_connected = lambda: False
        taken = await room.notifications.take(Order(THEM, "Hello"), KEY)
        await sql(room.database, "UPDATE calls SET script_state = '{}' WHERE queue_id = $1", taken.queue_id)
        assert await room.notifications.cancel(taken.queue_id)
        assert await over(room, taken.queue_id) == [22]


async def test_a_call_whose_state_cannot_be_read_is_closed_told_and_counted(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        is_connected, room.dialer.is_connected = room.dialer.is_connected, lambda: False
        taken = await room.notifications.take(Order(THEM, "Hello"), KEY)
        await sql(room.database, "UPDATE calls SET script_state = '{}' WHERE queue_id = $1", taken.queue_id)
        room.dialer.is_connected = is_connected
        room.dialer.wake()
        assert await over(room, taken.queue_id) == [9]
        assert dials(fake) == 0
        assert room.registry.get_sample_value("ringpost_calls_ended_total", {"reason": "state-unreadable"}) == 1
