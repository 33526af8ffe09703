"""Shared round trips: what is asked of PostgreSQL at the same time is asked together (stored: a group commit).

While a statement is under way, what arrives is gathered for the next one. Each caller gets the outcome of its own, once
that is committed. Nobody waits for a timer: what comes alone goes at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import structlog

from controller.errors import StoreUnreachable

log = structlog.get_logger()

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

# A group has so many items at most, and so many may wait.
AT_ONCE = 500
WAITING_AT_MOST = 5_000


@dataclass(slots=True, eq=False)
class _Entry(Generic[Item, Outcome]):
    item: Item
    outcome: asyncio.Future[Outcome] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def fail(self, error: BaseException) -> None:
        if not self.outcome.done():
            self.outcome.set_exception(error)


class SharedRoundTrip(Generic[Item, Outcome]):
    """Has items stored or looked up in groups, one group at a time.

    ask: does it for a group, in one transaction, and gives the outcome of each item, in their order. When it raises,
    nothing of the group is stored, or that is unknown (StoreUnreachable).
    """

    def __init__(self, ask: Callable[[Sequence[Item]], Awaitable[Sequence[Outcome]]]) -> None:
        self._ask = ask
        self._waiting: list[_Entry[Item, Outcome]] = []
        self._asking: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many items wait for the round trip after the one under way."""
        return len(self._waiting)

    async def share(self, item: Item) -> Outcome:
        """The outcome of an item, which goes with whatever else comes at the same time.

        StoreRefused when this item can never be stored; a neighbour's refusal is not seen here. StoreUnreachable for
        the whole group, and when too many wait. An item whose caller is cancelled may be stored all the same.
        """
        if len(self._waiting) >= WAITING_AT_MOST:
            raise StoreUnreachable("too much waits for the database")
        entry = _Entry[Item, Outcome](item)
        self._waiting.append(entry)
        if self._asking is None:
            # It ends by itself when nothing waits.
            self._asking = asyncio.create_task(self._ask_all(), name="shared-round-trip")
        return await entry.outcome

    async def _ask_all(self) -> None:
        group: list[_Entry[Item, Outcome]] = []
        try:
            while self._waiting:
                taken, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
                group = [entry for entry in taken if not entry.outcome.done()]
                await self._ask_group(group)
        finally:
            self._asking = None
            for entry in (*group, *self._waiting):
                entry.outcome.cancel()  # of no effect on those that are done
            self._waiting.clear()

    async def _ask_group(self, group: Sequence[_Entry[Item, Outcome]]) -> None:
        if not group:
            return
        try:
            outcomes = await self._ask([entry.item for entry in group])
        except StoreUnreachable as error:
            for entry in group:
                entry.fail(error)
        except Exception as error:
            if len(group) == 1:
                group[0].fail(error)
                return
            # It is one of them: each is tried by itself, so that this one takes no other with it.
            log.warning("a group was refused, its items are tried one by one", items=len(group), reason=str(error))
            for entry in group:
                await self._ask_group([entry])
        else:
            for entry, outcome in zip(group, outcomes, strict=True):
                if not entry.outcome.done():
                    entry.outcome.set_result(outcome)
