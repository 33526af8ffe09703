"""The outbox: a post-back becomes a row in the transaction of the state change that it reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from controller.postbacks.encoding import encode_form
from controller.postbacks.lanes import lane_of
from controller.store.database import Database, Transaction
from controller.store.queries import columns
from controller.store.storable import storable

CHANNEL = "ringpost_postbacks"
"""The notification channel that wakes the deliverers."""


@dataclass(frozen=True, slots=True)
class Postback:
    """One thing to tell a customer's URL.

    `id` is stable over all attempts; `subject` is what it is about ("call:1000000001"), within which `sequence` rises;
    `event` is its name ("call.answered"); `final` says that nothing follows about the subject; `license_key` is the
    key's name in the admin YAML, whose secrets sign it; `form` are the fields in their order. `raw`: the body of one
    that is no form (`ways.py`).
    """

    id: UUID
    subject: str
    sequence: int
    event: str
    final: bool
    license_key: str
    url: str
    form: tuple[tuple[str, str], ...] = ()
    raw: str = ""


class PostbackRow(NamedTuple):
    """A row of the table `postbacks`, as it is queued. Named after the columns."""

    id: UUID
    subject: str
    sequence: int
    event: str
    final: bool
    license_key: str
    url: str
    lane: str
    body: str

    @classmethod
    def of(cls, postback: Postback) -> PostbackRow:
        """The row of a post-back."""
        return cls(
            id=postback.id,
            subject=storable(postback.subject),
            sequence=postback.sequence,
            event=storable(postback.event),
            final=postback.final,
            license_key=storable(postback.license_key),
            url=storable(postback.url),
            lane=lane_of(postback.url),
            body=storable(postback.raw) if postback.raw else encode_form(postback.form),
        )


async def enqueue(transaction: Transaction | Database, postbacks: Sequence[Postback]) -> None:
    """Write post-backs into the outbox, in one round trip, and wake the deliverers at the commit.

    An id that is there already is left as it is, so a transaction of unknown fate can be repeated. The sequence numbers
    of a subject must be committed in their order. StoreUnreachable, StoreRefused.
    """
    if not postbacks:
        return
    rows = [PostbackRow.of(postback) for postback in postbacks]
    await transaction.execute("enqueue_postbacks", **columns(rows, PostbackRow._fields))
