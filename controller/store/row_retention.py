"""Retention of rows: what is older than its period leaves the store, in steps small enough to hold nobody up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

import structlog

from controller.errors import StoreError
from controller.store.database import Database

log = structlog.get_logger()

EVERY_SECONDS = 3600.0
PAUSE_SECONDS = 0.05
STEP_ROWS = 500
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """One thing that is kept for so many days.

    query: a named query that makes one step: it takes the period in seconds and how many rows to look at, and gives how
    many it looked at; fewer than that end it. most_steps: how many steps in an hour, for a walk through everything.
    """

    what: str
    query: str
    keep_days: float
    most_steps: int | None = None


class RowRetention:
    """Applies its rules every hour.

    prepare: awaited before; it stores what the rules go by, such as what was used lately. It may raise StoreError.
    """

    def __init__(
        self, database: Database, rules: Sequence[RetentionRule], prepare: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self._database = database
        self._rules = tuple(rules)
        self._prepare = prepare

    async def run(self) -> NoReturn:
        """Apply the rules now and every hour, until cancelled."""
        while True:
            try:
                await self.remove()
            except StoreError as error:
                log.warning("what is old was not removed", reason=str(error))
            await asyncio.sleep(EVERY_SECONDS)

    async def remove(self, *, step: int = STEP_ROWS) -> None:
        """Remove all that is old enough now, `step` rows at a time. StoreError."""
        if self._prepare is not None:
            await self._prepare()
        for rule in self._rules:
            looked_at = await self._apply(rule, step)
            log.info("what is older than its period was removed", what=rule.what, looked_at=looked_at)

    async def _apply(self, rule: RetentionRule, step: int) -> int:
        total = steps = 0
        while rule.most_steps is None or steps < rule.most_steps:
            count: int = await self._database.fetchval(rule.query, rule.keep_days * DAY, step)
            total += count
            steps += 1
            if count < step:
                break
            await asyncio.sleep(PAUSE_SECONDS)
        return total
