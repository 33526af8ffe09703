"""The journal on a store in memory: what is written together, and what a store that is away or refuses makes of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import uuid4

import pytest

from controller.calls.model.call import Call, TraceLine
from controller.calls.store.journal import Journal
from controller.errors import JournalFull, StoreRefused
from controller.postbacks.outbox import Postback
from tests.support.call_values import AT, QUEUE_ID, an_answered_call, an_incoming_call
from tests.support.memory_store import MemoryDatabase
from tests.support.owner import an_owner


def a_journal(store: MemoryDatabase, *, limit: int = 1000) -> Journal:
    return Journal(cast("Any", store), an_owner(), limit=limit)


@asynccontextmanager
async def running(journal: Journal) -> AsyncIterator[None]:
    task = asyncio.create_task(journal.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def a_postback(call: Call, event: str = "call.answered") -> Postback:
    form = (("QueueID", str(call.queue_id)), ("ResponseCode", str(int(call.response_code))))
    sequence = call.next_sequence()
    return Postback(uuid4(), f"call:{call.queue_id}", sequence, event, False, "acme", "http://127.0.0.1:1/", form)


def queue_ids(rows: str) -> list[int]:
    return [row["queue_id"] for row in json.loads(rows)]


def a_line(call: Call, number: int) -> TraceLine:
    return TraceLine(call.queue_id, number, AT, "digit", {"digit": "1"})


async def test_the_steps_of_a_call_that_come_together_are_one_write_with_its_newest_state() -> None:
    store, call, asked = MemoryDatabase(), an_answered_call(), list[int]()
    journal = a_journal(store)

    def state(step: int) -> str:
        asked.append(step)
        return f'{{"step": {step}}}'

    async with running(journal):
        for number in range(5):
            journal.add(call, lambda number=number: state(number), trace=[a_line(call, number)])  # type: ignore[misc]
        assert await journal.flush()
    assert (store.asked, asked) == (["save_calls"], [4])
    assert store.tables.calls[QUEUE_ID]["script_state"] == {"step": 4}
    assert len(store.tables.trace) == 5


async def test_a_change_and_its_postback_are_stored_together_or_not_at_all() -> None:
    store, call = MemoryDatabase(), an_answered_call()
    journal = a_journal(store)
    refused = [StoreRefused("no post-back")]
    store.refusing = lambda name, _values: refused.pop() if refused and name == "save_calls" else None
    journal.add(call, lambda: "{}", postback=a_postback(call))
    async with running(journal):
        assert await journal.flush()
    # Refused together, the call is stored by itself: both, again in one statement.
    assert store.asked == ["save_calls", "save_calls"]
    assert (len(store.tables.calls), store.told(QUEUE_ID)) == (1, ["call.answered"])


async def test_what_waits_while_the_store_is_away_is_written_when_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.calls.store.journal.FIRST_PAUSE_SECONDS", 0.01)
    store, call = MemoryDatabase(), an_answered_call()
    journal = a_journal(store)
    store.away = True
    async with running(journal):
        journal.add(call, lambda: "{}", trace=[a_line(call, 1)], postback=a_postback(call))
        assert not await journal.flush(timeout=0.1)
        journal.add(call, lambda: "{}", trace=[a_line(call, 2)], postback=a_postback(call, "call.completed"))
        assert journal.waiting == 5
        store.away = False
        assert await journal.flush()
        assert journal.waiting == 0
    assert store.told(QUEUE_ID) == ["call.answered", "call.completed"]
    assert store.trace_of(QUEUE_ID) == ["digit", "digit"]


async def test_no_call_is_taken_on_when_too_much_waits() -> None:
    journal = a_journal(MemoryDatabase(), limit=2)
    call = an_incoming_call()
    journal.admit()
    journal.add(call, lambda: "{}", trace=[a_line(call, 1)])
    with pytest.raises(JournalFull):
        journal.admit()


async def test_a_call_that_tells_much_is_cut_before_others_are_refused() -> None:
    store = MemoryDatabase()
    journal = a_journal(store, limit=1000)
    loud, quiet = an_answered_call(1), an_answered_call(2)
    for number in range(5000):
        journal.add(loud, lambda: "{}", trace=[a_line(loud, number)])
    journal.admit()
    journal.add(quiet, lambda: "{}", trace=[a_line(quiet, 1)])
    journal.add(loud, lambda: "{}", postback=a_postback(loud, "call.completed"))
    async with running(journal):
        assert await journal.flush()
    assert len(store.trace_of(1)) == 499
    assert (store.trace_of(2), store.told(1)) == (["digit"], ["call.completed"])


async def test_a_call_that_is_refused_takes_no_other_with_it_and_is_told_of_without_its_trace() -> None:
    store = MemoryDatabase()
    journal = a_journal(store)
    good, bad = an_answered_call(1), an_answered_call(2)

    def refuses(name: str, values: dict[str, Any]) -> Exception | None:
        broken = name == "save_calls" and 2 in queue_ids(values["calls"]) and 2 in queue_ids(values["lines"])
        return StoreRefused("a broken line") if broken else None

    store.refusing = refuses
    for call in (good, bad):
        journal.add(call, lambda: '{"step": 1}', trace=[a_line(call, 1)], postback=a_postback(call))
    async with running(journal):
        assert await journal.flush()
    assert (store.told(1), store.told(2)) == (["call.answered"], ["call.answered"])
    assert (store.trace_of(1), store.trace_of(2)) == (["digit"], [])
    assert store.tables.calls[2]["script_state"] == {}


async def test_a_state_that_cannot_be_written_down_keeps_nothing_else_from_the_store() -> None:
    store, call = MemoryDatabase(), an_answered_call()
    journal = a_journal(store)

    def fails() -> str:
        raise ValueError("no state")

    journal.add(call, fails, postback=a_postback(call))
    async with running(journal):
        assert await journal.flush()
    assert store.told(QUEUE_ID) == ["call.answered"]


async def test_a_call_that_another_controller_has_taken_over_is_told_of_by_that_one_alone() -> None:
    store, call = MemoryDatabase(), an_answered_call()
    journal = a_journal(store)
    async with running(journal):
        journal.add(call, lambda: "{}")
        assert await journal.flush()
        store.tables.calls[QUEUE_ID]["controller_id"] = "another"
        journal.add(call, lambda: "{}", postback=a_postback(call, "call.completed"))
        assert await journal.flush()
    assert store.told(QUEUE_ID) == []


async def test_a_batch_whose_commit_lost_its_answer_is_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.calls.store.journal.FIRST_PAUSE_SECONDS", 0.01)
    store, call, lost = MemoryDatabase(), an_answered_call(), list[str]()
    journal = a_journal(store)

    def first_commit(name: str) -> bool:
        lost.append(name)
        return name == "commit" and lost.count("commit") == 1

    store.losing = first_commit
    journal.add(call, lambda: "{}", trace=[a_line(call, 1)], postback=a_postback(call))
    async with running(journal):
        assert await journal.flush()
    assert (store.told(QUEUE_ID), store.trace_of(QUEUE_ID)) == (["call.answered"], ["digit"])


async def test_a_program_is_stored_once_and_before_the_call_that_runs_it() -> None:
    store, call = MemoryDatabase(), an_answered_call()
    journal = a_journal(store)
    async with running(journal):
        for _ in range(2):
            journal.keep_program("hash", "Hello\0")
            journal.add(call, lambda: "{}")
            assert await journal.flush()
    assert store.asked == ["save_programs", "save_calls", "save_calls"]
    assert store.tables.programs == {"hash": "Hello "}


async def test_a_journal_that_is_closed_stores_what_is_left_and_tells_what_it_could_not() -> None:
    store, call = MemoryDatabase(), an_answered_call()
    journal = a_journal(store)
    journal.add(call, lambda: "{}", postback=a_postback(call))
    store.away = True
    assert await journal.close(timeout=0.2) == 2
    store.away = False
    assert await journal.close() == 0
    assert store.told(QUEUE_ID) == ["call.answered"]
