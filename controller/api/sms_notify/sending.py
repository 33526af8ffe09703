"""Orders of texts: made from requests, with ids that a repeated request has again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid5

from controller.api.auth import Caller
from controller.directory.snapshot import LicenseKey
from controller.texts.model.order import Queued, Refused, TextOrder
from controller.texts.service import Texts

_NAMESPACE = UUID("0f6f0d0e-6f0b-5d63-9c43-6d3a8e6c2b51")


async def send(
    texts: Texts, customer: LicenseKey, caller: Caller, orders: Sequence[TextOrder]
) -> list[Queued | Refused]:
    """Queue the texts of one request. With an Idempotency-Key a repeated request finds its texts queued already."""
    if caller.idempotency_key:
        orders = [
            replace(order, text_id=uuid5(_NAMESPACE, f"{customer.name}/{caller.idempotency_key}/{place}"))
            for place, order in enumerate(orders)
        ]
    return await texts.queue(orders)
