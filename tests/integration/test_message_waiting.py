"""Message waiting on a real PostgreSQL: Asterisk is told of each change of a mailbox that a phone shows, no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from controller.asterisk.mwi import tell_waiting
from controller.calls.message_waiting import MessageWaiting
from controller.calls.store.voicemail_messages import VoicemailMessages
from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import Phone, Snapshot
from controller.errors import AsteriskUnreachable, ConfigurationError
from controller.resources import MIGRATIONS, QUERIES
from controller.speech.library import SoundLibrary
from controller.speech.prompts import Prompts
from controller.speech.voices import Voices
from controller.store.database import Database
from controller.store.migrations import Migrations
from controller.store.queries import Queries
from tests.support.memory_ari import MemoryAri
from tests.support.patience import until
from tests.support.phone_notify import TWO_SECONDS
from tests.support.synthesizers import ToneSynthesizer

DESK = Phone("acme_desk", "secret", owner="acme", mailbox="101")
Told = tuple[str, int, int]


class Waiting:
    """The part, what it works on, and what Asterisk was told."""

    def __init__(self, database: Database, media: Path, *phones: Phone) -> None:
        self.told: list[Told] = []
        self.failure: Exception | None = None
        self.connected = True
        self.messages = VoicemailMessages(database)
        self.library = SoundLibrary(database, Prompts(media, Voices([ToneSynthesizer("tone")], {})))
        self.directory = CurrentDirectory(Snapshot(phones={phone.name: phone for phone in phones}))
        self.part = MessageWaiting(self.messages, self.directory, self._tell, lambda: self.connected)
        self.library.on_change(self.part.sound_changed)

    async def _tell(self, mailbox: str, new: int, old: int) -> None:
        if self.failure is not None:
            raise self.failure
        self.told.append((mailbox, new, old))

    async def leave(self, mailbox: str = "101", number: int = 1) -> None:
        """A caller leaves a message, and it is filed."""
        medium = await self.library.convert(TWO_SECONDS)
        await self.library.store("acme", f"voicemail/{mailbox}/{number}-1", medium, recorded=True)
        await self.messages.file()


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[Database]:
    await Migrations(MIGRATIONS).apply(postgres)
    made = await Database.connect(postgres, Queries.load(QUERIES))
    try:
        yield made
    finally:
        await made.close()


async def test_a_phone_is_told_what_is_left_heard_and_deleted_as_it_happens(database: Database, tmp_path: Path) -> None:
    waiting = Waiting(database, tmp_path / "media", DESK)
    running = [asyncio.create_task(waiting.library.run()), asyncio.create_task(waiting.part.run())]
    try:
        await until(lambda: waiting.told == [("101@acme", 0, 0)])
        await waiting.leave()
        await until(lambda: waiting.told[-1] == ("101@acme", 1, 0))
        await waiting.leave(mailbox="102")
        await waiting.leave(number=2)
        await until(lambda: waiting.told[-1] == ("101@acme", 2, 0))
        (first, *_) = await waiting.messages.of("acme", mailbox="101")
        assert await waiting.messages.change(first, heard=True)
        await until(lambda: waiting.told[-1] == ("101@acme", 1, 1))
        assert await waiting.library.remove("acme", first.sound_id)
        await until(lambda: waiting.told[-1] == ("101@acme", 1, 0))
        assert {mailbox for mailbox, *_ in waiting.told} == {"101@acme"}
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def test_only_what_changed_is_told_and_everything_after_a_new_connection(
    database: Database, tmp_path: Path
) -> None:
    waiting = Waiting(database, tmp_path / "media", DESK, replace(DESK, name="acme_hall", mailbox="102"))
    both = [("101@acme", 0, 0), ("102@acme", 0, 0)]
    await waiting.part.look()
    await waiting.part.look()
    assert waiting.told == both
    await waiting.leave()
    await waiting.part.look()
    assert waiting.told == [*both, ("101@acme", 1, 0)]
    await waiting.part.asterisk_connected()
    await waiting.part.look()
    assert waiting.told[3:] == [("101@acme", 1, 0), ("102@acme", 0, 0)]


async def test_while_asterisk_is_away_nothing_is_told_and_later_everything(database: Database, tmp_path: Path) -> None:
    waiting = Waiting(database, tmp_path / "media", DESK)
    waiting.connected = False
    await waiting.part.look()
    assert waiting.told == []
    waiting.connected, waiting.failure = True, AsteriskUnreachable()
    with pytest.raises(AsteriskUnreachable):
        await waiting.part.look()
    waiting.failure = None
    await waiting.part.look()
    assert waiting.told == [("101@acme", 0, 0)]


async def test_a_phone_without_a_mailbox_or_an_owner_shows_nothing(database: Database, tmp_path: Path) -> None:
    unfit = Phone("odd", "secret", owner="acme", mailbox="1,2")
    waiting = Waiting(database, tmp_path / "media", replace(DESK, mailbox=""), replace(DESK, owner=""), unfit)
    await waiting.part.look()
    assert waiting.told == []


async def test_asterisk_is_told_by_a_channel_of_the_dialplan() -> None:
    fake = MemoryAri()
    await tell_waiting(fake.client, "101@acme", 2, 5)
    (asked,) = fake.requests
    assert asked.query["endpoint"] == "Local/s@ringpost-mwi/n"
    assert asked.body == {"variables": {"RINGPOST_MWI": "101@acme,0,2,5"}}
    with pytest.raises(ConfigurationError):
        await tell_waiting(fake.client, "101@acme,9", 2, 5)
