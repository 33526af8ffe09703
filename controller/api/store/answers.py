"""The first answers to requests with an Idempotency-Key, kept for a day."""

from __future__ import annotations

from dataclasses import dataclass

from controller.store.database import Database
from controller.store.storable import storable


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer, and the digest of the request that it was the answer to."""

    request: bytes
    answer: str


class KeptAnswers:
    """Answers by licence key and Idempotency-Key. Methods raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, license_key: str, key: str) -> KeptAnswer | None:
        """The answer that was kept, None without one."""
        row = await self._database.fetchrow("find_kept_answer", license_key, storable(key))
        return None if row is None else KeptAnswer(row["request"], row["answer"])

    async def keep(self, license_key: str, key: str, kept: KeptAnswer) -> None:
        """Keep an answer, unless there is one already."""
        await self._database.execute("keep_answer", license_key, storable(key), kept.request, kept.answer)
