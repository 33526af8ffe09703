"""The messages of the Dialer that were sent: which call a token belongs to. Of a token its hash is stored."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from controller.store.database import Database
from controller.store.storable import storable


@dataclass(frozen=True, slots=True)
class DialerMessage:
    """A message that was sent. expired: its token is not good any more."""

    queue_id: int
    license_key: str
    reference: str
    expires_at: datetime
    expired: bool


class DialerMessages:
    """Messages by their tokens. Methods raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, token: str, queue_id: int, license_key: str, reference: str, *, days: float) -> None:
        """Note a message. days: how long its token is good for."""
        seconds = days * 86_400.0
        await self._database.execute(
            "add_dialer_message", _hash(token), queue_id, license_key, storable(reference), seconds
        )

    async def find(self, token: str) -> DialerMessage | None:
        """The message of a token, None for one that nobody has, or that expired long ago."""
        row = await self._database.fetchrow("find_dialer_message", _hash(token))
        if row is None:
            return None
        return DialerMessage(
            row["queue_id"], row["license_key"], row["reference"], row["expires_at"], expired=row["expired"]
        )

    async def remove(self, token: str) -> None:
        """Forget a message that was not sent after all."""
        await self._database.execute("remove_dialer_message", _hash(token))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
