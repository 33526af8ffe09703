"""`ringpost sounds`: the sounds of a licence key, from the command line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from json import dumps
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text as Styled

from controller.commands.system_store import key_named, open_database
from controller.config.load import read_configuration
from controller.directory.current import CurrentDirectory
from controller.directory.key_sounds import KeySounds
from controller.errors import SoundRefused
from controller.running.prompt_rendering import build_prompts
from controller.speech.audio import read_audio_file
from controller.speech.library import SoundLibrary
from controller.speech.waveform import waveform


@dataclass(frozen=True, slots=True)
class _Sounds:
    """The sounds of a key. key: its name in the store."""

    key: str
    sounds: KeySounds

    async def wav(self, name: str) -> bytes:
        """The sound as a WAV file. SoundRefused when there is none; StoreError."""
        wav = await self.sounds.wav(self.key, name)
        if wav is None:
            raise SoundRefused(f"There is no sound “{name}” that can be played.")
        return wav


@asynccontextmanager
async def _sounds(config: Path, key: str) -> AsyncIterator[_Sounds]:
    configuration = read_configuration(config)
    async with open_database(configuration) as database:
        name = await key_named(configuration, database, key)
        prompts = build_prompts(configuration.settings)
        library = SoundLibrary(database, prompts)
        yield _Sounds(name, KeySounds(CurrentDirectory(configuration.snapshot), library, prompts))


async def add_sound(config: Path, key: str, name: str, file: Path) -> float:
    """Add a file as a sound; its length in seconds. AudioInvalid, SoundRefused, StoreError."""
    data = await asyncio.to_thread(read_audio_file, file)
    async with _sounds(config, key) as mine:
        return (await mine.sounds.put(mine.key, name, data)).seconds


async def list_sounds(config: Path, key: str, console: Console, *, as_json: bool) -> None:
    """Print all sounds of a key. StoreError."""
    found = []
    async with _sounds(config, key) as mine:
        for name in await mine.sounds.ids(mine.key):
            medium = await mine.sounds.find(mine.key, name)
            source = "database" if mine.sounds.may_keep(mine.key, name) else "configuration"
            found.append((name, None if medium is None else round(medium.seconds, 3), source))
    if as_json:
        names = ("name", "seconds", "source")
        console.print_json(dumps([dict(zip(names, each, strict=True)) for each in found]))
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("sound", "seconds", "from"):
        table.add_column(column)
    for name, seconds, source in found:
        table.add_row(Styled(name), "cannot be played" if seconds is None else f"{seconds:.1f}", source)
    console.print(table)


async def write_sound(config: Path, key: str, name: str, file: Path) -> None:
    """Write a sound into a WAV file. SoundRefused, StoreError, OSError."""
    async with _sounds(config, key) as mine:
        wav = await mine.wav(name)
    await asyncio.to_thread(file.write_bytes, wav)


async def remove_sound(config: Path, key: str, name: str) -> None:
    """Remove a sound. SoundRefused when there is none that may be removed; StoreError."""
    async with _sounds(config, key) as mine:
        if not await mine.sounds.remove(mine.key, name):
            owned = not mine.sounds.may_keep(mine.key, name)
            reason = "It is a file of the configuration." if owned else "There is none of this name."
            raise SoundRefused(f"The sound “{name}” was not removed. {reason}")


async def draw_sound(config: Path, key: str, name: str, file: Path, width: int, height: int) -> None:
    """Draw a sound into a PNG file. SoundRefused, StoreError, OSError."""
    async with _sounds(config, key) as mine:
        wav = await mine.wav(name)
    picture = await asyncio.to_thread(waveform, wav, width=width, height=height)
    await asyncio.to_thread(file.write_bytes, picture)
