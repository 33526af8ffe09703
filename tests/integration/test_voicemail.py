"""Messages that callers left are filed from their sounds, mailed once with their audio, and go with their sounds."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
import soundfile  # type: ignore[import-untyped]

from controller.calls.store.voicemail_messages import VoicemailMessages
from controller.calls.voicemail import MailboxMail, Voicemail
from controller.errors import MailRefused, MailServerAway
from controller.resources import MIGRATIONS, QUERIES
from controller.speech.library import SoundLibrary
from controller.speech.prompts import Prompts
from controller.speech.voices import Voices
from controller.store.database import Database
from controller.store.migrations import Migrations
from controller.store.queries import Queries
from tests.support.patience import LONGEST_WAIT
from tests.support.phone_notify import TWO_SECONDS
from tests.support.postman import Postman
from tests.support.synthesizers import ToneSynthesizer

OFFICE = MailboxMail("office", ("ann@acme.example", "bob@acme.example"), zone="Europe/Berlin")


@dataclass
class Room:
    voicemail: Voicemail
    messages: VoicemailMessages
    library: SoundLibrary
    postman: Postman
    database: Database

    async def leave(self, sound_id: str = "voicemail/101/5-1") -> None:
        medium = await self.library.convert(TWO_SECONDS)
        await self.library.store("acme", sound_id, medium, recorded=True)


@asynccontextmanager
async def voicemail_room(dsn: str, media: Path, mailbox: MailboxMail = OFFICE) -> AsyncIterator[Room]:
    await Migrations(MIGRATIONS).apply(dsn)
    database = await Database.connect(dsn, Queries.load(QUERIES))
    library = SoundLibrary(database, Prompts(media, Voices([ToneSynthesizer("tone")], {})))
    messages, postman = VoicemailMessages(database), Postman()
    try:
        yield Room(
            Voicemail(messages, library, lambda _key, _box: mailbox, postman), messages, library, postman, database
        )
    finally:
        await database.close()


@pytest.fixture
async def room(postgres: str, tmp_path: Path) -> AsyncIterator[Room]:
    async with voicemail_room(postgres, tmp_path / "media") as made:
        yield made


async def test_a_message_is_filed_and_mailed_once_with_its_audio(room: Room) -> None:
    await room.leave()
    await room.leave("welcome")
    await room.voicemail.look()
    await room.voicemail.look()
    (mail,) = room.postman.mails
    assert mail["To"] == "ann@acme.example, bob@acme.example"
    assert "mailbox 101" in mail["Subject"]
    (attachment,) = mail.iter_attachments()
    assert attachment.get_content_type() == "audio/wav"
    assert soundfile.info(io.BytesIO(attachment.get_content())).samplerate == 8000
    (message,) = await room.messages.of("acme")
    assert (message.mailbox, message.queue_id, message.folder, message.heard) == ("101", 5, "INBOX", False)
    assert round(message.seconds) == 2
    assert await room.library.ids("acme") == ["welcome"]


async def test_the_part_that_runs_mails_as_soon_as_it_is_told(room: Room) -> None:
    running = asyncio.create_task(room.voicemail.run())
    try:
        await room.leave()
        async with asyncio.timeout(LONGEST_WAIT):
            while not room.postman.mails:
                room.voicemail.message_left()
                await asyncio.sleep(0.05)
    finally:
        running.cancel()


async def test_a_mail_server_that_is_away_is_tried_again(room: Room) -> None:
    await room.leave()
    room.postman.fail(MailServerAway())
    await room.voicemail.look()
    assert room.postman.mails == []
    room.postman.fail(None)
    await room.voicemail.look()
    assert room.postman.mails == []  # whoever took it has its time
    await room.database.execute("mail_voicemail_again", (await room.messages.of("acme"))[0].message_id, "acme")
    await room.voicemail.look()
    assert len(room.postman.mails) == 1


async def test_a_mail_that_is_refused_is_given_up_and_the_message_stays(room: Room) -> None:
    await room.leave()
    room.postman.fail(MailRefused())
    await room.voicemail.look()
    assert len(await room.messages.of("acme")) == 1
    assert await room.messages.claim(10, 0.0) == []


async def test_an_mp3_is_mailed_and_the_message_deleted_where_its_mailbox_says(postgres: str, tmp_path: Path) -> None:
    mailbox = MailboxMail("", ("ann@acme.example",), delete=True, audio_format="mp3")
    async with voicemail_room(postgres, tmp_path / "media", mailbox) as room:
        await room.leave()
        await room.voicemail.look()
        (mail,) = room.postman.mails
        (attachment,) = mail.iter_attachments()
        assert attachment.get_content_type() == "audio/mpeg"
        assert soundfile.info(io.BytesIO(attachment.get_content())).format == "MP3"
        assert await room.messages.of("acme") == []


async def test_a_mailbox_without_addresses_keeps_its_messages(postgres: str, tmp_path: Path) -> None:
    async with voicemail_room(postgres, tmp_path / "media", MailboxMail()) as room:
        await room.leave()
        await room.voicemail.look()
        assert room.postman.mails == []
        (message,) = await room.messages.of("acme", mailbox="101", folder="INBOX")
        assert await room.messages.change(message, folder="Old", heard=True)
        assert await room.messages.of("acme", folder="INBOX") == []
        assert (await room.messages.of("acme", folder="Old"))[0].heard


async def test_what_is_named_like_a_message_and_is_none_keeps_no_message_back(room: Room) -> None:
    await room.leave("voicemail/101/not-a-call")
    await room.leave("voicemail/102/7-1")
    await room.voicemail.look()
    assert [message.mailbox for message in await room.messages.of("acme")] == ["102"]


async def test_two_controllers_mail_a_message_once(room: Room, postgres: str) -> None:
    for number in range(20):
        await room.leave(f"voicemail/101/{number}-1")
    await asyncio.gather(*(room.voicemail.look() for _ in range(4)))
    assert len(room.postman.mails) == 20
    connection = await asyncpg.connect(postgres)
    try:
        assert await connection.fetchval("SELECT count(*) FROM voicemail_messages WHERE mail_due_at IS NOT NULL") == 0
    finally:
        await connection.close()
