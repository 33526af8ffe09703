"""From Phone Notify!'s words to orders: what a request says about a call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from controller.api.phone_notify.models import AdvancedNotifyRequest
from controller.calls.model.order import Order
from controller.calls.model.response_codes import ResponseCode
from controller.errors import NotificationRefused
from controller.script.voice_ids import FASTEST_RATE, FULL_VOLUME, NORMAL_RATE

DEFAULT_CALLS_PER_MINUTE = 3000


def voice_of(text: str | int | None) -> int:
    """The id of a voice, the first one where none is named. NotificationRefused for what is no id."""
    if text in (None, ""):
        return 0
    digits = str(text).strip()
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 6):
        raise NotificationRefused(ResponseCode.INVALID_VOICE_ID, "there is no voice of this id")
    return int(digits)


def speech_rate_of(rate: int) -> int:
    """TTSrate: 0 to 20. 0 is what .NET sends for a byte that was not set, and so the normal rate."""
    return min(rate, FASTEST_RATE) or NORMAL_RATE


def speech_volume_of(volume: int) -> int:
    """TTSvolume: 0 to 100, 0 as for the rate."""
    return min(volume, FULL_VOLUME) or FULL_VOLUME


def due_at(moment: datetime | None) -> datetime | None:
    """When a call is due; None for now. A time without a zone is UTC. NotificationRefused for one of another zone."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    if moment.utcoffset():
        raise NotificationRefused(ResponseCode.SCHEDULED_TIME_NOT_UTC, "the scheduled time is not in UTC")
    return moment


def order_of(request: AdvancedNotifyRequest) -> Order:
    """The order of a request with everything. NotificationRefused."""
    return Order(
        number=request.number or "",
        script=request.text or "",
        caller_id=request.caller_id or "",
        caller_id_name=request.caller_id_name or "",
        transfer_number=request.transfer_number or "",
        voice=voice_of(request.voice),
        speech_rate=speech_rate_of(request.rate),
        speech_volume=speech_volume_of(request.volume),
        tries=request.try_count,
        next_try_seconds=request.next_try_seconds,
        at=due_at(request.scheduled),
        max_call_seconds=request.max_call_length,
        status_post_url=request.status_post_url or "",
        reference_id=request.reference_id or "",
    )


def numbers_of(text: str | None) -> list[str]:
    """The numbers of a list that `;` separates."""
    return [number.strip() for number in (text or "").split(";") if number.strip()]


def paced(orders: Sequence[Order], calls_per_minute: int, now: datetime) -> list[Order]:
    """The orders, so many a minute: each due when its turn comes. A pace of 0 or less is the vendor's own, 3,000."""
    if calls_per_minute <= 0 or calls_per_minute >= DEFAULT_CALLS_PER_MINUTE:
        return list(orders)
    step = timedelta(minutes=1) / calls_per_minute
    return [replace(order, at=max(order.at or now, now) + number * step) for number, order in enumerate(orders)]
