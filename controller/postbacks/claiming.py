"""Claims: the rows of the outbox that one process takes to deliver, for the time of a lease."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from controller.postbacks.attempt import Claimed
from controller.store.database import Database

# So many lanes are looked at in one claim; the next one goes on behind them.
LANES_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Claim:
    """What was taken; whether lanes were left that may have more; and whether what is due was left for want of room."""

    postbacks: tuple[Claimed, ...]
    more: bool
    limited: bool


class Claims:
    """Takes from the outbox, lane after lane, in turns that are fair to all."""

    def __init__(self, database: Database, lease: UUID, lease_seconds: float, overtake_seconds: float) -> None:
        self._database = database
        self._lease = lease
        self._lease_seconds = lease_seconds
        self._overtake_seconds = overtake_seconds
        self._cursor = ""
        self._planning: Database | None = None

    async def open(self) -> None:
        """Make ready for taking.

        Claims have a connection of their own: a plan made while the outbox was empty must not be kept for a backlog of
        a million rows.
        """
        self._planning = await self._database.planning_each_time(size=1)

    async def close(self) -> None:
        """Close that connection."""
        if self._planning is not None:
            planning, self._planning = self._planning, None
            await planning.close()

    async def take(self, rooms: Mapping[str, int], room_of_others: int, in_all: int) -> Claim:
        """Take at most `in_all`, of a lane in `rooms` at most its number, of any other at most `room_of_others`.

        In the order of subjects and sequence numbers. Between `open` and `close`. StoreUnreachable.
        """
        assert self._planning is not None
        asked = time.monotonic()
        began_at = self._cursor
        rows = await self._planning.fetch(
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
        of_lane = Counter(claimed.lane for claimed in taken)
        limited = (
            found >= in_all
            or found > len(taken)
            or min(rooms.values(), default=1) <= 0
            or any(number >= rooms.get(lane, room_of_others) for lane, number in of_lane.items())
        )
        # A turn that began midway has not seen the lanes before.
        return Claim(taken, more=found < in_all and bool(began_at or self._cursor), limited=limited)

    async def give_back(self) -> None:
        """Make all that this process still holds due at once. StoreUnreachable."""
        await self._database.execute("give_postbacks_back", self._lease)
