"""Messages of mailboxes in the store: filed from the sounds that callers left, mailed once, kept in folders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controller.store.database import Database
from controller.store.storable import storable

INBOX = "INBOX"
MOST_LISTED = 1000


@dataclass(frozen=True, slots=True)
class VoicemailMessage:
    """A message. caller: E.164, or as the network gave it, or empty. left_at: UTC. mail_tries: how often mailing it was
    begun.
    """

    message_id: int
    license_key: str
    sound_id: str
    mailbox: str
    queue_id: int
    caller: str
    seconds: float
    left_at: datetime
    folder: str
    heard: bool
    mail_tries: int


@dataclass(frozen=True, slots=True)
class MailboxCounts:
    """How many messages of a mailbox were not heard yet, and how many were."""

    new: int
    old: int


class VoicemailMessages:
    """Keys are named as in the directory. Every method raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def file(self) -> int:
        """Make messages of what callers left and was stored meanwhile; gives how many."""
        filed: int = await self._database.fetchval("file_voicemail")
        return filed

    async def claim(self, most: int, seconds: float) -> list[VoicemailMessage]:
        """Messages that are to be mailed now. What is not told to be mailed within so many seconds is claimed again."""
        return _messages(await self._database.fetch("claim_voicemail", most, seconds))

    async def mailed(self, message: VoicemailMessage) -> None:
        """A message is mailed, or is to be mailed to nobody."""
        await self._database.execute("voicemail_mailed", message.message_id)

    async def of(
        self,
        license_key: str,
        *,
        mailbox: str | None = None,
        folder: str | None = None,
        message_id: int | None = None,
        begin: datetime | None = None,
        end: datetime | None = None,
    ) -> list[VoicemailMessage]:
        """The messages of a key, the oldest first, at most a thousand: of a mailbox, in a folder, left in a time."""
        rows = await self._database.fetch(
            "voicemail_of", license_key, mailbox, folder, message_id, begin, end, MOST_LISTED
        )
        return _messages(rows)

    async def waiting(self, license_keys: Sequence[str]) -> dict[tuple[str, str], MailboxCounts]:
        """What lies in the mailboxes of these keys, by the key and the mailbox; empty ones are left out."""
        rows = await self._database.fetch("count_voicemail", license_keys)
        return {(row["license_key"], row["mailbox"]): MailboxCounts(row["new"], row["old"]) for row in rows}

    async def change(self, message: VoicemailMessage, *, folder: str | None = None, heard: bool | None = None) -> bool:
        """Move a message to a folder, or note whether it was heard; False when it is gone."""
        kept = None if folder is None else storable(folder)
        changed = await self._database.fetchval(
            "change_voicemail", message.message_id, message.license_key, kept, heard
        )
        return changed is not None

    async def mail_again(self, message: VoicemailMessage) -> bool:
        """Have a message mailed once more; False when it is gone."""
        again = await self._database.fetchval("mail_voicemail_again", message.message_id, message.license_key)
        return again is not None

    async def audio(self, message: VoicemailMessage) -> bytes | None:
        """The WAV of a message; None when it is gone."""
        row = await self._database.fetchrow("find_sound", message.license_key, message.sound_id)
        if row is None:
            return None
        wav: bytes | None = await self._database.fetchval("audio_of_sound", row["content_hash"])
        return wav


def _messages(rows: Sequence[Any]) -> list[VoicemailMessage]:
    return [VoicemailMessage(**dict(row)) for row in rows]
