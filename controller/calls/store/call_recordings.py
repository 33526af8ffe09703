"""Recorded calls in the store: filed from the sounds that they are, listed by account and time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from controller.calls.model.call import Direction
from controller.store.database import Database

MOST_LISTED = 1000
OWN_NUMBERS = ""
"""The account of recordings that one of the licence key's numbers asked for; of others it is the phone's name."""


def sound_id_of(account: str, direction: Direction, queue_id: int, what: str) -> str:
    """The id of the sound that a recorded call is, from which it is filed. what: letters and digits, once a call."""
    return f"call-recording/{account or '-'}/{'in' if direction == 'incoming' else 'out'}/{queue_id}-{what}"


@dataclass(frozen=True, slots=True)
class CallRecording:
    """A recorded call. account: OWN_NUMBERS, or a phone's name in lower case. direction: as its account sees the call.

    destination: who was called (E.164, or as the network gave it), empty where nobody knows any more. recorded_at: when
    it was begun, UTC.
    """

    recording_id: int
    license_key: str
    sound_id: str
    account: str
    queue_id: int
    direction: Direction
    destination: str
    seconds: float
    recorded_at: datetime


class CallRecordings:
    """Keys are named as in the directory. Every method raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def file(self) -> int:
        """Make recordings of what was stored meanwhile; gives how many."""
        filed: int = await self._database.fetchval("file_call_recordings")
        return filed

    async def of(
        self,
        license_key: str,
        *,
        account: str | None = None,
        direction: Direction | None = None,
        recording_id: int | None = None,
        begin: datetime | None = None,
        end: datetime | None = None,
        start: int = 0,
        most: int = MOST_LISTED,
    ) -> list[CallRecording]:
        """The recordings of a key, the newest first, `most` from the `start`-th on: of an account, begun in a time."""
        await self.file()
        rows = await self._database.fetch(
            "call_recordings_of", license_key, account, direction, recording_id, begin, end, start, most
        )
        return [CallRecording(**dict(row)) for row in rows]
