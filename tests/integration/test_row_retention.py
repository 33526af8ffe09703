"""What is older than its period leaves the store, and nothing else does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from controller.calls.model.sip_message import SipMessage
from controller.calls.store.sip_ladders import SipLadders
from controller.errors import StoreError, StoreUnreachable
from controller.resources import QUERIES
from controller.store.database import Database
from controller.store.queries import Queries
from controller.store.row_retention import RetentionRule, RowRetention


class Kept:
    """A database with calls, programs and sounds of given ages in days."""

    def __init__(self, database: Database, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self.database = database
        self._connection = connection
        self._queue_ids = iter(range(1_000_000_000, 2_000_000_000))

    async def call(self, age: float | None, *, program: str = "shared", lines: int = 2) -> int:
        """A call that ended so many days ago; None: one in progress."""
        queue_id = next(self._queue_ids)
        await self._connection.execute(
            """
            INSERT INTO calls (queue_id, direction, license_key, our_number, channel_id, program, state, script_state,
                               response_code, started_at, ended_at)
            VALUES ($1::bigint, 'incoming', 'acme', '+12015550101', 'channel-' || $1::bigint, $2, 'ended', '{}', 30,
                    now(), now() - make_interval(secs => $3::double precision * 86400))
            """,
            queue_id,
            program,
            age,
        )
        await self._connection.executemany(
            "INSERT INTO call_trace (queue_id, number, at, event, fields) VALUES ($1, $2, now(), 'say', '{}')",
            [(queue_id, number) for number in range(lines)],
        )
        return queue_id

    async def program(self, name: str, age: float) -> None:
        await self._connection.execute(
            "INSERT INTO programs VALUES ($1, 'Hello', now() - make_interval(secs => $2))",
            name,
            age * 86_400,
        )

    async def sound(self, name: str, age: float, *, recorded: bool, content: str | None = None) -> None:
        content_hash, seconds = content or name, age * 86_400
        await self._connection.execute(
            "INSERT INTO sound_audio VALUES ($1, '', now() - make_interval(secs => $2)) ON CONFLICT DO NOTHING",
            content_hash,
            seconds,
        )
        await self._connection.execute(
            "INSERT INTO sounds VALUES ('acme', $1, $2, 1.0, now(), $3, now() - make_interval(secs => $4))",
            name,
            content_hash,
            recorded,
            seconds,
        )

    async def column(self, query: str) -> list[Any]:
        return [row[0] for row in await self._connection.fetch(query)]

    async def apply(self, query: str, days: float, *, step: int = 2, most_steps: int | None = None) -> None:
        await RowRetention(self.database, [RetentionRule("old", query, days, most_steps)]).remove(step=step)


@pytest.fixture
async def kept(postgres: str) -> AsyncIterator[Kept]:
    database = await Database.connect(postgres, Queries.load(QUERIES))
    connection = await asyncpg.connect(postgres)
    yield Kept(database, connection)
    await connection.close()
    await database.close()


async def test_calls_that_ended_long_ago_leave_with_their_traces_and_programs(kept: Kept) -> None:
    for program in ("old-one", "old-two", "shared"):
        await kept.program(program, 100)
    await kept.program("new", 0.5)
    for age, program in ((100, "old-one"), (95, "old-two"), (94, "shared"), (93, "new"), (1, "shared")):
        await kept.call(age, program=program)
    await kept.call(None)
    await kept.apply("remove_old_calls", 90)
    assert await kept.column("SELECT program FROM calls ORDER BY queue_id") == ["shared", "shared"]
    assert await kept.column("SELECT count(*) FROM call_trace") == [4]
    assert await kept.column("SELECT content_hash FROM programs ORDER BY 1") == ["new", "shared"]


async def test_traces_may_leave_before_their_calls_and_are_looked_for_once(kept: Kept) -> None:
    for age in (40, 30, 20, 20, 20, 5):
        await kept.call(age)
    await kept.apply("remove_old_traces", 10)
    assert await kept.column("SELECT count(*) FROM calls") == [6]
    assert await kept.column("SELECT count(*) FROM call_trace") == [2]
    assert await kept.database.fetchval("remove_old_traces", 10 * 86_400.0, 100) == 0
    await kept.apply("remove_old_traces", 3)
    assert await kept.column("SELECT count(*) FROM call_trace") == [0]


async def test_traces_of_calls_that_ended_at_the_same_moment_all_leave(kept: Kept) -> None:
    for _ in range(5):
        await kept.call(20)
    await kept.column("UPDATE calls SET ended_at = '2020-01-01' RETURNING 1")
    await kept.apply("remove_old_traces", 10)
    assert await kept.column("SELECT count(*) FROM call_trace") == [0]


async def test_programs_that_no_call_ran_leave_and_the_walk_begins_anew_after_the_last(kept: Kept) -> None:
    for number in range(5):
        await kept.program(f"unused-{number}", 2)
    await kept.program("in-use", 2)
    await kept.program("young", 0.5)
    await kept.call(1, program="in-use")
    await kept.apply("remove_unused_programs", 1, most_steps=1)
    assert len(await kept.column("SELECT 1 FROM programs")) in (5, 6)
    await kept.apply("remove_unused_programs", 1)
    await kept.program("unused-again", 2)
    await kept.program("a-first", 2)
    await kept.apply("remove_unused_programs", 1)
    assert await kept.column("SELECT content_hash FROM programs ORDER BY 1") == ["in-use", "young"]


async def test_recordings_that_nobody_played_leave_and_uploaded_sounds_stay(kept: Kept) -> None:
    await kept.sound("message", 400, recorded=True)
    await kept.sound("played", 10, recorded=True)
    await kept.sound("uploaded", 400, recorded=False)
    await kept.sound("same-content", 400, recorded=True, content="uploaded")
    await kept.apply("remove_old_recordings", 365)
    assert await kept.column("SELECT sound_id FROM sounds ORDER BY 1") == ["played", "uploaded"]
    await kept.apply("remove_unused_audio", 1)
    assert await kept.column("SELECT content_hash FROM sound_audio ORDER BY 1") == ["played", "uploaded"]


async def test_a_rule_that_cannot_be_prepared_removes_nothing(kept: Kept) -> None:
    async def away() -> None:
        raise StoreUnreachable

    await kept.call(100)
    retention = RowRetention(kept.database, [RetentionRule("calls", "remove_old_calls", 90)], away)
    with pytest.raises(StoreError):
        await retention.remove()
    assert await kept.column("SELECT count(*) FROM calls") == [1]


async def test_sip_messages_of_calls_are_kept_for_their_period(postgres: str) -> None:
    database = await Database.connect(postgres, Queries.load(QUERIES))
    try:
        ladders = SipLadders(database)
        message = SipMessage(datetime.now(UTC), "192.0.2.1:5060", "192.0.2.2:5060", "BYE sip:x", "1 BYE", "")
        for queue_id in (1, 2):
            await ladders.add(queue_id, [message])
        connection = await asyncpg.connect(postgres)
        await connection.execute("UPDATE sip_ladders SET kept_at = now() - interval '8 days' WHERE queue_id = 1")
        await connection.close()
        await RowRetention(database, [RetentionRule("SIP", "remove_old_sip_ladders", 7)]).remove()
        assert await ladders.of_call(1) == []
        assert await ladders.of_call(2) == [message]
    finally:
        await database.close()
