"""Claims: the rows of the outbox that one process takes to deliver, for the time of a lease."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from controller.postbacks.attempt import Claimed
from controller.store.database import Database

# So many lanes are looked at in one claim; the next one goes on behind them.
LANES_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Claim:
    """What was taken, how many rows were found due, and whether lanes were left that may have more."""

    postbacks: tuple[Claimed, ...]
    found: int
    more: bool


class Claims:
    """Takes from the outbox, lane after lane, in turns that are fair to all."""

    def __init__(self, database: Database, lease: UUID, lease_seconds: float, overtake_seconds: float) -> None:
        self._database = database
        self._lease = lease
        self._lease_seconds = lease_seconds
        self._overtake_seconds = overtake_seconds
        self._cursor = ""

    async def take(self, rooms: Mapping[str, int], room_of_others: int, in_all: int) -> Claim:
        """Take at most `in_all`, of a lane in `rooms` at most its number, of any other at most `room_of_others`.

        In the order of subjects and sequence numbers. StoreUnreachable.
        """
        asked = time.monotonic()
        began_at = self._cursor
        async with self._database.transaction() as transaction:
            await transaction.execute("plan_each_time")
            rows = await transaction.fetch(
                "claim_postbacks",
                self._lease,
                self._lease_seconds,
                began_at,
                LANES_AT_ONCE,
                list(rooms),
                list(rooms.values()),
                room_of_others,
                in_all,
                self._overtake_seconds,
            )
        found, scanned = rows[0]["found"], rows[0]["scanned"]
        expires = asked + self._lease_seconds
        taken = tuple(
            Claimed(
                number=row["number"],
                id=row["id"],
                subject=row["subject"],
                sequence=row["sequence"],
                event=row["event"],
                final=row["final"],
                license_key=row["license_key"],
                url=row["url"],
                lane=row["lane"],
                body=row["body"],
                tries=row["tries"],
                age=row["age"],
                stopped=row["stopped"],
                expires=expires,
            )
            for row in rows
            if row["number"] is not None
        )
        if found >= in_all and taken:
            # Lanes behind the last one were not reached: the next turn begins with them.
            self._cursor = max(claimed.lane for claimed in taken)
        else:
            self._cursor = rows[0]["last_lane"] if scanned >= LANES_AT_ONCE else ""
        # A turn that began midway has not seen the lanes before.
        return Claim(taken, found, more=found < in_all and bool(began_at or self._cursor))

    async def give_back(self) -> None:
        """Make all that this process still holds due at once. StoreUnreachable."""
        await self._database.execute("give_postbacks_back", self._lease)
