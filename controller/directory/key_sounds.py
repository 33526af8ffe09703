"""The sounds of a licence key, whoever brought them: files of the YAML, uploads, recordings.

What the YAML states, the YAML owns: its sounds are played and fetched, and not changed by the customer's programs.
"""

from __future__ import annotations

import asyncio
import re
from functools import partial
from pathlib import Path

from controller.directory.current import CurrentDirectory
from controller.errors import SoundRefused, SpeechError
from controller.speech.library import SoundLibrary
from controller.speech.prompts import Medium, Prompts
from controller.speech.quota import SpeechMade, told_nobody

# As in the YAML, but for blanks around it.
_SOUND_ID = re.compile(r"[^\x00-\x1f~^|/\\()]{1,100}")


class KeySounds:
    """Keys are named as in the directory; ids are in any case. speech_made: told of what was synthesized."""

    def __init__(
        self,
        directory: CurrentDirectory,
        library: SoundLibrary,
        prompts: Prompts,
        speech_made: SpeechMade = told_nobody,
    ) -> None:
        self._directory = directory
        self._library = library
        self._prompts = prompts
        self._speech_made = speech_made

    async def ids(self, license_key: str) -> list[str]:
        """The ids of all sounds, sorted. StoreError."""
        stated = self._directory.snapshot.sounds.get(license_key, {})
        return sorted({*stated, *await self._library.ids(license_key)})

    def may_keep(self, license_key: str, sound_id: str) -> bool:
        """Whether a sound may be kept under this id."""
        return bool(_SOUND_ID.fullmatch(sound_id.strip())) and self._file(license_key, sound_id) is None

    async def put(self, license_key: str, sound_id: str, data: bytes) -> Medium:
        """Keep audio of any kind; one that had the id is replaced. SoundRefused, AudioInvalid, StoreError."""
        if not _SOUND_ID.fullmatch(sound_id.strip()):
            raise SoundRefused("A sound file id has 1 to 100 characters, none of ~ ^ | / \\ ( ).")
        if self._file(license_key, sound_id) is not None:
            raise SoundRefused(f"The sound “{sound_id.strip()}” belongs to the configuration and cannot be replaced.")
        return await self._library.put(license_key, sound_id.strip(), data)

    async def find(self, license_key: str, sound_id: str) -> Medium | None:
        """The medium of a sound; None when there is none, or it cannot be played. StoreError."""
        path = self._file(license_key, sound_id)
        try:
            if path is None:
                return await self._library.find(license_key, sound_id.strip())
            return await self._prompts.sound(path)
        except SpeechError:
            return None

    async def wav(self, license_key: str, sound_id: str) -> bytes | None:
        """The sound as a telephone WAV file; None when there is none."""
        medium = await self.find(license_key, sound_id)
        return None if medium is None else await self.read(medium)

    async def read(self, medium: Medium) -> bytes | None:
        """A medium's WAV file; None when it is gone."""
        try:
            return await asyncio.to_thread(self._prompts.read, medium)
        except SpeechError:
            return None

    async def speech(self, license_key: str, text: str, voice: int, rate: int, volume: int) -> bytes:
        """A spoken text as a telephone WAV file. rate: 0 to 20, 10 is normal; volume: 0 to 100. SpeechError."""
        made = partial(self._speech_made, license_key, text)
        medium = await self._prompts.speech(text, voice, rate, volume, made)
        return await asyncio.to_thread(self._prompts.read, medium)

    async def remove(self, license_key: str, sound_id: str) -> bool:
        """Remove a sound; False when there is none that may be removed. StoreError."""
        if self._file(license_key, sound_id) is not None:
            return False
        return await self._library.remove(license_key, sound_id.strip())

    async def rename(self, license_key: str, sound_id: str, new_id: str) -> bool:
        """Give a sound another id, which no sound has; False when that cannot be. StoreError."""
        if self._file(license_key, sound_id) is not None or not self.may_keep(license_key, new_id):
            return False
        return await self._library.rename(license_key, sound_id.strip(), new_id.strip())

    def _file(self, license_key: str, sound_id: str) -> Path | None:
        return self._directory.snapshot.sound(license_key, sound_id.strip())
