"""Recordings over the JSON interface: the sounds of the key, whoever brought them."""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import Annotated

from pydantic import Field

from controller.api.json_api.declaration import Asked, Told, api_operation
from controller.api.json_api.errors import ApiRefused, not_found
from controller.api.json_api.menus import NothingAsked
from controller.api.json_api.scopes import Scope, TokenBearer
from controller.api.voipms.recordings import RecordingEntries
from controller.directory.current import CurrentDirectory
from controller.directory.entries import Entries
from controller.directory.key_sounds import KeySounds
from controller.errors import SoundRefused, SpeechError

LARGEST_AUDIO = 10 * 1024 * 1024
# In base64, with what stands around it.
LONGEST_BODY = LARGEST_AUDIO * 4 // 3 + 4096
# Each is decoded and resampled, which takes memory and time that calls need.
UPLOADS_AT_ONCE = 2
SoundId = Annotated[str, Field(min_length=1, max_length=200)]
_AUDIO = "Audio of any kind that Ringpost reads, in base64; 10 MiB at most."


class OneRecording(Asked):
    """A recording by its id, the name that scripts play it by."""

    sound_id: SoundId


class RecordingAsked(Asked):
    """Audio to be kept under an id; what had the id is replaced."""

    sound_id: SoundId
    audio: Annotated[str, Field(min_length=1, description=_AUDIO)]


class RecordingRenamed(Asked):
    """Another id for a recording."""

    sound_id: SoundId
    new_id: SoundId


class Recording(Told):
    """A recording. recording_id: its number, as IVRs and sequences name it. stated: the configuration owns it."""

    sound_id: str
    recording_id: int
    stated: bool


class Recordings(Told):
    """The recordings of the key."""

    recordings: tuple[Recording, ...]


class RecordingAudio(Told):
    """A recording as a WAV file of 8 kHz, in base64."""

    sound_id: str
    audio: str


class RecordingKept(Told):
    """The id of the recording."""

    sound_id: str


class RecordingOperations:
    """Operations on recordings. What the configuration states is shown and fetched, and not changed."""

    def __init__(self, directory: CurrentDirectory, entries: Entries, sounds: KeySounds) -> None:
        self._directory = directory
        self._recordings = RecordingEntries(entries, sounds)
        self._sounds = sounds
        self._uploads = asyncio.Semaphore(UPLOADS_AT_ONCE)

    @api_operation("GET", "/recordings", Scope.RECORDINGS_READ)
    async def list_recordings(self, asked: NothingAsked, bearer: TokenBearer) -> Recordings:  # noqa: ARG002
        """The recordings of the key."""
        stated = self._directory.snapshot.sounds.get(bearer.key.name, {})
        found = [
            Recording(sound_id=sound_id, recording_id=entry.entry_id, stated=sound_id in stated)
            for entry in await self._recordings.all(bearer.key.name)
            for sound_id in [str(entry.content["sound_id"])]
        ]
        return Recordings(recordings=tuple(found))

    @api_operation("GET", "/recordings/{sound_id}", Scope.RECORDINGS_READ)
    async def fetch_recording(self, asked: OneRecording, bearer: TokenBearer) -> RecordingAudio:
        """One recording with its audio."""
        body = await self._sounds.wav(bearer.key.name, asked.sound_id)
        if body is None:
            raise not_found("recording")
        return RecordingAudio(sound_id=asked.sound_id, audio=base64.b64encode(body).decode())

    @api_operation("POST", "/recordings", Scope.RECORDINGS_WRITE, status=201, audited=True, longest_body=LONGEST_BODY)
    async def put_recording(self, asked: RecordingAsked, bearer: TokenBearer) -> RecordingKept:
        """Keep audio under an id; what had the id is replaced."""
        try:
            audio = base64.b64decode(asked.audio, validate=True)
        except (binascii.Error, ValueError):
            raise ApiRefused(422, "invalid", "audio: no base64") from None
        try:
            async with self._uploads:
                await self._sounds.put(bearer.key.name, asked.sound_id, audio)
        except (SoundRefused, SpeechError) as error:
            raise ApiRefused(422, "sound-refused", str(error)) from None
        return RecordingKept(sound_id=asked.sound_id.strip())

    @api_operation("POST", "/recordings/{sound_id}/rename", Scope.RECORDINGS_WRITE, audited=True)
    async def rename_recording(self, asked: RecordingRenamed, bearer: TokenBearer) -> RecordingKept:
        """Give a recording another id, which none has."""
        if not await self._sounds.rename(bearer.key.name, asked.sound_id, asked.new_id):
            raise ApiRefused(
                409, "not-renamed", "There is no such recording that may be renamed, or the name is taken."
            )
        return RecordingKept(sound_id=asked.new_id.strip())

    @api_operation("POST", "/recordings/{sound_id}/delete", Scope.RECORDINGS_WRITE, audited=True)
    async def delete_recording(self, asked: OneRecording, bearer: TokenBearer) -> RecordingKept:
        """Remove a recording."""
        if not await self._sounds.remove(bearer.key.name, asked.sound_id):
            raise ApiRefused(409, "not-deleted", "There is no such recording that may be removed.")
        return RecordingKept(sound_id=asked.sound_id)
