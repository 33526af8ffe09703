"""The library: sounds that callers recorded or customers' programs uploaded, by licence key and sound id."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Collection
from contextlib import suppress

import structlog

from controller.errors import StoreError
from controller.script.commands.kinds import sound_name
from controller.speech.pcm import TelephoneSound
from controller.speech.prompts import Medium, Prompts
from controller.store.database import Database

log = structlog.get_logger()

KEPT_IN_MEMORY = 20_000
# A call waits no longer than this for a sound that is not in memory, or for the store to take a recording.
LOOK_UP_SECONDS = 3.0
STORE_SECONDS = 3.0
# A whole call that was recorded is large, and nobody waits for it: the store has a second for each minute of it.
STORE_SECONDS_PER_SECOND = 1 / 60
CHANGES = "ringpost_sounds"

_Key = tuple[str, str]


class SoundLibrary:
    """Stored sounds. The most lately used are known in memory, others are looked up when they are wanted.

    Their audio is in the store, and in the media folder under its content's hash from the first use on. What another
    controller changes is told by NOTIFY while `run` runs.
    """

    def __init__(self, database: Database, prompts: Prompts, *, kept: int = KEPT_IN_MEMORY) -> None:
        self._database = database
        self._prompts = prompts
        self._kept = kept
        self._known: OrderedDict[_Key, Medium] = OrderedDict()
        self._held: dict[_Key, Medium] = {}
        self._used: set[_Key] = set()
        self._outdated = asyncio.Event()
        self._listeners: list[Callable[[str | None], None]] = []

    def __len__(self) -> int:
        """How many are known in memory."""
        return len(self._known)

    async def load(self) -> None:
        """Read which sounds were used last, so that they are there when the database is not. StoreError."""
        rows = await self._database.fetch("latest_sounds", self._kept)
        found = [((row["license_key"], row["sound_id"]), Medium(row["content_hash"], row["seconds"])) for row in rows]
        here = await asyncio.to_thread(lambda: [each for each in found if self._prompts.has(each[1])])
        self._known = OrderedDict(reversed(here))

    async def run(self) -> None:
        """Follow what other controllers change, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._database.listen(CHANGES, self._changed))
            group.create_task(self._load_again())

    def on_change(self, listener: Callable[[str | None], None]) -> None:
        """Tell `listener` the id of each sound that any controller changes, while `run` runs; None: of any sound."""
        self._listeners.append(listener)

    def cached(self, license_key: str, sound_id: str) -> Medium | None:
        """The sound if it is known in memory; `find` asks the store. `sound_id` in any case."""
        key = (license_key, sound_name(sound_id))
        medium = self._held.get(key) or self._known.get(key)
        if medium is None:
            return None
        self._used.add(key)
        if key in self._known:
            self._known.move_to_end(key)
        return medium

    async def find(self, license_key: str, sound_id: str) -> Medium | None:
        """The sound, looked up if need be; None when there is none. StoreError; SpeechError when the disk is full."""
        if (known := self.cached(license_key, sound_id)) is not None:
            return known
        key = (license_key, sound_name(sound_id))
        row = await self._database.fetchrow("find_sound", *key, timeout=LOOK_UP_SECONDS)
        if row is None:
            return None
        medium = Medium(row["content_hash"], row["seconds"])
        if not self._prompts.has(medium):  # another controller took it in
            audio = await self._database.fetchrow("audio_of_sound", medium.content_hash, timeout=LOOK_UP_SECONDS)
            if audio is None:
                log.error("the audio of a sound is gone", license_key=license_key, content=medium.content_hash)
                return None
            await self._prompts.take_in(TelephoneSound(audio["wav"], audio["wide"]))
        self._remember(key, medium)
        self._used.add(key)
        return medium

    async def convert(self, data: bytes) -> Medium:
        """Audio of any kind as a medium, on the disk. AudioInvalid; SpeechError when the disk does not take it."""
        return await self._prompts.sound_bytes(data)

    async def put(self, license_key: str, sound_id: str, data: bytes) -> Medium:
        """Store audio of any kind as an uploaded sound. AudioInvalid, SpeechError; StoreError."""
        medium = await self.convert(data)
        await self.store(license_key, sound_id, medium, recorded=False)
        return medium

    async def store(
        self, license_key: str, sound_id: str, medium: Medium, *, recorded: bool, age_seconds: float = 0.0
    ) -> None:
        """Store a medium as the sound, unless one that was made later has its id. StoreError; SpeechError.

        recorded: by a caller; such a sound is kept for its own period. age_seconds: how long ago it was made.
        """
        key = (license_key, sound_name(sound_id))
        sound = await asyncio.to_thread(self._prompts.read_sound, medium)
        saved = await self._database.fetchval(
            "save_sound",
            *key,
            medium.content_hash,
            medium.seconds,
            recorded,
            age_seconds,
            sound.wav,
            json.dumps(key),
            sound.wide,
            timeout=max(STORE_SECONDS, medium.seconds * STORE_SECONDS_PER_SECOND),
        )
        if self._held.get(key) == medium:
            del self._held[key]
        if saved:
            self._remember(key, medium)

    def hold(self, license_key: str, sound_id: str, medium: Medium) -> None:
        """Have the sound played already, while it waits for the store."""
        self._held[license_key, sound_name(sound_id)] = medium

    async def in_use(self, content_hashes: Collection[str]) -> set[str]:
        """Which of these media a sound is made of; they must stay on the disk. StoreError."""
        held = {medium.content_hash for medium in self._held.values()}
        rows = await self._database.fetch("media_in_use", list(content_hashes))
        return {row["content_hash"] for row in rows} | held.intersection(content_hashes)

    async def note_use(self) -> None:
        """Store which sounds were played since the last time: their period begins anew. StoreError."""
        used, self._used = self._used, set()
        if not used:
            return
        try:
            await self._database.execute("note_used_sounds", *map(list, zip(*used, strict=True)))
        except StoreError:
            self._used |= used
            raise

    def _remember(self, key: _Key, medium: Medium) -> None:
        self._known[key] = medium
        self._known.move_to_end(key)
        while len(self._known) > self._kept:
            self._known.popitem(last=False)

    def _changed(self, payload: str | None) -> None:
        sound_id: str | None = None
        if payload is None:  # changes may have been missed
            self._outdated.set()
        else:
            with suppress(ValueError, TypeError):
                license_key, sound_id = json.loads(payload)
                self._known.pop((license_key, sound_id), None)
        for listener in self._listeners:
            listener(sound_id)

    async def _load_again(self) -> None:
        while True:
            await self._outdated.wait()
            self._outdated.clear()
            try:
                await self.load()
            except StoreError as error:
                # What is in memory may be out of date; the next connection tells anew.
                log.warning("the stored sounds were not read again", reason=str(error))

    async def ids(self, license_key: str) -> list[str]:
        """The ids of a key's stored sounds, sorted. StoreError."""
        return [row["sound_id"] for row in await self._database.fetch("sound_ids", license_key)]

    async def remove(self, license_key: str, sound_id: str) -> bool:
        """Remove a sound; False when there is none. StoreError."""
        key = (license_key, sound_name(sound_id))
        removed = await self._database.fetchval("remove_sound", *key, json.dumps(key))
        self._forget(key)
        return removed is not None

    async def rename(self, license_key: str, sound_id: str, new_id: str) -> bool:
        """Give a sound another id; False when there is no such sound, or one of that id. StoreError."""
        old, new = (license_key, sound_name(sound_id)), (license_key, sound_name(new_id))
        renamed = await self._database.fetchval("rename_sound", *old, new[1], json.dumps(old), json.dumps(new))
        self._forget(old)
        self._forget(new)
        return renamed is not None

    def _forget(self, key: _Key) -> None:
        self._known.pop(key, None)
        self._held.pop(key, None)
