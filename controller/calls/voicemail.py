"""Voicemail: messages that callers left are filed, and mailed to whom their mailbox names.

A message is a sound first, and is filed from it: whatever happens to the controller that took it, or to the database
meanwhile, another run files it. It is mailed at least once; a mail server that is away is tried again for a day.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from zoneinfo import ZoneInfo

import soundfile  # type: ignore[import-untyped]
import structlog

from controller.calls.store.voicemail_messages import VoicemailMessage, VoicemailMessages
from controller.errors import MailRefused, MailServerAway, StoreError
from controller.mail.server import MailServer
from controller.numbers import national_digits
from controller.speech.library import SoundLibrary

log = structlog.get_logger()

LOOK_SECONDS = 30.0
AT_ONCE = 10
# A try that nobody finished is begun again after so long; so often at most, which is a day.
LEASE_SECONDS = 300.0
MOST_TRIES = 288


@dataclass(frozen=True, slots=True)
class MailboxMail:
    """What a mailbox says of its mails. recipients: their addresses, none without mail. delete: the message goes when
    it is mailed. audio_format: wav or mp3. zone: of the time in the mail.
    """

    name: str = ""
    recipients: tuple[str, ...] = ()
    attach: bool = True
    delete: bool = False
    audio_format: str = "wav"
    zone: str = "UTC"


MailboxOf = Callable[[str, str], MailboxMail]
"""What a mailbox says, by the name of its licence key and its own; the default for one that is gone."""


class Voicemail:
    """server: where mails are handed in; without one messages are filed only."""

    def __init__(
        self, messages: VoicemailMessages, library: SoundLibrary, mailbox_of: MailboxOf, server: MailServer | None
    ) -> None:
        self._messages = messages
        self._library = library
        self._mailbox_of = mailbox_of
        self._server = server
        self._wake = asyncio.Event()

    def message_left(self) -> None:
        """There may be a new message."""
        self._wake.set()

    async def run(self) -> None:
        """File and mail until cancelled."""
        while True:
            try:
                await self.look()
            except StoreError as error:
                log.warning("messages wait for the store", reason=str(error))
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                continue
            finally:
                self._wake.clear()

    async def look(self) -> None:
        """File what is new, and mail what is due. StoreError."""
        filed = await self._messages.file()
        if filed:
            log.info("messages were left", messages=filed)
        while claimed := await self._messages.claim(AT_ONCE, LEASE_SECONDS):
            for message in claimed:
                await self._mail(message)

    async def _mail(self, message: VoicemailMessage) -> None:
        mailbox = self._mailbox_of(message.license_key, message.mailbox)
        if not mailbox.recipients or self._server is None:
            await self._messages.mailed(message)
            return
        try:
            wav = await self._messages.audio(message) if mailbox.attach else b""
            if wav is None:
                await self._messages.mailed(message)
                return
            mail = await asyncio.to_thread(voicemail_mail, message, mailbox, wav, self._server.sender)
            await self._server.hand_in(mail)
        except MailServerAway as error:
            log.warning("a message was not mailed", message=message.message_id, reason=str(error))
            if message.mail_tries >= MOST_TRIES:
                await self._messages.mailed(message)
            return
        except MailRefused as error:
            log.error("a message is never mailed", message=message.message_id, reason=str(error))
            await self._messages.mailed(message)
            return
        await self._messages.mailed(message)
        if mailbox.delete:
            await self._library.remove(message.license_key, message.sound_id)


def voicemail_mail(message: VoicemailMessage, mailbox: MailboxMail, wav: bytes, sender: str) -> EmailMessage:
    """The mail that tells of a message; with its audio attached unless `wav` is empty."""
    caller = national_digits(message.caller) or "an unknown number"
    local = message.left_at.astimezone(ZoneInfo(mailbox.zone))
    named = f" ({mailbox.name})" if mailbox.name else ""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = ", ".join(mailbox.recipients)
    mail["Subject"] = f"New message from {caller} in mailbox {message.mailbox}"
    mail["Date"] = formatdate(message.left_at.timestamp())
    mail["Message-ID"] = make_msgid(f"voicemail-{message.message_id}", domain=sender.rpartition("@")[2] or None)
    mail.set_content(
        f"{caller} left a message of {round(message.seconds)} seconds in mailbox {message.mailbox}{named}\n"
        f"on {local:%Y-%m-%d} at {local:%H:%M} ({mailbox.zone}).\n"
    )
    if wav:
        mp3 = mailbox.audio_format == "mp3"
        mail.add_attachment(
            as_mp3(wav) if mp3 else wav,
            maintype="audio",
            subtype="mpeg" if mp3 else "wav",
            filename=f"message-{message.message_id}.{'mp3' if mp3 else 'wav'}",
        )
    return mail


def as_mp3(wav: bytes) -> bytes:
    """A WAV as MP3."""
    samples, rate = soundfile.read(io.BytesIO(wav), dtype="int16")
    made = io.BytesIO()
    soundfile.write(made, samples, rate, format="MP3", subtype="MPEG_LAYER_III")
    return made.getvalue()
