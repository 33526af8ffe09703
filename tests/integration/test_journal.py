"""The journal: what happens on calls is stored in order, once, and is not lost while the database is away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from controller.calls.model.call import Call, TraceLine
from controller.calls.store.call_lookup import CallLookup
from controller.calls.store.journal import Journal
from controller.calls.store.queue_ids import BLOCK, QueueIds
from controller.errors import JournalFull, StoreUnreachable
from controller.postbacks.outbox import Postback
from controller.resources import QUERIES
from controller.store.database import Database
from controller.store.queries import Queries
from tests.support.owner import CONTROLLER, an_owner
from tests.support.patience import LONGEST_WAIT, until


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[Database]:
    database = await Database.connect(postgres, Queries.load(QUERIES))
    yield database
    await database.close()


def a_call(queue_id: int, **changes: object) -> Call:
    call = Call(
        queue_id=queue_id,
        direction="incoming",
        license_key="acme",
        our_number="+12015550101",
        their_number="+12015550199",
        channel_id=f"channel-{queue_id}",
        program="hash",
        started_at=datetime.now(UTC),
    )
    for name, value in changes.items():
        setattr(call, name, value)
    return call


def _state() -> str:
    return "{}"


def a_postback(call: Call, *, final: bool = False) -> Postback:
    return Postback(
        id=uuid4(),
        subject=f"call:{call.queue_id}",
        sequence=call.next_sequence(),
        event="call.answered",
        final=final,
        license_key="acme",
        url="http://127.0.0.1:1/",
        form=(("QueueID", str(call.queue_id)),),
    )


@asynccontextmanager
async def running(journal: Journal) -> AsyncIterator[Journal]:
    task = asyncio.create_task(journal.run())
    journal.keep_program("hash", "Hello")
    try:
        yield journal
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await journal.close()


async def _counts(postgres: str) -> tuple[int, int, int]:
    import asyncpg

    connection = await asyncpg.connect(postgres)
    try:
        row = await connection.fetchrow(
            "SELECT (SELECT count(*) FROM calls), (SELECT count(*) FROM call_trace), (SELECT count(*) FROM postbacks)"
        )
        assert row is not None
        return row[0], row[1], row[2]
    finally:
        await connection.close()


async def test_a_call_its_trace_and_its_postback_are_stored_together(database: Database, postgres: str) -> None:
    async with running(Journal(database, an_owner())) as journal:
        call = a_call(1000000001)
        line = TraceLine(call.queue_id, 1, datetime.now(UTC), "answered")
        journal.add(call, _state, trace=[line], postback=a_postback(call))
        assert await journal.flush()
        assert await _counts(postgres) == (1, 1, 1)


async def test_only_the_newest_state_of_a_batch_is_written_and_no_trace_line_is_lost(
    database: Database, postgres: str
) -> None:
    async with running(Journal(database, an_owner())) as journal:
        call = a_call(1000000001)
        for number in range(1, 21):
            line = TraceLine(call.queue_id, number, datetime.now(UTC), "digit", {"digit": "1"})
            journal.add(call, partial(json.dumps, {"position": number}), trace=[line])
        assert await journal.flush()
        (stored,) = await CallLookup(database).open_calls(CONTROLLER, 30.0)
        assert (stored.engine_state, stored.call.trace_number) == ({"position": 20}, 20)
        assert await _counts(postgres) == (1, 20, 0)


class _Away:
    """A database that is away until it is told to be back, for good or for some batches."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.away = True
        self.batches = 0
        self.tries = asyncio.Semaphore(0)

    async def execute(self, name: str, *arguments: object, **values: Any) -> str:
        if name == "save_calls":
            self._try()
        return await self._database.execute(name, *arguments, **values)

    def _try(self) -> None:
        self.tries.release()
        if self.away and not self.batches:
            raise StoreUnreachable
        self.batches -= 1


async def test_a_call_whose_state_is_refused_takes_no_other_with_it_and_is_told_of_all_the_same(
    database: Database, postgres: str
) -> None:
    async with running(Journal(database, an_owner())) as journal:
        good, bad = a_call(1000000001), a_call(1000000002)
        journal.add(good, _state, postback=a_postback(good))
        journal.add(bad, lambda: "this is no JSON", postback=a_postback(bad, final=True))
        assert await journal.flush()
        assert await _counts(postgres) == (2, 0, 2)


async def test_characters_that_the_store_refuses_do_not_keep_a_call_from_being_stored(
    database: Database, postgres: str
) -> None:
    async with running(Journal(database, an_owner())) as journal:
        journal.keep_program("other", "Hello\0 there \ud800")
        call = a_call(1000000001, their_number="12\0", program="other")
        state = {"variables": {"answer": "a\0b", "path": "C:\\u0000"}}
        line = TraceLine(call.queue_id, 1, datetime.now(UTC), "set", {"value": "a\0b\ud800"})
        journal.add(call, partial(json.dumps, state), trace=[line], postback=a_postback(call))
        assert await journal.flush()
        assert await _counts(postgres) == (1, 1, 1)
        (stored,) = await CallLookup(database).open_calls(CONTROLLER, 30.0)
        assert stored.engine_state["variables"] == {"answer": "ab", "path": "C:\\u0000"}
        assert stored.source == "Hello  there ?"


async def test_an_end_and_its_final_postback_are_stored_in_one_transaction_after_an_outage(
    database: Database, postgres: str
) -> None:
    away = _Away(database)
    async with running(Journal(away, an_owner())) as journal:  # type: ignore[arg-type]
        call = a_call(1000000001)
        journal.add(call, _state, postback=a_postback(call))
        await asyncio.wait_for(away.tries.acquire(), LONGEST_WAIT)
        call.ended_at = datetime.now(UTC)
        journal.add(call, _state, postback=a_postback(call, final=True))
        away.batches = 1

        async def stored() -> bool:
            return await _counts(postgres) != (0, 0, 0)

        await until(stored)
        assert await _counts(postgres) == (1, 0, 2)
        assert await CallLookup(database).open_calls(CONTROLLER, 30.0) == []


async def test_while_the_database_is_away_everything_waits_and_new_calls_are_refused_at_the_limit(
    database: Database, postgres: str
) -> None:
    away = _Away(database)
    async with running(Journal(away, an_owner(), limit=10)) as journal:  # type: ignore[arg-type]
        for number in range(10):
            journal.admit()
            call = a_call(1000000001 + number)
            journal.add(call, _state)
        with pytest.raises(JournalFull):
            journal.admit()
        await asyncio.wait_for(away.tries.acquire(), LONGEST_WAIT)
        assert journal.waiting == 10
        away.away = False
        assert await journal.flush()
        journal.admit()
        assert await _counts(postgres) == (10, 0, 0)


async def test_a_call_that_has_ended_is_not_opened_again_by_a_batch_that_is_repeated(
    database: Database, postgres: str
) -> None:
    async with running(Journal(database, an_owner())) as journal:
        call = a_call(1000000001, ended_at=datetime.now(UTC))
        journal.add(call, _state)
        assert await journal.flush()
        journal.add(a_call(1000000001), _state)
        assert await journal.flush()
        assert await CallLookup(database).open_calls(CONTROLLER, 30.0) == []


async def test_queue_ids_have_ten_digits_and_are_never_given_twice(database: Database) -> None:
    first, second = QueueIds(database), QueueIds(database)
    await first.reserve()
    await second.reserve()
    taken = [ids.take() for ids in (first, second) for _ in range(BLOCK)]
    assert len(set(taken)) == 2 * BLOCK
    assert {len(str(queue_id)) for queue_id in taken} == {10}


async def test_a_block_of_queue_ids_is_reserved_ahead_of_need(database: Database) -> None:
    ids = QueueIds(database, low=BLOCK)
    running_ids = asyncio.create_task(ids.run())
    try:
        async with asyncio.timeout(LONGEST_WAIT):
            while ids.left <= BLOCK:
                await asyncio.sleep(0)
    finally:
        running_ids.cancel()


async def test_queue_ids_that_run_out_refuse_the_call(database: Database) -> None:
    ids = QueueIds(database)
    with pytest.raises(JournalFull):
        ids.take()


async def test_what_happens_while_the_database_takes_no_writes_is_stored_when_it_does(
    database: Database, postgres: str
) -> None:
    journal = Journal(database, an_owner())
    administrator = await asyncpg.connect(postgres)
    name = await administrator.fetchval("SELECT current_database()")
    writing = asyncio.create_task(journal.run())
    try:
        await administrator.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        await database.renew()
        assert not await database.ready()
        call = a_call(1000000001)
        journal.add(call, _state, postback=a_postback(call))
        assert not await journal.flush(0.3)
        await administrator.execute("SET default_transaction_read_only = off")
        await administrator.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
        assert await journal.flush(10.0)
        assert await administrator.fetchval("SELECT count(*) FROM postback_outbox") == 1
        assert await database.ready()
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await administrator.close()


async def test_a_table_that_somebody_has_locked_costs_no_call(database: Database, postgres: str) -> None:
    journal = Journal(database, an_owner())
    administrator = await asyncpg.connect(postgres)
    name = await administrator.fetchval("SELECT current_database()")
    await administrator.execute(f"ALTER DATABASE \"{name}\" SET lock_timeout = '100ms'")
    await database.renew()
    writing = asyncio.create_task(journal.run())
    try:
        async with administrator.transaction():
            await administrator.execute("LOCK TABLE calls IN ACCESS EXCLUSIVE MODE")
            journal.add(a_call(1000000001), _state)
            assert not await journal.flush(0.5)
        assert await journal.flush(10.0)
        assert await administrator.fetchval("SELECT count(*) FROM calls") == 1
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await administrator.close()
