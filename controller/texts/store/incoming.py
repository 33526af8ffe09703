"""What came in, stored once each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from controller.store.database import Transaction
from controller.store.storable import storable
from controller.texts.model.text import Text
from controller.texts.segments import Segments
from controller.texts.store.rows import text_of


@dataclass(frozen=True, slots=True)
class Arrival:
    """A text that came in. `status_post_url`: where it is posted if it answers none with a URL of its own."""

    text_id: UUID
    license_key: str
    did: str
    sender: str
    body: str
    at: datetime
    segments: Segments
    for_review: bool
    status_post_url: str


async def store(transaction: Transaction, arrivals: Sequence[Arrival]) -> list[Text]:
    """Store texts that came in, each matched; gives those that were not stored before. StoreUnreachable."""
    rows = await transaction.fetch(
        "store_incoming_texts",
        [arrival.text_id for arrival in arrivals],
        [arrival.license_key for arrival in arrivals],
        [arrival.did for arrival in arrivals],
        [storable(arrival.sender) for arrival in arrivals],
        [storable(arrival.body) for arrival in arrivals],
        [arrival.at for arrival in arrivals],
        [arrival.segments.count for arrival in arrivals],
        [arrival.segments.encoding for arrival in arrivals],
        [arrival.for_review for arrival in arrivals],
        [storable(arrival.status_post_url) for arrival in arrivals],
    )
    return [text_of(row) for row in rows]
