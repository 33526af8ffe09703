"""The outbox on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from controller.errors import StoreRefused
from controller.postbacks.outbox import Postback, PostbackRow, enqueue
from controller.store.database import Database
from tests.support.outbox import QUERIES, postback
from tests.support.sql import sql


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[Database]:
    database = await Database.connect(postgres, QUERIES)
    yield database
    await database.close()


async def _count(database: Database, table: str) -> int:
    (row,) = await sql(database, f"SELECT count(*) FROM {table}")
    return int(row[0])


async def test_a_postback_exists_exactly_when_its_transaction_was_committed(database: Database) -> None:
    wrong: dict[str, Any] = {column: ["no uuid"] for column in PostbackRow._fields}
    with pytest.raises(StoreRefused):  # noqa: PT012 (the transaction is what is tested)
        async with database.transaction() as transaction:
            await enqueue(transaction, [postback("call:1")])
            await transaction.execute("enqueue_postbacks", **wrong)
    assert await _count(database, "postbacks") == 0
    async with database.transaction() as transaction:
        await enqueue(transaction, [postback("call:1"), postback("call:2")])
    assert await _count(database, "postback_outbox") == 2


async def test_the_same_transaction_sent_twice_queues_nothing_twice(database: Database) -> None:
    batch = [postback("call:1"), postback("call:1", sequence=2)]
    for _ in range(2):
        async with database.transaction() as transaction:
            await enqueue(transaction, batch)
    assert await _count(database, "postbacks") == 2
    assert await _count(database, "postback_outbox") == 2


@pytest.mark.parametrize("url", ["", "\0", "http://[::1", "http://\ud800.example/", "javascript:alert(1)", "x" * 5000])
async def test_no_url_of_a_customer_can_undo_a_transaction(database: Database, url: str) -> None:
    odd = Postback(uuid4(), "call:1", 1, "call.answered", False, "acme", url, (("a\0\ud800", "\0\udfff"),))
    async with database.transaction() as transaction:
        await enqueue(transaction, [odd])
    assert await _count(database, "postback_outbox") == 1
