"""What of a call is metered: the call itself, each transfer that was answered, and a call that nobody answered."""

from __future__ import annotations

from datetime import datetime

from controller.calls.model.call import AnsweredLeg, Call
from controller.metering.usage import UsageProduct, UsageRecord, country_of, whole_seconds


def call_usage(call: Call, *, dialled: bool) -> UsageRecord | None:
    """The record of a call that is over; None when nothing of it is metered.

    An answered call is metered from its answer, so ringing is not. An outgoing one that was dialled and not answered is
    an attempt, once for all its tries; dialled: whether somebody was called.
    """
    if call.ended_at is None:
        return None
    if call.answered_at is not None:
        product, units = UsageProduct.CALL, call.duration_seconds
    elif call.outgoing and dialled:
        product, units = UsageProduct.ATTEMPT, 1
    else:
        return None
    return UsageRecord(
        record_id=f"{product}:{call.queue_id}",
        license_key=call.license_key,
        product=product,
        units=units,
        at=call.ended_at,
        direction=call.direction,
        did=call.our_number,
        number=call.their_number,
        country=country_of(call.their_number),
        route=call.route,
        began_at=call.answered_at,
    )


def transfer_usage(call: Call, leg: AnsweredLeg, ended_at: datetime) -> UsageRecord:
    """The record of a transfer's leg that is over: it is the key's as well, beside the call that it belongs to."""
    return UsageRecord(
        record_id=f"{UsageProduct.TRANSFER}:{call.queue_id}:{leg.place}",
        license_key=call.license_key,
        product=UsageProduct.TRANSFER,
        units=whole_seconds(leg.answered_at, ended_at),
        at=max(ended_at, leg.answered_at),
        direction="outgoing",
        did=call.our_number,
        number=leg.number,
        country=country_of(leg.number),
        route=leg.route,
        began_at=leg.answered_at,
    )
