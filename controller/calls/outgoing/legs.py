"""The legs of transfers on a trunk: they count like its calls, in channels and in pace, over all controllers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import structlog

from controller.calls.live import LiveCalls
from controller.calls.outgoing.pace import Paces, trunk_interval
from controller.calls.store.call_limits import Limits, trunk_scope
from controller.calls.store.journal import Journal
from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import Trunk
from controller.errors import StoreError

log = structlog.get_logger()

# A caller who waits for a transfer is not kept waiting for longer by the pace, nor by a database that is away.
LONGEST_WAIT_SECONDS = 5.0
STORED_SECONDS = 2.0


class TrunkLegs:
    """Admits legs. While the database is away, only the calls of this controller are counted and paced."""

    def __init__(self, directory: CurrentDirectory, live: LiveCalls, limits: Limits, journal: Journal) -> None:
        self._directory = directory
        self._live = live
        self._limits = limits
        self._journal = journal
        self._paces = Paces()

    async def admit(self, queue_id: int, routes: Sequence[str]) -> bool:
        """Wait until the legs of a call may be dialled at once, one through each of the trunks; False when channels are
        taken, or a pace is used up. `over` must follow.

        The legs count on their routes already. Whatever needs no trunk is admitted.
        """
        known = self._directory.snapshot.trunks
        trunks = {name: known[name] for name in routes if name in known}
        if any(self._live.on_route(trunk.name) > trunk.channels for trunk in trunks.values()):
            return False
        if not trunks:
            return True
        try:
            # A call that has just come in may not be stored yet.
            if not await self._journal.flush(STORED_SECONDS):
                return await self._admit_here(trunks.values())
            channels = {trunk.name: trunk.channels for trunk in trunks.values()}
            if not await self._limits.admit_legs(queue_id, [each for each in routes if each in trunks], channels):
                return False
            waits = [await self._slot(trunk, routes.count(trunk.name)) for trunk in trunks.values()]
        except StoreError:
            return await self._admit_here(trunks.values())
        if None in waits:
            await self.over(queue_id)
            return False
        await asyncio.sleep(max(wait for wait in waits if wait is not None))
        return True

    async def _slot(self, trunk: Trunk, legs: int) -> float | None:
        """The wait for a slot in which so many legs are dialled at once; what follows keeps the distance of all."""
        interval = trunk_interval(trunk.calls_per_second) * legs
        return await self._limits.slot(trunk_scope(trunk.name), interval, lead=0.0, longest=LONGEST_WAIT_SECONDS)

    async def over(self, queue_id: int) -> None:
        """The legs of a call are gone, or were not dialled after all."""
        try:
            await self._limits.legs_over(queue_id)
        except StoreError as error:
            # They count until the call is over.
            log.info("the end of a transfer's legs was not stored", reason=str(error))

    async def _admit_here(self, trunks: Iterable[Trunk]) -> bool:
        deadline = self._now() + LONGEST_WAIT_SECONDS
        for trunk in trunks:
            pace = self._paces.of(trunk.name, trunk.calls_per_second)
            while not pace.allows(self._now()):
                wait = pace.wait()
                if self._now() + wait > deadline:
                    return False
                await asyncio.sleep(wait)
            pace.take()
        return True

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
