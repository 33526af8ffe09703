"""The dialer: takes outgoing calls that are due from the store, as fast as keys and trunks allow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress

import structlog

from controller.calls.live import LiveCalls
from controller.calls.outgoing.attempts import OutgoingCalls
from controller.calls.outgoing.pace import Pace, Paces
from controller.calls.store.call_queue import CallQueue
from controller.calls.store.journal import Journal
from controller.calls.store.stored_calls import StoredCall
from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import LicenseKey
from controller.errors import JournalFull, StoreError
from controller.metering.usage_watch import HoldsKey, holds_nobody

log = structlog.get_logger()

# So often it looks for what is due although nobody told it of anything.
LOOK_SECONDS = 1.0
AGAIN_SECONDS = 2.0
# How many calls are begun in one go; more follow at once.
MOST_AT_ONCE = 20
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
        live: LiveCalls,
        outgoing: OutgoingCalls,
        journal: Journal,
        is_connected: Callable[[], bool],
        paces: Paces,
        holds_key: HoldsKey = holds_nobody,
    ) -> None:
        self._queue = queue
        self._directory = directory
        self._live = live
        self._outgoing = outgoing
        self._journal = journal
        self.is_connected = is_connected
        self._paces = paces
        self._holds_key = holds_key
        self._wake = asyncio.Event()
        self._last_keys: dict[str, str] = {}
        self._strays_at = 0.0
        self._waits_for_end = False

    def wake(self) -> None:
        """Have it look at once."""
        self._wake.set()

    def call_ended(self) -> None:
        """A call is over here: one that had to wait for a channel, or for its key, may begin."""
        if self._waits_for_end:
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
        await self._look_for_strays()
        self._waits_for_end = False
        pause = LOOK_SECONDS
        for route in (OUR_PHONES, *self._directory.snapshot.trunks):
            pause = min(pause, await self._place_through(route))
        return pause

    async def _place_through(self, route: str) -> float:
        """Begin due calls through one route, as long as there are some and all paces allow."""
        while True:
            most, pause = self._allowed_by(route)
            keys, key_pause = self._keys_in_turn(route)
            if not most or not keys:
                return pause if not most else key_pause
            claimed = await self.claim([key.name for key in keys], route, most, of_a_key=1)
            for stored in claimed:
                self._begun(stored.call.license_key, route)
                self._outgoing.begin(stored)
            if not claimed:
                return min(LOOK_SECONDS, key_pause)

    async def claim(self, keys: list[str], route: str, most: int, *, of_a_key: int) -> list[StoredCall]:
        """Take calls from the store. Who is cancelled meanwhile gives back what was taken. StoreError."""
        claiming = asyncio.create_task(self._queue.claim(keys, route, most, most_of_a_key=of_a_key))
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            with suppress(StoreError):
                for stored in await claiming:
                    self._outgoing.give_back(stored)
            raise

    def _allowed_by(self, route: str) -> tuple[int, float]:
        """How many calls may begin through this route now; if none, in how many seconds one may."""
        trunk = self._directory.snapshot.trunks.get(route)
        if trunk is None:
            return MOST_AT_ONCE, LOOK_SECONDS
        pace = self._paces.of(f"trunk {route}", trunk.calls_per_second)
        free = trunk.channels - self._live.on_route(route)
        allowed = min(pace.allows(self._now()), MOST_AT_ONCE, max(0, free))
        if free > 0:
            return allowed, pace.wait()
        self._waits_for_end = True
        return 0, LOOK_SECONDS

    def _keys_in_turn(self, route: str) -> tuple[list[LicenseKey], float]:
        """The keys that may begin a call now, those first that were not served last; and when another one may."""
        allowed, pause = [], LOOK_SECONDS
        for key in self._after_last(route):
            if self._holds_key(key.name):
                continue  # its calls wait until it is below its limits again
            pace = self._key_pace(key)
            if not pace.allows(self._now()):
                pause = min(pause, pace.wait())
            elif self._live.has_most_calls(key):
                self._waits_for_end = True
            else:
                allowed.append(key)
        return allowed, pause

    def _after_last(self, route: str) -> Iterator[LicenseKey]:
        keys = list(self._directory.snapshot.license_keys.values())
        names = [key.name for key in keys]
        last = self._last_keys.get(route)
        place = names.index(last) + 1 if last in names else 0
        yield from keys[place:] + keys[:place]

    def _key_pace(self, key: LicenseKey) -> Pace:
        return self._paces.of(f"key {key.name}", key.calls_per_minute / 60)

    def _begun(self, key_name: str, route: str) -> None:
        self._last_keys[route] = key_name
        snapshot = self._directory.snapshot
        if key := snapshot.license_keys.get(key_name):
            self._key_pace(key).take()
        if trunk := snapshot.trunks.get(route):
            self._paces.of(f"trunk {route}", trunk.calls_per_second).take()

    async def _look_for_strays(self) -> None:
        """Calls whose key or trunk is not configured any more are begun too: the try finds out what becomes of them.

        Nobody is called by that; who is reached through another trunk now waits again, for that one.
        """
        if self._now() < self._strays_at:
            return
        self._strays_at = self._now() + STRAYS_SECONDS
        snapshot = self._directory.snapshot
        for waiting in await self._queue.waiting():
            key, route = waiting.license_key, waiting.route
            if key in snapshot.license_keys and (route == OUR_PHONES or route in snapshot.trunks):
                continue
            for stored in await self.claim([key], route, STRAYS_AT_ONCE, of_a_key=STRAYS_AT_ONCE):
                self._outgoing.begin(stored)
                self._strays_at = 0.0

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
