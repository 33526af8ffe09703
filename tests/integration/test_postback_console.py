"""What `ringpost postbacks` finds and shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import uuid4

import pytest
from rich.console import Console, RenderableType

from controller.commands.postback_tables import detail, list_table, stats_table
from controller.postbacks import lookup as ledger
from controller.postbacks.lookup import Filters
from controller.postbacks.outbox import enqueue
from controller.postbacks.receiver import Behaviour
from controller.store.database import Database
from tests.support.outbox import QUERIES, postback
from tests.support.receiving import delivering, receiving


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[Database]:
    database = await Database.connect(postgres, QUERIES)
    yield database
    await database.close()


def shown(table: RenderableType) -> str:
    console = Console(width=250, file=StringIO(), color_system=None)
    console.print(table)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


async def test_postbacks_are_found_by_every_filter_newest_first(database: Database) -> None:
    async with database.transaction() as transaction:
        await enqueue(
            transaction,
            [
                postback("call:2015550101", license_key="acme"),
                postback("call:2015550102", license_key="zeta", final=True),
                postback("call:2015550102", sequence=2, license_key="zeta"),
            ],
        )

    async def found(**wanted: object) -> list[tuple[str, int]]:
        entries = await ledger.find(database, Filters(**wanted))  # type: ignore[arg-type]
        return [(entry.subject[-1], entry.sequence) for entry in entries]

    now = datetime.now(UTC)
    assert await found() == [("2", 2), ("2", 1), ("1", 1)]
    assert await found(limit=1) == [("2", 2)]
    assert await found(subject="call:2015550101") == [("1", 1)]
    assert await found(license_key="zeta") == [("2", 2), ("2", 1)]
    assert await found(digits="5550101") == [("1", 1)]
    assert await found(state="waiting") == [("2", 2), ("2", 1), ("1", 1)]
    assert await found(state="failed") == await found(state="delivered") == []
    assert await found(since=now + timedelta(hours=1)) == await found(until=now - timedelta(hours=1)) == []
    assert len(await found(since=now - timedelta(hours=1), until=now + timedelta(hours=1))) == 3


async def test_a_person_sees_what_became_of_each_attempt(database: Database) -> None:
    sent = postback("call:1")
    async with receiving(Behaviour(status=410)) as receiver:
        sent = postback("call:1", url=receiver.url, final=True)
        async with database.transaction() as transaction:
            await enqueue(transaction, [sent])
        async with delivering(database):
            await receiver.wait_for(1)
    found = await ledger.show(database, sent.id)
    assert found is not None
    text = shown(detail(*found))
    for words in (str(sent.id), "call:1, no. 1 (final)", "failed: answered 410 Gone", "ResponseCode", "410"):
        assert words in text
    assert "answered 410 Gone" in shown(list_table(await ledger.find(database, Filters())))
    stats = shown(stats_table(await ledger.stats(database)))
    assert receiver.url in stats
    assert "given up" in stats


async def test_the_outbox_at_a_glance_names_the_hosts_that_wait(database: Database) -> None:
    async with database.transaction() as transaction:
        await enqueue(transaction, [postback(f"call:{n}", url="https://[2d00::1]/x") for n in range(3)])
    stats = await ledger.stats(database)
    assert (stats.waiting, stats.under_way, stats.failing, stats.given_up) == (3, 0, 0, 0)
    assert "[2d00::1]:443" in shown(stats_table(stats))


async def test_an_unknown_id_is_nothing(database: Database) -> None:
    assert await ledger.show(database, uuid4()) is None
    assert not await ledger.replay(database, uuid4())
    assert "No post-back fits." in shown(list_table([]))
