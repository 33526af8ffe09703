"""Message waiting: phones that have a mailbox show how many of its messages nobody has heard yet.

Each controller tells its own Asterisk, at each connect and whenever a message is left, heard or deleted, wherever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from controller.asterisk.configuration import MAILBOX
from controller.calls.store.voicemail_messages import MailboxCounts, VoicemailMessages
from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import Phone, Snapshot
from controller.errors import AsteriskError, StoreError

log = structlog.get_logger()

# What a lost notification would have told is told after so long.
LOOK_SECONDS = 60.0
AGAIN_SECONDS = 5.0

Tell = Callable[[str, int, int], Awaitable[None]]
"""Tells Asterisk of a mailbox by its name there: how many were not heard, and how many were. AsteriskError."""


def mailbox_in_asterisk(phone: Phone) -> str:
    """The name in Asterisk of the mailbox that a phone shows; empty for none."""
    name = f"{phone.mailbox}@{phone.owner}"
    return name if MAILBOX.fullmatch(name) else ""


class MessageWaiting:
    """connected: whether Asterisk can be asked now."""

    def __init__(
        self, messages: VoicemailMessages, directory: CurrentDirectory, tell: Tell, connected: Callable[[], bool]
    ) -> None:
        self._messages = messages
        self._directory = directory
        self._tell = tell
        self._connected = connected
        self._told: dict[str, MailboxCounts] = {}
        self._wake = asyncio.Event()
        directory.on_change(self._phones_changed)

    async def asterisk_connected(self) -> None:
        """Asterisk may have been started anew, and know nothing any more."""
        self._told.clear()
        self._wake.set()

    def sound_changed(self, sound_id: str | None) -> None:
        """A stored sound came, went, or was heard: messages are sounds. None: any may have."""
        if sound_id is None or sound_id.startswith("voicemail/"):
            self._wake.set()

    async def run(self) -> None:
        """Tell Asterisk until cancelled."""
        while True:
            self._wake.clear()
            seconds = LOOK_SECONDS
            try:
                await self.look()
            except (StoreError, AsteriskError) as error:
                log.info("phones are told of their messages later", reason=str(error))
                seconds = AGAIN_SECONDS
            try:
                async with asyncio.timeout(seconds):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def look(self) -> None:
        """Tell Asterisk what it was not told yet. StoreError, AsteriskError."""
        phones = [phone for phone in self._directory.snapshot.phones.values() if mailbox_in_asterisk(phone)]
        if not phones or not self._connected():
            return
        waiting = await self._messages.waiting(sorted({phone.owner for phone in phones}))
        for phone in phones:
            name, counts = mailbox_in_asterisk(phone), waiting.get((phone.owner, phone.mailbox), MailboxCounts(0, 0))
            if self._told.get(name) != counts:
                await self._tell(name, counts.new, counts.old)
                self._told[name] = counts

    def _phones_changed(self, previous: Snapshot, current: Snapshot) -> None:
        if previous.phones != current.phones:
            self._wake.set()
