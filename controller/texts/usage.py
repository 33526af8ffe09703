"""What of texts is metered: the segments of each that came in, and of each that, as far as is known, went out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from controller.metering.usage import UsageProduct, UsageRecord, country_of
from controller.texts.model.states import TextState
from controller.texts.model.text import Direction, Text

# What the far side refused, and what was never handed over, is free; however often it was tried, a text counts once.
_METERED = frozenset({TextState.ACCEPTED, TextState.UNKNOWN, TextState.RECEIVED})


def text_usage(texts: Iterable[Text]) -> list[UsageRecord]:
    """The records of texts that came in or are over."""
    return [_usage(text) for text in texts if text.state in _METERED]


def _usage(text: Text) -> UsageRecord:
    incoming = text.direction is Direction.INCOMING
    return UsageRecord(
        record_id=f"{UsageProduct.TEXT}:{text.text_id}",
        license_key=text.license_key,
        product=UsageProduct.TEXT,
        units=text.segments,
        at=(text.queued_at if incoming else text.result_at) or datetime.now(UTC),
        direction=text.direction.value,
        did=text.our_number,
        number=text.their_number,
        country=country_of(text.their_number),
        route=text.route,
    )
