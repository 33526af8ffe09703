"""Controllers that share a database: which of them live, and whose a call is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from datetime import datetime

import structlog

from controller.errors import StoreError
from controller.store.database import Database

log = structlog.get_logger()

# So many signs of life are given in the time after which a controller counts as dead.
BEATS_PER_LEASE = 6
AGAIN_SECONDS = 1.0


class Owner:
    """This controller among those of the database, and the Asterisk that its calls are in.

    A call belongs to the controller that works on it. When a controller has given no sign of life for a lease, another
    one takes its calls over, provided that it watched for so long itself: a database that was away makes nobody look
    dead. All times are the database's.
    """

    def __init__(
        self,
        database: Database,
        controller_id: str,
        *,
        application: str,
        asterisk: Callable[[], str],
        lease_seconds: float,
    ) -> None:
        """asterisk: gives the identity of the server that this controller is connected to, or was last."""
        self.controller_id = controller_id
        self._database = database
        self._application = application
        self._asterisk = asterisk
        self.lease_seconds = lease_seconds
        # Since when the database knows this controller, through all its restarts; None before `register`.
        self.known_since: datetime | None = None

    @property
    def asterisk(self) -> str:
        """The Asterisk that has this controller's calls; empty before the first connection."""
        return self._asterisk()

    async def register(self) -> None:
        """This controller starts. StoreError."""
        self.known_since = await self._database.fetchval("register_controller", self.controller_id)

    async def run(self) -> None:
        """Give signs of life until cancelled."""
        while True:
            try:
                await self.beat()
            except StoreError as error:
                log.warning("the database has no sign of life of this controller", reason=str(error))
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                await asyncio.sleep(self.lease_seconds / BEATS_PER_LEASE)

    async def beat(self) -> None:
        """Give one sign of life. StoreError."""
        late = self.lease_seconds / 2
        await self._database.execute("beat", self.controller_id, self.asterisk, self._application, late)

    async def take_over(self, channel_ids: Collection[str]) -> int:
        """Make calls this controller's that nobody else can see to; gives how many. StoreError.

        Those are the calls of controllers that died, and those whose channels (`channel_ids`) are in its own
        application.
        """
        taken = await self._database.fetch(
            "take_over_calls", self.controller_id, self.asterisk, list(channel_ids), self.lease_seconds
        )
        if taken:
            log.warning("calls of another controller are taken over", calls=[row["queue_id"] for row in taken])
        return len(taken)

    async def lost(self, queue_ids: Iterable[int]) -> list[int]:
        """Those of these calls that another controller has taken over meanwhile. StoreError."""
        rows = await self._database.fetch("calls_taken_over", self.controller_id, list(queue_ids))
        return [row["queue_id"] for row in rows]
