"""What the numbers themselves tell: our own, those of the numbering plan's special codes, libphonenumber's types."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType

from controller.directory.current import CurrentDirectory
from controller.line_types.model import KnowsAtOnce, LineFound, LineType

# North America's codes of no place whose numbers are all of one type: toll-free, and Canada's 600, which is served over
# IP. 5XX (personal numbers, machines) and 900 (premium rate) are of no type that is known. Source: nanpa.com,
# non-geographic area codes, and libphonenumber's types of them.
_PLAN: tuple[tuple[re.Pattern[str], LineType], ...] = (
    (re.compile(r"\+18(?:00|22|33|44|55|66|77|88)\d{7}"), LineType.TOLL_FREE),
    (re.compile(r"\+1600\d{7}"), LineType.VOIP),
)
_LIBRARY: Mapping[int, LineType] = {
    PhoneNumberType.FIXED_LINE: LineType.LANDLINE,
    PhoneNumberType.MOBILE: LineType.MOBILE,
    PhoneNumberType.VOIP: LineType.VOIP,
    PhoneNumberType.TOLL_FREE: LineType.TOLL_FREE,
}
LIBRARY_SOURCE = f"libphonenumber {phonenumbers.__version__}"


class OwnNumbers(KnowsAtOnce):
    """Our DIDs, and the numbers of our phones: they are reached over SIP. today: the day, for what is known of them."""

    def __init__(self, directory: CurrentDirectory, today: Callable[[], date]) -> None:
        self._directory = directory
        self._today = today

    def found(self, number: str) -> LineFound | None:
        """Voip for a number of ours."""
        snapshot = self._directory.snapshot
        if snapshot.did(number) is None and snapshot.phone_by_number(number) is None:
            return None
        return LineFound(LineType.VOIP, "own numbers", self._today())


class NumberPlan(KnowsAtOnce):
    """The codes of North America that tell the line type of all their numbers."""

    def found(self, number: str) -> LineFound | None:
        """The type of a number with such a code."""
        for pattern, found in _PLAN:
            if pattern.fullmatch(number):
                return LineFound(found, "number plan")
        return None


class NumberLibrary(KnowsAtOnce):
    """libphonenumber: it tells mobile from fixed lines in most countries, and not in the US and Canada."""

    def found(self, number: str) -> LineFound | None:
        """The type by libphonenumber's tables; None where they do not tell."""
        found = _library_type(number)
        return None if found is None else LineFound(found, LIBRARY_SOURCE)


@lru_cache(maxsize=10_000)
def _library_type(number: str) -> LineType | None:
    try:
        return _LIBRARY.get(phonenumbers.number_type(phonenumbers.parse(number)))
    except phonenumbers.NumberParseException:
        return None
