"""Rendered speech that controllers share through the store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.resources import QUERIES
from controller.speech.pcm import TelephoneSound
from controller.speech.prompts import Prompts
from controller.speech.shared_speech import MOST_BYTES, PAUSE_SECONDS, SharedSpeech
from controller.speech.voices import Voices
from controller.store.database import Database
from controller.store.queries import Queries
from tests.support.synthesizers import ToneSynthesizer

SOUND = TelephoneSound(b"a sound", b"a wider sound")


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[Database]:
    connected = await Database.connect(postgres, Queries.load(QUERIES))
    yield connected
    await connected.close()


def controller(folder: Path, database: Database) -> tuple[Prompts, ToneSynthesizer]:
    engine = ToneSynthesizer()
    return Prompts(folder, Voices([engine]), shared=SharedSpeech(database)), engine


async def test_a_second_controller_fetches_what_the_first_has_rendered(database: Database, tmp_path: Path) -> None:
    first, speaking = controller(tmp_path / "one", database)
    second, silent = controller(tmp_path / "two", database)
    told: list[str] = []

    spoken = await first.speech("Welcome.", synthesized=lambda: told.append("first"))
    fetched = await second.speech("Welcome.", synthesized=lambda: told.append("second"))

    assert (len(speaking.asked), len(silent.asked)) == (1, 0)
    assert fetched == spoken
    assert second.read_sound(fetched) == first.read_sound(spoken)
    assert first.has_wide(spoken)
    assert second.cached_speech("Welcome.") == spoken
    assert told == ["first"]


async def test_another_version_of_an_engine_and_what_a_call_waits_for_are_rendered(
    database: Database, tmp_path: Path
) -> None:
    first, _ = controller(tmp_path / "one", database)
    await first.speech("Welcome.")
    await first.speech("Your code is 1234.", urgent=True)
    newer = ToneSynthesizer(version="2")
    await Prompts(tmp_path / "two", Voices([newer]), shared=SharedSpeech(database)).speech("Welcome.")
    second, engine = controller(tmp_path / "three", database)
    await second.speech("Your code is 1234.")
    assert (len(newer.asked), len(engine.asked)) == (1, 1)


async def test_speech_that_nobody_fetches_is_removed_and_long_speech_is_not_kept(database: Database) -> None:
    shared = SharedSpeech(database)
    await shared.keep("a" * 64, SOUND)
    await shared.keep("b" * 64, TelephoneSound(bytes(MOST_BYTES + 1)))
    assert await shared.find("a" * 64) == SOUND
    assert await shared.find("b" * 64) is None
    assert await shared.remove_unused(1) == 0
    assert await shared.remove_unused(-1) == 1
    assert await shared.find("a" * 64) is None


async def test_without_the_store_everything_is_rendered_and_the_store_is_left_alone_for_a_while(
    database: Database, tmp_path: Path
) -> None:
    clock = [0.0]
    shared = SharedSpeech(database, now=lambda: clock[0])
    engine = ToneSynthesizer()
    prompts = Prompts(tmp_path, Voices([engine]), shared=shared)
    await database.close()
    await prompts.speech("Welcome.")
    await prompts.speech("Goodbye.")
    assert len(engine.asked) == 2
    assert await shared.find("a" * 64) is None
    clock[0] += PAUSE_SECONDS
    assert await shared.find("a" * 64) is None
