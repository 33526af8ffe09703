"""Post-backs for tests."""

from __future__ import annotations

from uuid import uuid4

from controller import resources
from controller.postbacks.outbox import Postback
from controller.store.queries import Queries

QUERIES = Queries.load(resources.QUERIES)


def postback(
    subject: str,
    *,
    sequence: int = 1,
    url: str = "http://127.0.0.1:9/calls",
    event: str = "call.answered",
    final: bool = False,
    license_key: str = "acme",
) -> Postback:
    """A post-back with a fresh id and a small form."""
    form = (("QueueID", subject.partition(":")[2]), ("ResponseCode", "29"), ("Sequence", str(sequence)))
    return Postback(uuid4(), subject, sequence, event, final, license_key, url, form)
