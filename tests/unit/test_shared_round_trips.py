"""What arrives while a transaction is under way goes together in the next one; each caller has its own outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from controller.errors import StoreRefused, StoreUnreachable
from controller.store.shared_round_trip import AT_ONCE, WAITING_AT_MOST, SharedRoundTrip
from tests.support.patience import LONGEST_WAIT, until


class Ledger:
    """Stands for a table of words. Each transaction waits for `commit`; words in `refused` cannot be stored."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.committed: list[str] = []
        self.refused: set[str] = set()
        self.away = False
        self.commit = asyncio.Event()
        self.began = asyncio.Event()
        self.store = SharedRoundTrip(self._write)

    async def _write(self, words: Sequence[str]) -> Sequence[str]:
        self.groups.append(list(words))
        self.began.set()
        await self.commit.wait()
        if self.away:
            raise StoreUnreachable("away")
        if self.refused & set(words):
            raise StoreRefused("no such word")
        self.committed += words
        return [word.upper() for word in words]

    async def under_way(self) -> asyncio.Task[str]:
        """Begin a transaction with one word, which does not end before `commit` is set."""
        task = asyncio.create_task(self.store.share("first"))
        async with asyncio.timeout(LONGEST_WAIT):
            await self.began.wait()
        return task

    async def waits(self, count: int) -> None:
        """Return when so many words wait for the transaction after the one under way."""
        await until(lambda: self.store.waiting == count)

    async def stored(self, *words: str) -> list[str | BaseException]:
        """Store words beside the one that is under way, then let every transaction end."""
        tasks = [await self.under_way(), *(asyncio.create_task(self.store.share(word)) for word in words)]
        await self.waits(len(words))
        self.commit.set()
        async with asyncio.timeout(LONGEST_WAIT):
            return (await asyncio.gather(*tasks, return_exceptions=True))[1:]


async def test_what_arrives_during_a_transaction_shares_the_next_one_and_each_has_its_own_outcome() -> None:
    ledger = Ledger()
    assert await ledger.stored("one", "two", "three") == ["ONE", "TWO", "THREE"]
    assert ledger.groups == [["first"], ["one", "two", "three"]]


async def test_nothing_is_told_before_it_is_committed() -> None:
    ledger = Ledger()
    first = await ledger.under_way()
    second = asyncio.create_task(ledger.store.share("second"))
    await ledger.waits(1)
    assert (first.done(), second.done(), ledger.committed) == (False, False, [])
    ledger.commit.set()
    async with asyncio.timeout(LONGEST_WAIT):
        assert await asyncio.gather(first, second) == ["FIRST", "SECOND"]


async def test_what_cannot_be_stored_takes_no_neighbour_with_it() -> None:
    ledger = Ledger()
    ledger.refused = {"two"}
    one, two, three = await ledger.stored("one", "two", "three")
    assert (one, three) == ("ONE", "THREE")
    assert isinstance(two, StoreRefused)
    assert ledger.committed == ["first", "one", "three"]


async def test_while_the_store_is_away_all_are_told_so_and_none_is_tried_by_itself() -> None:
    ledger = Ledger()
    ledger.away = True
    assert all(isinstance(each, StoreUnreachable) for each in await ledger.stored("one", "two"))
    assert len(ledger.groups) == 2
    ledger.away = False
    assert await ledger.store.share("three") == "THREE"


async def test_whoever_goes_away_takes_no_neighbour_with_it() -> None:
    ledger = Ledger()
    first = await ledger.under_way()
    gone, kept = (asyncio.create_task(ledger.store.share(word)) for word in ("gone", "kept"))
    await ledger.waits(2)
    gone.cancel()
    first.cancel()
    await asyncio.gather(gone, first, return_exceptions=True)
    ledger.commit.set()
    async with asyncio.timeout(LONGEST_WAIT):
        assert await kept == "KEPT"
    assert ledger.committed == ["first", "kept"]


async def test_a_group_and_what_waits_are_bounded() -> None:
    ledger = Ledger()
    first = await ledger.under_way()
    tasks = [asyncio.create_task(ledger.store.share(f"word {number}")) for number in range(WAITING_AT_MOST)]
    await ledger.waits(WAITING_AT_MOST)
    with pytest.raises(StoreUnreachable, match="too much"):
        await ledger.store.share("one too many")
    ledger.commit.set()
    async with asyncio.timeout(LONGEST_WAIT):
        await asyncio.gather(first, *tasks)
    assert max(map(len, ledger.groups)) == AT_ONCE
    assert len(ledger.committed) == WAITING_AT_MOST + 1


async def test_when_the_service_ends_nobody_waits_for_ever() -> None:
    ledger = Ledger()
    first = await ledger.under_way()
    second = asyncio.create_task(ledger.store.share("second"))
    await ledger.waits(1)
    (writer,) = (task for task in asyncio.all_tasks() if task.get_name() == "shared-round-trip")
    writer.cancel()
    async with asyncio.timeout(LONGEST_WAIT):
        outcomes = await asyncio.gather(first, second, return_exceptions=True)
    assert all(isinstance(each, asyncio.CancelledError) for each in outcomes)
