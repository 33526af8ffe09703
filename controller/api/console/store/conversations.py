"""Conversations: the texts between a number of ours and one of others, by their newest text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from controller.store.database import Database

# Conversations are found among so many of a key's newest texts.
LOOKED_AT = 5000


@dataclass(frozen=True, slots=True)
class Conversation:
    """The newest text between two numbers, and how many there were among those that were looked at."""

    our_number: str
    their_number: str
    direction: str
    state: str
    body: str
    queued_at: datetime
    texts: int


async def conversations(database: Database, license_key: str, limit: int) -> list[Conversation]:
    """The conversations of a key (by its name in the store), the one with the newest text first. StoreError."""
    rows = await database.fetch("console_conversations", license_key=license_key, looked_at=LOOKED_AT, limit=limit)
    return [Conversation(**row) for row in rows]
