"""Texts as people and programs look them up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from controller.store.database import Database
from controller.texts.model.states import TextState
from controller.texts.model.text import Direction, Text
from controller.texts.store.rows import text_of

MOST = 1000
"""Texts in one answer."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which texts; None for any. `since` (inclusive) and `until` (exclusive) are about when a text was queued or came
    in; `unread` is about incoming ones. A page is `limit` texts from `offset` on, the newest first."""

    license_key: str | None = None
    their_number: str | None = None
    our_number: str | None = None
    direction: Direction | None = None
    states: tuple[TextState, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    unread: bool | None = None
    reference_id: str | None = None
    matched_text_id: UUID | None = None
    limit: int = 50
    offset: int = 0


async def get(database: Database, text_id: UUID) -> Text | None:
    """One text. StoreUnreachable."""
    row = await database.fetchrow("get_text", text_id)
    return None if row is None else text_of(row)


async def by_reference(database: Database, license_key: str, reference_id: str) -> list[Text]:
    """The outgoing texts with a customer's own id, the oldest first. StoreUnreachable."""
    return [text_of(row) for row in await database.fetch("texts_by_reference", license_key, reference_id, MOST)]


async def replies_to(database: Database, text_ids: Sequence[UUID]) -> list[Text]:
    """What came in as an answer to these texts, the oldest first. StoreUnreachable."""
    return [text_of(row) for row in await database.fetch("replies_to_texts", list(text_ids), MOST)]


async def read_unread(database: Database, license_key: str, most: int = MOST) -> list[Text]:
    """What the key has not read yet, the oldest first; from now on it is read. StoreUnreachable."""
    return [text_of(row) for row in await database.fetch("read_unread_texts", license_key, most)]


async def find(database: Database, criteria: Criteria) -> list[Text]:
    """The texts that fit, the newest first. StoreUnreachable."""
    rows = await database.fetch(
        "find_texts",
        criteria.license_key,
        criteria.their_number,
        criteria.our_number,
        criteria.direction,
        None if criteria.states is None else list(criteria.states),
        criteria.since,
        criteria.until,
        criteria.unread,
        criteria.reference_id,
        criteria.matched_text_id,
        criteria.limit,
        criteria.offset,
    )
    return [text_of(row) for row in rows]


@dataclass(frozen=True, slots=True)
class MessageCriteria:
    """Which messages of a key, None for any. `since` is inclusive, `until` exclusive; at most `limit`, the newest."""

    license_key: str
    number: int | None = None
    mms: bool | None = None
    direction: Direction | None = None
    our_number: str | None = None
    their_number: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50


async def find_messages(database: Database, criteria: MessageCriteria) -> list[Text]:
    """The messages that fit and were not deleted, the newest first. StoreUnreachable."""
    rows = await database.fetch(
        "find_messages",
        criteria.license_key,
        criteria.number,
        criteria.mms,
        criteria.direction,
        criteria.our_number,
        criteria.their_number,
        criteria.since,
        criteria.until,
        criteria.limit,
    )
    return [text_of(row) for row in rows]
