"""Values of forwardings, callbacks and the like, each with the vendor's status for a wrong one."""

from __future__ import annotations

import re

from controller.api.bindings.refusal import Refused
from controller.api.voipms.did_checks import required
from controller.api.voipms.values import flag, within
from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import LicenseKey
from controller.ivr.model import DTMF_DIGITS
from controller.numbers import national_digits, try_number

LONGEST_TEXT = 100
UNSET = frozenset({"", "-1", "0"})


def text_of(text: str, status: str) -> str:
    """A description or a name. Refused for one that is too long, or no text."""
    given = within(LONGEST_TEXT, text.strip(), status)
    if not all(character.isprintable() for character in given):
        raise Refused(status)
    return given


def called_number(directory: CurrentDirectory, key: LicenseKey, text: str, noun: str) -> str:
    """A number (E.164) that calls of the account are passed on to. Refused where it may not call."""
    number = try_number(required(text, f"missing_{noun}"))
    if number is None:
        raise Refused(f"invalid_{noun}")
    refusal = directory.snapshot.destinations(key.name).refusal(number)
    if refusal:
        raise Refused(f"invalid_{noun}", f"Calls of this account are not made there: {refusal}.")
    return number


def shown_number(directory: CurrentDirectory, key: LicenseKey, text: str, noun: str) -> str:
    """A number (E.164) that others see; empty where nothing is set. Refused where the account may not show it."""
    if text.strip() in UNSET:
        return ""
    number = try_number(text)
    if number is None or not directory.snapshot.may_show(key.name, number):
        raise Refused(f"invalid_{noun}", "This number is neither the account's own nor verified for it.")
    return number


def tones(text: str, status: str) -> str:
    """DTMF digits; a comma is half a second of pause. Refused."""
    digits = re.sub(r"[\s-]", "", text).replace(",", "w").upper().replace("W", "w")
    if digits and DTMF_DIGITS.fullmatch(digits) is None:
        raise Refused(status)
    return digits


def half_seconds(text: str, most: float, status: str) -> str:
    """Seconds in steps of a half, up to a most; none is 0. Refused."""
    given = text.strip() or "0"
    if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,2})?", given) is None or float(given) > most or float(given) % 0.5:
        raise Refused(status)
    return f"{float(given):g}"


def yes_no(text: str | None, default: str, status: str) -> str:
    """A flag as mailboxes have it. Refused."""
    if text is None or not text.strip():
        return default
    return "yes" if flag(text, status) else "no"


def shown_e164(number: str) -> str:
    """A stored number as this interface writes it; empty for none."""
    return national_digits(number) if number else ""
