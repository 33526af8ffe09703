"""The dialer: takes outgoing calls that are due from the store, as many as keys and trunks allow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog

from controller.calls.outgoing.attempts import OutgoingCalls
from controller.calls.outgoing.pace import key_interval, trunk_interval
from controller.calls.store.call_queue import CallQueue, Claimed, KeyLimits, RouteLimits, Waiting
from controller.calls.store.journal import Journal
from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import Snapshot
from controller.errors import JournalFull, StoreError
from controller.metering.usage_watch import HoldsKey, holds_nobody

log = structlog.get_logger()

# So often it looks for what is due although nobody told it of anything.
LOOK_SECONDS = 1.0
AGAIN_SECONDS = 2.0
# How many calls are begun in one go; more follow at once.
MOST_AT_ONCE = 20
# What a limit holds up is looked for again so soon, and then less and less often.
SHORTEST_PAUSE_SECONDS = 0.05
# Calls of keys and through trunks that are not configured any more are looked for so often.
STRAYS_SECONDS = 60.0
STRAYS_AT_ONCE = 500
OUR_PHONES = ""


class Dialer:
    """Claims due calls and has them placed. A claim is stored before anybody is called."""

    def __init__(
        self,
        queue: CallQueue,
        directory: CurrentDirectory,
        outgoing: OutgoingCalls,
        journal: Journal,
        is_connected: Callable[[], bool],
        holds_key: HoldsKey = holds_nobody,
    ) -> None:
        self._queue = queue
        self._directory = directory
        self._outgoing = outgoing
        self._journal = journal
        self.is_connected = is_connected
        self._holds_key = holds_key
        self._wake = asyncio.Event()
        self._last_keys: dict[str, str] = {}
        self._pauses: dict[str, float] = {}
        self._strays_at = 0.0
        self._waits_for_end = False

    def wake(self) -> None:
        """Have it look at once."""
        self._wake.set()

    def call_ended(self) -> None:
        """A call is over here: one that had to wait for a channel, or for its key, may begin."""
        if self._waits_for_end:
            self._wake.set()

    def directory_changed(self, previous: Snapshot, current: Snapshot) -> None:
        """Calls of a key, or through a trunk, that there is no more need not wait to be told so."""
        gone = previous.license_keys.keys() - current.license_keys.keys()
        if gone or previous.trunks.keys() - current.trunks.keys():
            self._strays_at = 0.0
            self._wake.set()

    async def run(self) -> None:
        """Place calls, until cancelled."""
        while True:
            self._wake.clear()
            try:
                pause = await self._place_due()
            except StoreError as error:
                log.warning("no outgoing calls are placed while the database is away", reason=str(error))
                pause = AGAIN_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    async def _place_due(self) -> float:
        """Begin what may begin now; gives the seconds until something else may."""
        if not self.is_connected():
            return LOOK_SECONDS
        try:
            self._journal.admit()
        except JournalFull:
            return AGAIN_SECONDS
        waiting = await self._queue.waiting()
        await self._look_for_strays(waiting)
        self._waits_for_end = False
        pause = LOOK_SECONDS
        # A claim is a transaction under the lock of all controllers: none is begun for a route that nobody waits for.
        routes = {each.route for each in waiting}
        for route in (OUR_PHONES, *self._directory.snapshot.trunks):
            if route in routes:
                pause = min(pause, await self._place_through(route))
        return pause

    async def _place_through(self, route: str) -> float:
        """Begin due calls through one route, as long as there are some and the limits allow."""
        trunk = self._directory.snapshot.trunks.get(route)
        limits = RouteLimits(route)
        if trunk is not None:
            limits = RouteLimits(route, trunk.channels, trunk_interval(trunk.calls_per_second))
        while True:
            claimed = await self.claim(self._keys_in_turn(route), limits, MOST_AT_ONCE)
            for stored in claimed.calls:
                self._last_keys[route] = stored.call.license_key
                self._outgoing.begin(stored)
            if not claimed.held_up:
                self._pauses.pop(route, None)
                if len(claimed.calls) < MOST_AT_ONCE:
                    return LOOK_SECONDS
                continue
            self._waits_for_end = True
            before = SHORTEST_PAUSE_SECONDS / 2 if claimed.calls else self._pauses.get(route, 0.0)
            pause = self._pauses[route] = min(max(SHORTEST_PAUSE_SECONDS, before * 2), LOOK_SECONDS)
            return pause

    async def claim(self, keys: Sequence[KeyLimits], route: RouteLimits, most: int) -> Claimed:
        """Take calls from the store. Who is cancelled meanwhile gives back what was taken. StoreError."""
        claiming = asyncio.create_task(self._queue.claim(keys, route, most))
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            with suppress(StoreError):
                for stored in (await claiming).calls:
                    self._outgoing.give_back(stored)
            raise

    def _keys_in_turn(self, route: str) -> list[KeyLimits]:
        """All keys, those first that were not served last; the calls of one that is above its limits wait."""
        keys = list(self._directory.snapshot.license_keys.values())
        names = [key.name for key in keys]
        last = self._last_keys.get(route)
        place = names.index(last) + 1 if last in names else 0
        return [
            KeyLimits(key.name, key.max_calls, key_interval(key.calls_per_minute))
            for key in keys[place:] + keys[:place]
            if not self._holds_key(key.name)
        ]

    async def _look_for_strays(self, waiting: Sequence[Waiting]) -> None:
        """Calls whose key or trunk is not configured any more are begun too: the try finds out what becomes of them.

        Nobody is called by that; who is reached through another trunk now waits again, for that one.
        """
        if self._now() < self._strays_at:
            return
        self._strays_at = self._now() + STRAYS_SECONDS
        snapshot = self._directory.snapshot
        for each in waiting:
            key, route = each.license_key, each.route
            if key in snapshot.license_keys and (route == OUR_PHONES or route in snapshot.trunks):
                continue
            strays = await self.claim([KeyLimits(key)], RouteLimits(route), STRAYS_AT_ONCE)
            for stored in strays.calls:
                self._outgoing.begin(stored)
                self._strays_at = 0.0

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
