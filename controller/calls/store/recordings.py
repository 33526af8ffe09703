"""Recordings of callers, from Asterisk into the library. They are data: what the store or the disk does not take waits.

begun      noted in the spool, as soon as Asterisk records: who speaks does not wait for the disk
recorded   a file of Asterisk's
fetched    a medium of the media folder; Asterisk's file goes when the store has it, or the spool tells of it
stored     a sound of the licence key; the spool's note goes
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

import structlog

from controller.asterisk.ari.client import AriClient
from controller.calls.store.recording_spool import Recording, RecordingSpool
from controller.errors import (
    AsteriskError,
    AsteriskNotFound,
    AsteriskUnreachable,
    AudioInvalid,
    SpeechError,
    StoreError,
)
from controller.speech.pcm import wav_seconds
from controller.speech.prompts import Medium

log = structlog.get_logger()

AGAIN_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 60.0


class Sounds(Protocol):
    """What is needed of the library; see `SoundLibrary`."""

    async def convert(self, data: bytes) -> Medium: ...
    async def store(
        self, license_key: str, sound_id: str, medium: Medium, *, recorded: bool, age_seconds: float = 0.0
    ) -> None: ...
    def hold(self, license_key: str, sound_id: str, medium: Medium) -> None: ...


class Recordings:
    """Keeps recordings, each from its beginning until it is a stored sound.

    application: the Stasis application; its name is the folder of its recordings in Asterisk.
    """

    def __init__(
        self,
        ari: AriClient,
        sounds: Sounds,
        spool: RecordingSpool,
        application: str,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._ari = ari
        self._sounds = sounds
        self._spool = spool
        self._application = application
        self._now = now
        self._waiting: dict[str, Recording] = {}
        self._stored: set[str] = set()
        self._followed: set[str] = set()

    @property
    def waiting(self) -> int:
        """How many are begun, and not stored sounds yet."""
        return len(self._waiting)

    async def load(self) -> None:
        """Read what an earlier controller could not store; what was fetched already can be played from now on."""
        for recording in await asyncio.to_thread(lambda: list(self._spool.recordings())):
            self._waiting[recording.name] = recording
            if recording.content_hash:
                self._hold(recording)

    async def run(self) -> None:
        """Store what waits for the store, until cancelled."""
        pause = AGAIN_SECONDS
        while True:
            await asyncio.sleep(pause)
            pause = AGAIN_SECONDS if await self.store_waiting() else min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def store_waiting(self) -> bool:
        """Store what was fetched and not stored yet; False when the store still does not take one."""
        taken = True
        for recording in list(self._waiting.values()):
            if recording.content_hash and recording.name not in self._stored:
                if await self._store(recording):
                    log.info("a recording is stored that had to wait", call=recording.queue_id)
                    await self._finish(recording)
                else:
                    taken = False
        return taken

    def begin(self, queue_id: int, number: int | str, license_key: str, sound_id: str) -> str:
        """A recording is about to be made: the call's `number`-th, or of the call itself under another sign. Gives its
        name in Asterisk, always the same.
        """
        name = self._name(queue_id, number)
        if name not in self._waiting:
            self._waiting[name] = Recording(name, queue_id, license_key, sound_id, self._now())
        return name

    async def note(self, name: str) -> None:
        """Note in the spool that it is being made; a spool that cannot be written is told in the log."""
        await self._note(self._waiting[name])

    def begun(self, queue_id: int, number: int) -> str | None:
        """The name of the call's `number`-th recording, if it was begun and is not stored."""
        name = self._name(queue_id, number)
        return name if name in self._waiting else None

    @contextmanager
    def followed(self, name: str) -> Iterator[None]:
        """Somebody waits for the recording's end and keeps it: until then the sweep leaves it alone."""
        self._followed.add(name)
        try:
            yield
        finally:
            self._followed.discard(name)

    async def drop(self, name: str) -> None:
        """Nothing was recorded."""
        self._waiting.pop(name, None)
        self._stored.discard(name)
        await asyncio.to_thread(self._spool.remove, name)

    async def keep(self, name: str) -> float:
        """Keep what was recorded as the sound that it was begun for; gives its length in seconds.

        What the store does not take now waits in the spool and can be played at once; what the disk does not take
        waits in Asterisk. AsteriskNotFound when nothing was recorded, AudioInvalid when it is no audio: both end it.
        Other AsteriskError: it waits in Asterisk.
        """
        recording = self._waiting[name]
        try:
            data = await self._ari.recordings.stored_file(name)
        except AsteriskNotFound:
            await self.drop(name)
            raise
        try:
            medium = await self._sounds.convert(data)
        except AudioInvalid:
            await self._finish(recording)
            raise
        except SpeechError as error:
            log.error("a recording waits in Asterisk", call=recording.queue_id, reason=str(error))
            return max(0.0, wav_seconds(data))
        recording = replace(recording, content_hash=medium.content_hash, seconds=medium.seconds)
        self._waiting[name] = recording
        if await self._store(recording):
            await self._finish(recording)
        else:
            self._hold(recording)
            if await self._note(recording):
                await self._delete(name)
        return medium.seconds

    async def sweep(self, is_live: Callable[[int], bool]) -> None:
        """Keep what was recorded on calls that are over, and left in Asterisk. AsteriskUnreachable.

        is_live: whether the call with this QueueID goes on; its recordings are its own business.
        """
        for recording in list(self._waiting.values()):
            if is_live(recording.queue_id) or recording.name in self._followed:
                continue
            if recording.name in self._stored:
                await self._finish(recording)
            elif not recording.content_hash:
                await self._keep_left(recording)

    async def _keep_left(self, recording: Recording) -> None:
        try:
            await self.keep(recording.name)
            log.warning("a recording was kept that its call had left in Asterisk", call=recording.queue_id)
        except AsteriskUnreachable:
            raise
        except (AsteriskError, AudioInvalid) as error:
            log.warning("a recording of a call was not kept", call=recording.queue_id, reason=str(error))

    async def _store(self, recording: Recording) -> bool:
        try:
            await self._sounds.store(
                recording.license_key,
                recording.sound_id,
                Medium(recording.content_hash, recording.seconds),
                recorded=True,
                age_seconds=max(0.0, self._now() - recording.recorded_at),
            )
        except (StoreError, SpeechError) as error:
            log.warning("a recording waits for the store", call=recording.queue_id, reason=str(error))
            return False
        self._stored.add(recording.name)
        return True

    async def _finish(self, recording: Recording) -> None:
        """Nothing more is to be done but to delete Asterisk's file; one that cannot be deleted now is swept."""
        self._stored.add(recording.name)
        if await self._delete(recording.name):
            await self.drop(recording.name)

    async def _delete(self, name: str) -> bool:
        try:
            await self._ari.recordings.delete_stored(name)
        except AsteriskNotFound:
            pass
        except AsteriskError as error:
            log.info("Asterisk's file of a recording is deleted later", reason=str(error))
            return False
        return True

    async def _note(self, recording: Recording) -> bool:
        try:
            await asyncio.to_thread(self._spool.write, recording)
        except OSError as error:
            log.error("a recording cannot be noted in the spool", call=recording.queue_id, reason=error.strerror)
            return False
        return True

    def _hold(self, recording: Recording) -> None:
        medium = Medium(recording.content_hash, recording.seconds)
        self._sounds.hold(recording.license_key, recording.sound_id, medium)

    def _name(self, queue_id: int, number: int | str) -> str:
        return f"{self._application}/{queue_id}-{number}"
