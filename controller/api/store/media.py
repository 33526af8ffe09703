"""Media that customers uploaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from controller.store.database import Database
from controller.store.storable import storable


@dataclass(frozen=True, slots=True)
class Media:
    """One file, without its content. `size` in bytes; `token` is what its link has."""

    media_id: int
    token: UUID
    file_name: str
    mime_type: str
    tags: tuple[str, ...]
    size: int
    at: datetime


@dataclass(frozen=True, slots=True)
class MediaSearch:
    """Which files of a key; None for any. `pattern` is SQL's LIKE, `since` and `until` are inclusive, `tags` all."""

    license_key: str
    media_id: int | None = None
    pattern: str | None = None
    minimum_size: int | None = None
    maximum_size: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    tags: tuple[str, ...] = ()
    text_id: UUID | None = None
    limit: int = 100
    offset: int = 0


class MediaStore:
    """Files by licence key and id. Methods raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, license_key: str, token: UUID, file_name: str, mime_type: str, tags: Sequence[str], content: bytes
    ) -> Media | None:
        """Store a file; None when the key has no room left for it."""
        row = await self._database.fetchrow(
            "add_media", license_key, token, storable(file_name), mime_type, list(map(storable, tags)), content
        )
        return None if row is None else _media(row)

    async def find(self, search: MediaSearch) -> list[Media]:
        """The files that fit, the newest first."""
        rows = await self._database.fetch(
            "find_media",
            search.license_key,
            search.media_id,
            None if search.pattern is None else storable(search.pattern),
            search.minimum_size,
            search.maximum_size,
            search.since,
            search.until,
            list(map(storable, search.tags)),
            search.text_id,
            search.limit,
            search.offset,
        )
        return [_media(row) for row in rows]

    async def content(self, license_key: str, media_id: int) -> bytes | None:
        """A file's bytes."""
        found: bytes | None = await self._database.fetchval("media_content", license_key, media_id)
        return found

    async def by_token(self, token: UUID) -> tuple[str, str, bytes] | None:
        """The name, the MIME type and the bytes of the file that a link leads to."""
        row = await self._database.fetchrow("media_by_token", token)
        return None if row is None else (row["file_name"], row["mime_type"], row["content"])

    async def remove(self, license_key: str, media_id: int) -> bool:
        """Remove a file; False when there is none."""
        return await self._database.fetchval("remove_media", license_key, media_id) is not None

    async def carried(self, text_ids: Sequence[UUID], media_ids: Sequence[int]) -> None:
        """Note that texts carry files."""
        if text_ids and media_ids:
            await self._database.execute("media_carried", list(text_ids), list(media_ids))

    async def of_text(self, text_id: UUID) -> list[int]:
        """The ids of the files that a text carries."""
        return [row["media_id"] for row in await self._database.fetch("media_of_text", text_id)]


def _media(row: asyncpg.Record) -> Media:
    return Media(
        media_id=row["media_id"],
        token=row["token"],
        file_name=row["file_name"],
        mime_type=row["mime_type"],
        tags=tuple(row["tags"]),
        size=row["size"],
        at=row["at"],
    )
