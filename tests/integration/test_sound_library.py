"""Stored sounds: looked up when they are wanted, told between controllers, kept as long as they are used."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from controller.errors import StoreError
from controller.resources import QUERIES
from controller.speech.library import SoundLibrary
from controller.speech.pcm import silence, to_pcm, wav_file
from controller.speech.prompts import Prompts
from controller.speech.voices import Voices
from controller.store.database import Database
from controller.store.queries import Queries
from tests.support.patience import until
from tests.support.synthesizers import ToneSynthesizer

Make = Callable[..., SoundLibrary]


def _sound(seconds: float) -> bytes:
    return wav_file([to_pcm(silence(seconds))])


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[Database]:
    opened = await Database.connect(postgres, Queries.load(QUERIES))
    yield opened
    await opened.close()


@pytest.fixture
def make(database: Database, tmp_path: Path) -> Make:
    """A library of one more controller, with a media folder of its own."""
    folders = iter(tmp_path / name for name in ("one", "two", "three"))

    def library(**options: int) -> SoundLibrary:
        return SoundLibrary(database, Prompts(next(folders), Voices([ToneSynthesizer()])), **options)

    return library


async def test_a_sound_is_found_in_any_case_and_only_by_its_key(make: Make) -> None:
    library = make()
    medium = await library.put("acme", "Greeting", _sound(1.0))
    assert await library.find("acme", "GREETING") == library.cached("acme", "greeting") == medium
    assert await library.find("other", "greeting") is None


async def test_no_more_sounds_are_in_memory_than_may_be_and_others_are_looked_up(make: Make) -> None:
    library = make(kept=2)
    for number in range(4):
        await library.put("acme", f"sound-{number}", _sound(1.0 + number))
    assert len(library) == 2
    assert library.cached("acme", "sound-0") is None
    found = await library.find("acme", "sound-0")
    assert found is not None
    assert found.seconds == 1.0
    assert len(library) == 2


async def test_the_sounds_that_were_used_last_are_there_after_a_restart_even_without_the_database(
    make: Make, database: Database
) -> None:
    library = make(kept=2)
    for number in range(3):
        await library.put("acme", f"sound-{number}", _sound(1.0 + number))
    assert await library.find("acme", "sound-0")
    await library.note_use()
    await library.load()
    await database.close()
    assert library.cached("acme", "sound-0") is not None
    assert library.cached("acme", "sound-2") is not None
    with pytest.raises(StoreError):
        await library.find("acme", "sound-1")


async def test_another_controller_plays_what_this_one_recorded_and_is_told_when_it_changes(make: Make) -> None:
    one, two = make(), make()
    following = asyncio.create_task(two.run())
    try:
        old = await one.put("acme", "greeting", _sound(1.0))
        assert await two.find("acme", "greeting") == old
        new = await one.put("acme", "greeting", _sound(2.0))
        await until(lambda: two.cached("acme", "greeting") != old)
        assert await two.find("acme", "greeting") == new
    finally:
        following.cancel()
        await asyncio.wait([following])


async def test_a_recording_that_had_to_wait_does_not_take_the_place_of_a_later_one(make: Make) -> None:
    library = make()
    later = await library.put("acme", "message", _sound(1.0))
    waited = await library.convert(_sound(2.0))
    library.hold("acme", "message", waited)
    assert library.cached("acme", "message") == waited
    await library.store("acme", "message", waited, recorded=True, age_seconds=3600.0)
    assert await library.find("acme", "message") == later


async def test_only_media_of_stored_sounds_and_of_those_that_wait_are_in_use(make: Make) -> None:
    library = make()
    stored = await library.put("acme", "stored", _sound(1.0))
    held = await library.convert(_sound(2.0))
    other = await library.convert(_sound(3.0))
    library.hold("acme", "held", held)
    hashes = [each.content_hash for each in (stored, held, other)]
    assert await library.in_use(hashes) == set(hashes[:2])
