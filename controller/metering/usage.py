"""Usage: one immutable record for each transaction of a licence key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from controller.number_kinds import kind_of
from controller.numbers import is_e164

UsageDirection = Literal["", "incoming", "outgoing"]


class UsageProduct(StrEnum):
    """What was used; the value is what the store has.

    call: an answered call, its seconds from the answer. attempt: an outgoing call that was dialled and that nobody
    answered, once for all its tries. transfer: an answered transfer, the seconds of its leg. text: a text, its
    segments. recording: a caller's recording that was stored, its seconds. speech: characters that were synthesized for
    a customer's program. lookup: a number that was looked up. did, key: a phone number or a licence key in one month.
    """

    CALL = "call"
    ATTEMPT = "attempt"
    TRANSFER = "transfer"
    TEXT = "text"
    RECORDING = "recording"
    SPEECH = "speech"
    LOOKUP = "lookup"
    DID = "did"
    KEY = "key"

    @property
    def unit(self) -> str:
        """What its units are, in words."""
        return _UNITS.get(self, "pieces")

    @property
    def is_timed(self) -> bool:
        """Whether its units are seconds."""
        return self.unit == "seconds"

    @property
    def is_monthly(self) -> bool:
        """Whether it is used by being there."""
        return self in (UsageProduct.DID, UsageProduct.KEY)


_UNITS = {
    UsageProduct.CALL: "seconds",
    UsageProduct.TRANSFER: "seconds",
    UsageProduct.RECORDING: "seconds",
    UsageProduct.TEXT: "segments",
    UsageProduct.SPEECH: "characters",
}


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """One transaction.

    record_id: what it is of; a second record of the same id is the same record, and not stored again. at: when it was
    over (UTC), which is the day and the month that it counts in. units: see `UsageProduct`. did: our number; number:
    the other party's, E.164 where it is a phone number; country: of that one, ISO 3166 letters. route: the trunk, empty
    for phones and numbers of ours. began_at: of a leg, its answer. sign: -1 takes another record back; note: why.
    """

    record_id: str
    license_key: str
    product: UsageProduct
    units: int
    at: datetime
    direction: UsageDirection = ""
    did: str = ""
    number: str = ""
    country: str = ""
    route: str = ""
    began_at: datetime | None = None
    sign: int = 1
    note: str = ""


def country_of(number: str) -> str:
    """The country of a phone number in ISO 3166 letters; empty where nobody knows, and for what is no phone number."""
    return kind_of(number).region if is_e164(number) else ""


def whole_seconds(began_at: datetime, ended_at: datetime) -> int:
    """How long a leg lasted in whole seconds, rounded as the Duration of post-backs is; never less than none."""
    return max(0, round((ended_at - began_at).total_seconds()))
