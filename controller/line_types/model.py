"""What is known of a number's line, and what a provider of it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol


class LineType(StrEnum):
    """What kind of line a number is on."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    VOIP = "voip"
    TOLL_FREE = "toll-free"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LineFound:
    """A number's line type: who says so (`source`, for people and logs) and as of which day, None where nobody knows.

    carrier_id: the OCN of who was assigned the number; carrier_name, lata, switch_name as in phone post-backs. Empty
    where they are not known. A number that was ported is still with the carrier that it was assigned to.
    """

    type: LineType
    source: str
    as_of: date | None = None
    carrier_id: str = ""
    carrier_name: str = ""
    lata: str = ""
    switch_name: str = ""


NOTHING_KNOWN = LineFound(LineType.UNKNOWN, "nobody")


def nothing_known(number: str, license_key: str) -> LineFound:  # noqa: ARG001 (of no number, for nobody)
    """For whoever is not told."""
    return NOTHING_KNOWN


class LineTypeProvider(Protocol):
    """Somebody who knows of numbers (E.164). Neither method raises: who cannot tell gives None.

    license_key: for whom it is told, by the key's name; empty for the operator.
    """

    def known(self, number: str, license_key: str = "") -> LineFound | None:
        """What can be told at once, without waiting."""

    async def look_up(self, number: str, license_key: str = "") -> LineFound | None:
        """What can be told when there is time to ask."""


class KnowsAtOnce(ABC):
    """A provider that never has to ask, and tells everybody the same."""

    @abstractmethod
    def found(self, number: str) -> LineFound | None:
        """What it knows of a number (E.164); None where it cannot tell."""

    def known(self, number: str, license_key: str = "") -> LineFound | None:  # noqa: ARG002 (the same for everybody)
        """See `LineTypeProvider`."""
        return self.found(number)

    async def look_up(self, number: str, license_key: str = "") -> LineFound | None:  # noqa: ARG002 (as `known`)
        """The same as `known`."""
        return self.found(number)
