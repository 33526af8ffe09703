"""What is to be sent: queued, claimed, and its results."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from controller.store.database import Transaction
from controller.store.storable import storable
from controller.texts.model.states import TextState
from controller.texts.model.text import Text
from controller.texts.segments import Encoding
from controller.texts.store.rows import text_of

CHANNEL = "ringpost_texts"
"""The notification channel that wakes the senders."""

LANES_AT_ONCE = 256
"""So many lanes are looked at in one claim; the next one goes on behind them."""


@dataclass(frozen=True, slots=True)
class NewText:
    """A text as it is queued, everything decided. `due_at`: None for now; `queue_id`: the call that asked for it."""

    text_id: UUID
    license_key: str
    sender: str
    recipient: str
    body: str
    route: str
    state: TextState
    due_at: datetime | None
    expires_at: datetime | None
    reference_id: str
    status_post_url: str
    segments: int
    encoding: Encoding
    concatenate: bool
    transactional: bool
    source: str
    queue_id: int | None = None
    mms: bool = False
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many texts in any so many seconds. `scope`: "did:NUMBER", "key:NAME" or "trunk:NAME"."""

    scope: str
    most: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Claim:
    """What was taken to be sent, what was blocked instead, and whether due texts were left for a limit or another
    turn."""

    texts: tuple[Text, ...]
    blocked: tuple[Text, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a text. A state that waits: sent again after `delay` seconds; `counts`: whether that was a try."""

    text_id: UUID
    state: TextState
    sip_status: int = 0
    delay: float = 0.0
    counts: bool = True


async def queue(transaction: Transaction, texts: Sequence[NewText], timeout: float | None = None) -> set[UUID]:
    """Store texts to be sent, those to opted-out numbers excepted; gives the ids of the stored. StoreUnreachable."""
    rows = await transaction.fetch(
        "queue_texts",
        [text.text_id for text in texts],
        [text.license_key for text in texts],
        [text.sender for text in texts],
        [text.recipient for text in texts],
        [storable(text.body) for text in texts],
        [text.state for text in texts],
        [text.due_at for text in texts],
        [text.expires_at for text in texts],
        [storable(text.reference_id) for text in texts],
        [storable(text.status_post_url) for text in texts],
        [text.segments for text in texts],
        [text.encoding for text in texts],
        [text.concatenate for text in texts],
        [text.transactional for text in texts],
        [text.source for text in texts],
        [text.queue_id for text in texts],
        [text.route for text in texts],
        [text.mms for text in texts],
        ["\n".join(map(storable, text.media)) for text in texts],
        timeout=timeout,
    )
    return {row["text_id"] for row in rows}


async def left_in_day(transaction: Transaction, license_key: str, text_ids: Sequence[UUID], most: int) -> int:
    """How many more texts a key may order of `most` in any 24 hours, besides these; who asks at once takes turns.

    StoreUnreachable.
    """
    await transaction.execute("lock_usage", license_key)
    ordered: int = await transaction.fetchval("texts_ordered_in_day", license_key=license_key, but=list(text_ids))
    return max(0, most - ordered)


class Claims:
    """Takes what is due, in turns that are fair to all keys."""

    def __init__(self, lease: UUID, lease_seconds: float) -> None:
        self._lease = lease
        self._lease_seconds = lease_seconds
        self._cursor = ""

    async def take(
        self,
        transaction: Transaction,
        limits: Sequence[Limit],
        away: Sequence[str],
        held: Collection[str] = (),
        *,
        in_all: int,
        of_a_lane: int,
    ) -> Claim:
        """Take at most `in_all` texts, of a lane at most `of_a_lane`, within the limits, none of the routes in `away`.

        held: keys, by their names, of which nothing is taken but the confirmations of opt-outs. StoreUnreachable.
        """
        began_at = self._cursor
        await transaction.execute("lock_text_claims")
        rows = await transaction.fetch(
            "claim_texts",
            self._lease,
            self._lease_seconds,
            began_at,
            LANES_AT_ONCE,
            of_a_lane,
            [limit.scope for limit in limits],
            [limit.most for limit in limits],
            [limit.seconds for limit in limits],
            in_all,
            list(away),
            list(held),
        )
        texts = [text_of(row) for row in rows if row["text_id"] is not None]
        taken = tuple(text for text in texts if text.state is TextState.SENDING)
        blocked = tuple(text for text in texts if text.state is not TextState.SENDING)
        self._cursor = rows[0]["last_lane"] if rows[0]["scanned"] >= LANES_AT_ONCE else ""
        # A turn that began midway has not seen the lanes before.
        more = rows[0]["found"] > len(texts) or bool(began_at or self._cursor)
        return Claim(taken, blocked, more)


async def record(transaction: Transaction, results: Sequence[Result]) -> list[Text]:
    """Store what came of texts that were being sent; gives those that are over. StoreUnreachable."""
    rows = await transaction.fetch(
        "record_text_results",
        [result.text_id for result in results],
        [result.state for result in results],
        [result.sip_status for result in results],
        [result.delay for result in results],
        [result.counts for result in results],
    )
    return [text_of(row) for row in rows]


async def lose(transaction: Transaction, most: int) -> list[Text]:
    """The texts whose sender died with them: their state is unknown from now on. StoreUnreachable."""
    return [text_of(row) for row in await transaction.fetch("lose_texts", most)]


async def expire(transaction: Transaction, most: int) -> list[Text]:
    """The texts whose phone did not register in time: they are over. StoreUnreachable."""
    return [text_of(row) for row in await transaction.fetch("expire_texts", most)]


async def cancel(transaction: Transaction, text_id: UUID) -> Text | None:
    """Take back a text that waits; None when it does not. StoreUnreachable."""
    row = await transaction.fetchrow("cancel_text", text_id)
    return None if row is None else text_of(row)


async def forget_pace(transaction: Transaction) -> None:
    """Remove what no rolling window counts any more. StoreUnreachable."""
    await transaction.execute("forget_text_pace")
