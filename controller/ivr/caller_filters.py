"""Caller-ID filters: which callers a rule is about, and which rule of several counts (VoIP.ms, "CallerID Filtering").

The order is the vendor's: a rule that names the caller's number exactly, then one with wildcards, then the list's own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from controller.errors import CallerPatternInvalid
from controller.ivr.model import NO_FAILOVERS, Destination, Failovers
from controller.numbers import is_e164, national_digits, try_number

ANONYMOUS = "0"
NOT_NORTH_AMERICAN = "i"
# The names that networks give to callers who show none, and the number that stands for one.
_NAMES_OF_NOBODY = frozenset({"anonymous", "private", "restricted", "unknown", "unavailable"})
NUMBER_OF_NOBODY = "0000000000"
_NANP = re.compile(r"[2-9][0-9]{2}[2-9][0-9]{6}")
_WILD = re.compile(r"(?=.*[Xx*])[0-9Xx]{0,15}\*?")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: `number` as the call's `callerid` has it (ten digits, or E.164), `name` as the network gave it.

    withheld: the network was asked not to show it (SIP `Privacy: id`).
    """

    number: str
    name: str = ""
    withheld: bool = False

    @property
    def anonymous(self) -> bool:
        """Whether nobody knows who calls."""
        nobody = not self.number.strip() or national_digits(self.number.strip()) == NUMBER_OF_NOBODY
        return (
            self.withheld
            or nobody
            or self.name.strip().strip('"').lower() in _NAMES_OF_NOBODY
            or self.number.strip().lower() in _NAMES_OF_NOBODY
        )


class Precision(IntEnum):
    """How exactly a rule names a caller; the lowest counts first."""

    EXACT = 0
    WILDCARD = 1


@dataclass(frozen=True, slots=True)
class CallerFilter:
    """Callers, and where their calls go instead. callers: patterns, in the forms of `read_callers`."""

    callers: tuple[str, ...]
    routing: Destination
    failovers: Failovers = NO_FAILOVERS


def read_callers(text: str) -> str:
    """One pattern of callers in its canonical form: `0` anonymous, `i` not of North America, a number, wildcards.

    In a pattern `X` is one digit, and `*` at the end any rest. Numbers are ten digits, or E.164 for other countries.
    Raises CallerPatternInvalid.
    """
    written = text.strip()
    if written in (ANONYMOUS, NUMBER_OF_NOBODY) or written.lower() == "anonymous":
        return ANONYMOUS
    if written.lower() == NOT_NORTH_AMERICAN:
        return NOT_NORTH_AMERICAN
    if _WILD.fullmatch(written.removeprefix("+")):
        return written.upper()
    number = try_number(written)
    if number is None:
        raise CallerPatternInvalid
    return national_digits(number) if _is_north_american(number) else number


def choose(filters: Sequence[tuple[str, ...]], caller: Caller) -> int | None:
    """Which of these filters, each a tuple of patterns, a caller's call goes by; None for none."""
    best: tuple[Precision, int] | None = None
    for index, patterns in enumerate(filters):
        for pattern in patterns:
            precision = precision_of(pattern, caller)
            if precision is not None and (best is None or (precision, index) < best):
                best = (precision, index)
    return None if best is None else best[1]


def precision_of(pattern: str, caller: Caller) -> Precision | None:
    """How exactly a pattern names this caller; None when it does not."""
    if pattern == ANONYMOUS:
        return Precision.EXACT if caller.anonymous else None
    if caller.anonymous:
        return None
    digits = national_digits(caller.number.strip())
    if pattern == NOT_NORTH_AMERICAN:
        return None if _NANP.fullmatch(digits) else Precision.WILDCARD
    if "X" in pattern or "*" in pattern:
        return Precision.WILDCARD if _expression(pattern).fullmatch(digits) else None
    return Precision.EXACT if national_digits(pattern) == digits else None


@lru_cache(maxsize=10_000)
def _expression(pattern: str) -> re.Pattern[str]:
    written = pattern.removeprefix("+").replace("X", "[0-9]").replace("*", "[0-9]*")
    return re.compile(written)


def _is_north_american(number: str) -> bool:
    return is_e164(number) and number.startswith("+1") and _NANP.fullmatch(number[2:]) is not None
