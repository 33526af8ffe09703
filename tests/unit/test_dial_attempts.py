"""Tries to reach somebody, on a store in memory: when one counts, what is posted, how it goes on after a break."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from controller.calls.call_log import CallLog
from controller.calls.model.order import Order
from controller.calls.model.states import CallState
from tests.support.calls import KEY, Manager, NoManager
from tests.support.memory_ari import MemoryAri
from tests.support.memory_room import MemoryRoom, memory_room
from tests.support.memory_store import MemoryDatabase
from tests.support.outgoing import THEM, directory
from tests.support.patience import LONGEST_WAIT

HELLO = r"~\QuickStart()~ Hello."


async def placed(room: MemoryRoom, script: str = "Hello", **order: Any) -> int:
    return (await room.calls.notifications.take(Order(THEM, script, **order), KEY)).queue_id


def dials(fake: MemoryAri) -> int:
    return len(fake.requests_of("POST", ".*/dial"))


def at_stasis_start(fake: MemoryAri, happens: Callable[[], object]) -> None:
    """The first StasisStart never comes; this happens instead."""
    emit = fake.emit

    def instead(event_type: str, **fields: Any) -> None:
        if event_type == "StasisStart":
            fake.emit = emit  # type: ignore[method-assign]
            happens()
        else:
            emit(event_type, **fields)

    fake.emit = instead  # type: ignore[method-assign]


async def test_who_answers_is_said_to_and_it_is_posted_as_dialled_ringing_answered_and_over() -> None:
    fake = MemoryAri()

    def answers(channel: Any) -> None:
        fake.ringing(channel.id)
        fake.answer(channel.id)

    fake.on_originate = answers
    async with memory_room(fake, directory()) as room:
        queue_id = await placed(room, HELLO)
        assert await room.store.over(queue_id) == [12, 18, 21, 1]
        assert fake.played == ["say:Hello."]
        assert room.store.tables.calls[queue_id]["tries"] == 1


async def test_a_call_on_which_nothing_could_be_heard_is_none_that_went_well() -> None:
    fake = MemoryAri()
    fake.missing_media = {"say:Hello."}
    fake.on_originate = lambda channel: fake.answer(channel.id)
    async with memory_room(fake, directory()) as room:
        queue_id = await placed(room, HELLO)
        assert await room.store.over(queue_id) == [12, 21, 32]


async def test_who_is_busy_is_tried_again_as_often_as_was_asked_for() -> None:
    fake = MemoryAri()
    fake.on_originate = lambda channel: fake.reject(channel.id)
    async with memory_room(fake, directory()) as room:
        queue_id = await placed(room, tries=2, next_try_seconds=1)
        assert await room.store.over(queue_id) == [12, 0, 12, 8]
        assert (room.store.tables.calls[queue_id]["tries"], dials(fake)) == (2, 2)
        assert room.store.trace_of(queue_id) == ["dialling", "not_answered", "dialling", "end"]


@pytest.mark.parametrize(("cause", "code"), [(17, 8), (1, 43), (21, 38), (34, 34), (28, 3)])
async def test_why_nobody_answered_is_the_final_code(cause: int, code: int) -> None:
    fake = MemoryAri()
    fake.on_originate = lambda channel: fake.reject(channel.id, cause=cause)
    async with memory_room(fake, directory()) as room:
        assert await room.store.over(await placed(room)) == [12, code]


async def test_a_channel_that_cannot_be_made_costs_a_try_and_calls_nobody() -> None:
    fake = MemoryAri()
    fake.refuse("POST", "channels/create")
    async with memory_room(fake, directory()) as room:
        assert await room.store.over(await placed(room)) == [34]
        assert dials(fake) == 0


async def test_an_asterisk_that_does_not_answer_before_anybody_is_called_costs_no_try() -> None:
    fake = MemoryAri()
    fake.stall("POST", "channels/create")
    async with memory_room(fake, directory()) as room:
        queue_id = await placed(room)
        call = room.store.tables.calls[queue_id]
        await fake.asked("POST", "channels/create")
        await room.store.until(lambda: call["state"] == CallState.QUEUED)
        assert (call["tries"], room.store.codes(queue_id)) == (0, [])


async def test_nobody_is_called_before_the_store_knows_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.calls.outgoing.attempts.STORED_SECONDS", 0.05)
    fake = MemoryAri()
    async with memory_room(fake, directory()) as room:
        emit = fake.emit

        def goes_away_first(event_type: str, **fields: Any) -> None:
            room.store.away = room.store.away or event_type == "StasisStart"
            emit(event_type, **fields)

        fake.emit = goes_away_first  # type: ignore[method-assign]
        queue_id = await placed(room)
        await fake.asked("DELETE", "channels/.*")
        room.store.away = False
        await room.store.until(lambda: room.store.tables.calls[queue_id]["state"] == CallState.QUEUED)
        assert (dials(fake), room.store.codes(queue_id)) == (0, [12, 0])
        assert room.store.tables.calls[queue_id]["tries"] == 0


async def test_a_key_that_is_gone_ends_its_calls_with_its_code() -> None:
    fake = MemoryAri()
    async with memory_room(fake, directory(), dialling=False) as room:
        queue_id = await placed(room)
        nobody = replace(room.directory.snapshot, license_keys={})
        async with memory_room(fake, nobody, room.store):
            assert await room.store.over(queue_id) == [14]


async def test_what_cannot_be_said_is_not_dialled() -> None:
    fake = MemoryAri()
    async with memory_room(fake, directory()) as room:
        room.prompts.missing.add("say:Hello")
        assert await room.store.over(await placed(room)) == [32]
        assert dials(fake) == 0


async def test_a_handler_that_fails_ends_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_args: object) -> object:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr("controller.calls.session.CallSession.prepare", fails)
    async with memory_room(MemoryAri(), directory()) as room:
        assert await room.store.over(await placed(room)) == [9]


async def test_a_controller_that_stops_before_it_dials_gives_the_call_to_the_next() -> None:
    fake, store = MemoryAri(), MemoryDatabase()
    async with memory_room(fake, directory(), store) as room:
        made = asyncio.Event()
        at_stasis_start(fake, made.set)
        queue_id = await placed(room)
        async with asyncio.timeout(LONGEST_WAIT):
            await made.wait()
    assert (store.tables.calls[queue_id]["tries"], store.tables.calls[queue_id]["state"]) == (0, CallState.QUEUED)
    again = MemoryAri()
    again.on_originate = lambda channel: again.reject(channel.id)
    async with memory_room(again, directory(), store):
        assert await store.over(queue_id) == [12, 8]


async def test_a_call_that_rings_when_its_controller_stops_is_gone_on_with_by_the_next() -> None:
    fake, store = MemoryAri(), MemoryDatabase()
    fake.on_originate = lambda channel: fake.ringing(channel.id)
    async with memory_room(fake, directory(), store) as room:
        queue_id = await placed(room, HELLO)
        await store.until(lambda: store.codes(queue_id) == [12, 18])
    again = MemoryAri()
    channel = again.surviving_channel(store.tables.calls[queue_id]["channel_id"], state="Ringing")
    async with memory_room(again, directory(), store) as room:
        await room.calls.adoption.connected()
        await again.asked("GET", "channels/ringpost-[^/]*")
        again.answer(channel.id)
        assert await store.over(queue_id) == [12, 18, 21, 1]
    assert store.tables.calls[queue_id]["tries"] == 1


async def _killed_after_dialling(fake: MemoryAri, store: MemoryDatabase) -> tuple[int, str]:
    """A controller stored that it dials, and was killed then: the call, and its channel, which has not rung."""
    async with memory_room(fake, directory(), store) as room:
        queue_id = await placed(room, HELLO)
        await fake.asked("POST", ".*/dial")
        await store.until(lambda: store.codes(queue_id) == [12])
    return queue_id, store.tables.calls[queue_id]["channel_id"]


async def test_a_channel_that_was_made_and_not_dialled_yet_is_dialled_by_the_next_controller() -> None:
    """That it dials is stored before it does: only Asterisk can tell."""
    store, again = MemoryDatabase(), MemoryAri()
    queue_id, channel_id = await _killed_after_dialling(MemoryAri(), store)
    again.surviving_channel(channel_id, state="Down")
    again.on_originate = lambda channel: again.reject(channel.id)
    async with memory_room(again, directory(), store, manager=Manager(channel_id)) as room:
        await room.calls.adoption.connected()
        assert (await store.over(queue_id))[-1] == 8
    assert (dials(again), store.tables.calls[queue_id]["tries"]) == (1, 1)


@pytest.mark.parametrize("manager", [Manager(), NoManager()])
async def test_a_channel_that_was_dialled_and_has_not_rung_yet_is_waited_for(manager: NoManager) -> None:
    store, again = MemoryDatabase(), MemoryAri()
    queue_id, channel_id = await _killed_after_dialling(MemoryAri(), store)
    again.surviving_channel(channel_id, state="Down")
    async with memory_room(again, directory(), store, manager=manager) as room:
        await room.calls.adoption.connected()
        await again.asked("GET", "channels/ringpost-[^/]*")
        again.answer(channel_id)
        assert await store.over(queue_id) == [12, 21, 1]
    assert dials(again) == 0


async def test_a_try_that_nobody_saw_the_end_of_is_followed_by_another_one() -> None:
    fake, store = MemoryAri(), MemoryDatabase()
    fake.on_originate = lambda channel: fake.ringing(channel.id)
    async with memory_room(fake, directory(), store) as room:
        queue_id = await placed(room, tries=2, next_try_seconds=1)
        await store.until(lambda: store.codes(queue_id) == [12, 18])
    again = MemoryAri()
    again.on_originate = lambda channel: again.reject(channel.id)
    async with memory_room(again, directory(), store) as room:
        await room.calls.adoption.connected()
        assert await store.over(queue_id) == [12, 18, 0, 12, 8]
    assert store.tables.calls[queue_id]["tries"] == 2


async def test_a_claim_whose_answer_was_lost_costs_no_try() -> None:
    fake, lost = MemoryAri(), list[str]()
    fake.on_originate = lambda channel: fake.reject(channel.id)

    def once(name: str) -> bool:
        if name != "claim_calls" or lost or not any(row["tries"] for row in room.store.tables.calls.values()):
            return False
        lost.append(name)
        return True

    async with memory_room(fake, directory()) as room:
        room.store.losing = once
        queue_id = await placed(room)
        await room.store.until(lambda: bool(lost))
        await room.calls.adoption.connected()
        room.calls.dialer.wake()
        assert await room.store.over(queue_id) == [12, 8]
        assert room.store.tables.calls[queue_id]["tries"] == 1


async def test_an_order_whose_commit_lost_its_answer_is_one_call() -> None:
    fake, lost = MemoryAri(), list[str]()

    def once(name: str) -> bool:
        lost.append(name)
        return name == "commit" and lost.count("commit") == 1

    async with memory_room(fake, directory(), dialling=False) as room:
        room.store.losing = once
        queue_id = await placed(room)
        assert list(room.store.tables.calls) == [queue_id]


async def test_a_call_that_waits_is_cancelled_once_and_not_dialled() -> None:
    fake = MemoryAri()
    async with memory_room(fake, directory(), dialling=False) as room:
        queue_id = await placed(room)
        with room.calls.feed.watch() as watched:
            assert await room.calls.notifications.cancel(queue_id)
            told = watched.get_nowait()
        line = told.line
        assert (told.call.queue_id, line.event, line.fields) == (queue_id, "end", {"reason": "cancelled"})
        assert not await room.calls.notifications.cancel(queue_id)
        assert room.store.codes(queue_id) == [22]
        assert room.store.tables.calls[queue_id]["state"] == CallState.ENDED


async def test_a_cancellation_that_is_not_committed_is_told_to_nobody() -> None:
    async with memory_room(MemoryAri(), directory(), dialling=False) as room:
        queue_id = await placed(room)
        room.store.refusing = lambda name, _values: RuntimeError("no") if name == "save_calls" else None
        with room.calls.feed.watch() as watched:
            with pytest.raises(RuntimeError):
                await room.calls.notifications.cancel(queue_id)
            assert watched.empty()
        assert room.store.tables.calls[queue_id]["state"] == CallState.QUEUED


@pytest.mark.parametrize("damage", [{"program": "unknown"}, {"script_state": {}}])
async def test_a_call_that_cannot_be_read_ends_at_once_instead_of_being_claimed_again_and_again(
    damage: dict[str, Any],
) -> None:
    fake = MemoryAri()
    async with memory_room(fake, directory(), dialling=False) as room:
        queue_id = await placed(room)
        room.store.tables.calls[queue_id] |= damage
        async with memory_room(fake, directory(), room.store) as dialling:
            assert await room.store.over(queue_id) == [9]
            assert dialling.ended("state-unreadable") == 1
        assert (dials(fake), room.store.tables.calls[queue_id]["tries"]) == (0, 1)


async def test_a_call_counts_from_its_answer_not_from_when_detection_is_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    fake, order, answered = MemoryAri(), list[str](), CallLog.answered
    fake.on_originate = lambda channel: fake.answer(channel.id)

    def noted(log: CallLog, at: datetime) -> None:
        order.append("answered")
        answered(log, at)

    async def begins(_detection: object) -> None:
        order.append("detection")

    monkeypatch.setattr(CallLog, "answered", noted)
    monkeypatch.setattr("controller.calls.line.answer_detection.AnswerDetection.begin", begins)
    async with memory_room(fake, directory()) as room:
        assert await room.store.over(await placed(room, HELLO)) == [12, 21, 1]
    assert order == ["answered", "detection"]
