"""Calling hours of a licence key, as its orders meet them."""

from __future__ import annotations

from datetime import datetime

from controller.calls.model.response_codes import ResponseCode
from controller.directory.snapshot import LicenseKey
from controller.errors import NotificationRefused

OUT_OF_HOURS = "at this hour of the called number's time zone, the licence key's calls may not ring"


def due_in_hours(key: LicenseKey, number: str, due_at: datetime) -> datetime:
    """When a call that is due at a moment is dialled: then, or at the next time that the key's hours permit.

    NotificationRefused with code 33 where it may not wait for that.
    """
    held = key.calling_hours and key.calling_hours.held(number, due_at)
    if not held:
        return due_at
    if held.until is None:
        raise NotificationRefused(ResponseCode.TIME_RESTRICTION, OUT_OF_HOURS)
    return held.until
