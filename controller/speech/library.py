"""The library: sounds that callers recorded or customers' programs uploaded, by licence key and sound id."""

from __future__ import annotations

from controller.speech.prompts import Medium, Prompts
from controller.store.database import Database


class SoundLibrary:
    """Stored sounds, all known in memory; their audio lies in the media folder under its content's hash."""

    def __init__(self, database: Database, prompts: Prompts) -> None:
        self._database = database
        self._prompts = prompts
        self._sounds: dict[tuple[str, str], Medium] = {}

    async def load(self) -> None:
        """Read what is stored. StoreError."""
        for row in await self._database.fetch("all_sounds"):
            self._sounds[row["license_key"], row["sound_id"]] = Medium(row["content_hash"], row["seconds"])

    def get(self, license_key: str, sound_id: str) -> Medium | None:
        """The sound, or None. `sound_id` in any case."""
        return self._sounds.get((license_key, sound_id.lower()))

    def content_hashes(self) -> set[str]:
        """The media that must stay on the disk."""
        return {medium.content_hash for medium in self._sounds.values()}

    def ids(self, license_key: str) -> list[str]:
        """The ids of a key's stored sounds, sorted."""
        return sorted(sound_id for key, sound_id in self._sounds if key == license_key)

    async def put(self, license_key: str, sound_id: str, data: bytes) -> Medium:
        """Store audio of any kind as the sound. AudioInvalid when it is none, StoreError when it cannot be stored."""
        medium = await self._prompts.sound_bytes(data)
        await self._database.execute("save_sound", license_key, sound_id.lower(), medium.content_hash, medium.seconds)
        self._sounds[license_key, sound_id.lower()] = medium
        return medium
