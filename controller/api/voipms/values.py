"""Values that many methods read and write: numbers, flags, dates, each with the vendor's status for a wrong one."""

from __future__ import annotations

from controller.api.bindings.refusal import Refused
from controller.directory.snapshot import Did, LicenseKey, Snapshot
from controller.numbers import national_digits, try_number

_YES = frozenset({"1", "yes", "true", "y", "on"})
_NO = frozenset({"0", "no", "false", "n", "off", ""})


def shown(e164: str) -> str:
    """A number as this interface writes it: ten digits in North America, else the digits with the country code."""
    return national_digits(e164) if e164.startswith("+1") else e164.removeprefix("+")


def did_of(snapshot: Snapshot, key: LicenseKey, text: str, status: str = "invalid_did") -> Did:
    """The number of a customer that a program named. Refused for everything else."""
    number = try_number(text)
    did = snapshot.did(number) if number else None
    if did is None or key.name not in did.owners:
        raise Refused(status, "This number does not belong to this account.")
    return did


def dids_of(snapshot: Snapshot, key: LicenseKey) -> list[Did]:
    """All numbers of a customer."""
    return [did for did in snapshot.dids.values() if key.name in did.owners]


def flag(text: str | None, status: str) -> bool:
    """1 or 0, or one of their other spellings. Refused."""
    given = (text or "").strip().lower()
    if given in _YES:
        return True
    if given in _NO:
        return False
    raise Refused(status)


def bit(*, on: bool) -> str:
    """A flag as this interface writes it."""
    return "1" if on else "0"


def is_test(text: str) -> bool:
    """Whether a program only wants to know if it would work."""
    return text.strip().lower() in _YES


def whole(text: str, low: int, high: int, status: str) -> int:
    """A whole number within bounds. Refused."""
    given = text.strip()
    if not (given.isascii() and given.isdigit() and len(given) <= 19 and low <= int(given) <= high):
        raise Refused(status)
    return int(given)


def within(limit: int, text: str, status: str) -> str:
    """A text of at most so many characters. Refused."""
    if len(text) > limit:
        raise Refused(status)
    return text


def by_id(text: str, status: str) -> int:
    """The number of an entry. Refused for what is none."""
    return whole(text, 1, 2**31 - 1, status)
