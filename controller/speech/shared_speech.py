"""Shared speech: what one controller has rendered ahead, the others fetch instead of rendering it again."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from controller.errors import StoreError
from controller.speech.pcm import TelephoneSound
from controller.store.database import Database

log = structlog.get_logger()

# Five minutes of speech; what is longer is rendered by each controller.
MOST_BYTES = 4_800_044
FETCH_SECONDS = 3.0
# Without the database, rendering is quicker than asking it each time.
PAUSE_SECONDS = 30.0


class SharedSpeech:
    """Rendered speech in the store, by what was asked for: text, voice, manner, and the engine's version.

    Nobody needs it: while the store is away, nothing is found and nothing is kept.
    """

    def __init__(self, database: Database, now: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._now = now
        self._not_before = 0.0

    async def find(self, key: str) -> TelephoneSound | None:
        """What another controller has rendered; None when there is nothing."""
        if self._now() < self._not_before:
            return None
        try:
            row = await self._database.fetchrow("find_shared_speech", key, timeout=FETCH_SECONDS)
        except StoreError as error:
            self._away(error)
            return None
        return None if row is None else TelephoneSound(row["wav"], row["wide"])

    async def keep(self, key: str, sound: TelephoneSound) -> None:
        """Have the others find it."""
        if len(sound.wav) > MOST_BYTES or self._now() < self._not_before:
            return
        try:
            await self._database.execute("share_speech", key, sound.wav, sound.wide, timeout=FETCH_SECONDS)
        except StoreError as error:
            self._away(error)

    async def remove_unused(self, unused_days: float) -> int:
        """Remove what nobody has fetched for so many days; gives how many. StoreError."""
        return int(await self._database.fetchval("remove_unused_speech", unused_days))

    def _away(self, error: StoreError) -> None:
        self._not_before = self._now() + PAUSE_SECONDS
        log.warning("rendered speech is not shared for a while", reason=str(error))
