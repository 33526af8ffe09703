"""Customers' entries are stored, and every controller hears of a change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from controller.directory.entries import Entries, EntriesByKind
from controller.store.database import Database
from tests.support.outbox import QUERIES
from tests.support.patience import LONGEST_WAIT


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[Database]:
    database = await Database.connect(postgres, QUERIES)
    try:
        yield database
    finally:
        await database.close()


async def test_an_entry_is_kept_changed_and_removed_and_every_controller_hears_of_it(database: Database) -> None:
    first, second = Entries(database), Entries(database)
    heard = asyncio.Event()

    def listener(_entries: EntriesByKind) -> None:
        heard.set()

    second.on_change(listener)
    running = asyncio.create_task(second.run())
    try:
        await first.load()
        await asyncio.wait_for(heard.wait(), LONGEST_WAIT)
        number = await first.add("acme", "sequence", {"name": "Gate", "steps": []})
        assert first.of("rival", "sequence") == []
        entry = first.named("acme", "sequence", " gate ")
        assert entry is not None
        assert entry.entry_id == number
        while second.get("acme", "sequence", number) is None:
            heard.clear()
            await asyncio.wait_for(heard.wait(), LONGEST_WAIT)
        assert await first.change(entry, {"name": "Door", "steps": []})
        changed = first.get("acme", "sequence", str(number))
        assert changed is not None
        assert changed.name == "Door"
        assert await first.remove(entry)
        assert not await first.remove(entry)
        assert first.get("acme", "sequence", "x") is None
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
