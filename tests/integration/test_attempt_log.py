"""What came of attempts, written down on a real PostgreSQL whose answers get lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, cast
from uuid import uuid4

import asyncpg
import pytest

from controller.errors import StoreUnreachable
from controller.postbacks.attempt import Attempt, Claimed
from controller.postbacks.attempt_log import AttemptLog, AttemptResult, Outcome
from controller.postbacks.claiming import Claims
from controller.postbacks.outbox import enqueue
from controller.store.database import Database
from tests.support.outbox import QUERIES, postback
from tests.support.sql import sql

LEASE = uuid4()
AT = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


class _LosesAnswers:
    """A database of which the next answer to `record_postbacks` is lost, after what it did was committed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.lost = 0

    async def fetchval(self, name: str, **values: Any) -> Any:
        written = await self._database.fetchval(name, **values)
        if name == "record_postbacks" and not self.lost:
            self.lost += 1
            raise StoreUnreachable("the answer was lost")
        return written


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[Database]:
    database = await Database.connect(postgres, QUERIES)
    yield database
    await database.close()


@pytest.fixture
async def claims(database: Database) -> AsyncIterator[Claims]:
    claims = Claims(database, LEASE, 60.0, 3600.0)
    await claims.open()
    yield claims
    await claims.close()


async def _claimed(database: Database, claims: Claims) -> Claimed:
    async with database.transaction() as transaction:
        await enqueue(transaction, [postback("call:1")])
    (claimed,) = (await claims.take({}, 10, 10)).postbacks
    return claimed


@pytest.mark.parametrize(
    ("outcome", "delivered", "tries"), [(Outcome.DELIVERED, True, None), (Outcome.RETRY, False, 1)]
)
async def test_a_commit_whose_answer_was_lost_writes_no_attempt_twice(
    database: Database, claims: Claims, outcome: Outcome, delivered: bool, tries: int | None
) -> None:
    loses = _LosesAnswers(database)
    log = AttemptLog(cast("Database", loses), LEASE, lambda: None)
    log.add(AttemptResult(await _claimed(database, claims), outcome, attempt=Attempt(AT, 0.1, delivered)))
    with pytest.raises(StoreUnreachable):
        await log.flush()
    # It is due again at once, and this process takes it again before it knows that its result was written.
    await claims.take({}, 10, 10)
    await log.flush()
    assert loses.lost == 1
    assert [row["at"] for row in await sql(database, "SELECT at FROM postback_attempts")] == [AT]
    left = [row["tries"] for row in await sql(database, "SELECT tries FROM postback_outbox")]
    assert left == ([] if tries is None else [tries])


async def test_a_second_attempt_of_a_postback_is_written_beside_the_first(database: Database, claims: Claims) -> None:
    log = AttemptLog(database, LEASE, lambda: None)
    claimed = await _claimed(database, claims)
    for second in range(2):
        log.add(AttemptResult(claimed, Outcome.RETRY, attempt=Attempt(AT.replace(second=second), 0.1, delivered=False)))
        await log.flush()
        await claims.take({}, 10, 10)
    (row,) = await sql(database, "SELECT tries FROM postback_outbox")
    assert row["tries"] == 2
    assert len(await sql(database, "SELECT FROM postback_attempts")) == 2


async def test_a_row_that_somebody_has_locked_holds_up_no_other(database: Database, claims: Claims) -> None:
    async with database.transaction() as transaction:
        await enqueue(transaction, [postback("call:1"), postback("call:2")])
    taken = (await claims.take({}, 10, 10)).postbacks
    log = AttemptLog(database, LEASE, lambda: None)
    for claimed in taken:
        log.add(AttemptResult(claimed, Outcome.DELIVERED, attempt=Attempt(AT, 0.1, delivered=True)))
    operator = await asyncpg.connect(database.dsn)
    try:
        async with operator.transaction():
            locked = taken[0].number
            await operator.execute("SELECT FROM postback_outbox WHERE number = $1 FOR UPDATE", locked)
            assert await log.flush() == 1
            assert log.knows(locked)
            assert [row["number"] for row in await sql(database, "SELECT number FROM postback_outbox")] == [locked]
        assert await log.flush() == 0
    finally:
        await operator.close()
    assert not await sql(database, "SELECT FROM postback_outbox")
    assert len(await sql(database, "SELECT FROM postback_attempts WHERE delivered")) == 2


async def test_what_is_due_later_than_any_delay_is_due_now(database: Database) -> None:
    async with database.transaction() as transaction:
        await enqueue(transaction, [postback("call:1"), postback("call:2")])
    # The clock was two days ahead, and was set back.
    await sql(database, "UPDATE postback_outbox SET due_at = now() + interval '2 days' WHERE subject = 'call:1'")
    await sql(database, "UPDATE postback_outbox SET due_at = now() + interval '5 hours' WHERE subject = 'call:2'")
    assert await database.fetchval("hasten_postbacks", 100_000.0)
    assert not await database.fetchval("hasten_postbacks", 100_000.0)
    due = await sql(database, "SELECT subject FROM postback_outbox WHERE due_at <= now()")
    assert [row["subject"] for row in due] == ["call:1"]
