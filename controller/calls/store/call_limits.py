"""Limits of calls that hold over all controllers: slots to dial in, channels of trunks, calls of a key at one time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from controller.store.database import Database

# A call in progress is not kept waiting for long by a database that does not answer.
PATIENCE_SECONDS = 2.0


def trunk_scope(name: str) -> str:
    """The scope of a trunk's slots, as the query `claim_calls` knows it."""
    return f"trunk:{name}"


class Limits(Protocol):
    """What is needed of `CallLimits` by whoever dials a leg or takes a call."""

    async def slot(self, scope: str, interval: float, *, lead: float, longest: float) -> float | None: ...
    async def admit_legs(self, queue_id: int, routes: Sequence[str], channels: Mapping[str, int]) -> bool: ...
    async def legs_over(self, queue_id: int) -> None: ...
    async def admit_incoming(self, queue_id: int, license_key: str, most: int) -> bool: ...
    async def incoming_left(self, queue_id: int) -> None: ...


class CallLimits:
    """Counts in the database, whose clock counts too. Every method raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def slot(self, scope: str, interval: float, *, lead: float, longest: float) -> float | None:
        """Take the next moment in which a call may be dialled: seconds from now, at least `lead`.

        interval: how many seconds lie between one call and the next. None, and nothing is taken, when it would have to
        wait longer than `longest` seconds.
        """
        wait: float | None = await self._database.fetchval(
            "take_call_slot", scope=scope, seconds=interval, lead=lead, longest=longest
        )
        return wait

    async def admit_legs(self, queue_id: int, routes: Sequence[str], channels: Mapping[str, int]) -> bool:
        """Whether the legs of this call's transfer, each through a trunk by its name, get their channels; `legs_over`
        must follow. channels: how many each trunk has.
        """
        async with self._database.transaction() as transaction:
            await transaction.execute("lock_call_claims", timeout=PATIENCE_SECONDS)
            return bool(
                await transaction.fetch(
                    "admit_legs",
                    queue_id=queue_id,
                    routes=list(routes),
                    trunks=list(channels),
                    channels=list(channels.values()),
                )
            )

    async def legs_over(self, queue_id: int) -> None:
        """The legs have left their channels."""
        await self._database.execute("legs_are_over", queue_id, timeout=PATIENCE_SECONDS)

    async def in_use(self) -> dict[str, int]:
        """The calls in progress and the legs of transfers that each trunk has, by its name; none for one without."""
        rows = await self._database.fetch("trunks_in_use", timeout=PATIENCE_SECONDS)
        return {row["trunk"]: row["calls"] for row in rows}

    async def admit_incoming(self, queue_id: int, license_key: str, most: int) -> bool:
        """Whether a call that comes in is among the `most` that its key may have at once."""
        async with self._database.transaction() as transaction:
            await transaction.execute("lock_call_claims", timeout=PATIENCE_SECONDS)
            return bool(
                await transaction.fetch("admit_incoming_call", queue_id=queue_id, license_key=license_key, most=most)
            )

    async def incoming_left(self, queue_id: int) -> None:
        """A call that was admitted was gone before it was stored."""
        await self._database.execute("incoming_call_left", queue_id, timeout=PATIENCE_SECONDS)
