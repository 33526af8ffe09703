"""Values that several operations of the JSON interface ask for."""

from __future__ import annotations

from controller.api.json_api.errors import ApiRefused
from controller.numbers import try_number


def phone_number(name: str, text: str) -> str | None:
    """A phone number as E.164; None where none was given. ApiRefused with the parameter's name for what is not one."""
    if not text:
        return None
    number = try_number(text)
    if number is None:
        raise ApiRefused(422, "invalid", f"{name}: not a valid phone number")
    return number
