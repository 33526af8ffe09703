"""What somebody asks for who sends a text, and how that can be refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TextOrder:
    """A text to be sent.

    `license_key`: the key's name in the YAML. `sender`: a DID of the key, or empty: then one is chosen. `recipient`: as
    people write numbers. `at`: when it is sent at the earliest, aware; None for now. `status_post_url`: empty for the
    DID's, else the key's. `concatenate`, `unicode`: see `segments.segment`. `transactional`: quiet hours do not hold
    it. `source`: "api", "script", "sequence" or "cli". `text_id`: of a text that may have been queued already, and then
    is the same; None for a new one. `mms`: a message with media, which may be longer; `media`: their links, which stand
    at the end of `body` already.
    """

    license_key: str
    recipient: str
    body: str
    sender: str = ""
    reference_id: str = ""
    at: datetime | None = None
    status_post_url: str = ""
    concatenate: bool = True
    unicode: bool = False
    transactional: bool = False
    source: str = "api"
    text_id: UUID | None = None
    mms: bool = False
    media: tuple[str, ...] = ()


class RefusalReason(StrEnum):
    """Why a text is not queued."""

    BLOCKED = "blocked"
    KEY_INVALID = "key-invalid"
    NUMBER_INVALID = "number-invalid"
    MESSAGE_INVALID = "message-invalid"
    NOT_UTC = "not-utc"
    DID_INVALID = "did-invalid"
    DID_REQUIRED = "did-required"
    ALLOWANCE = "allowance-exceeded"
    HOLD = "on-hold"


@dataclass(frozen=True, slots=True)
class Queued:
    """A text that was queued: its id, and the DID that it is sent from."""

    text_id: UUID
    sender: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A text that was not queued; `message` is for whoever asked for it."""

    reason: RefusalReason
    message: str


MESSAGES = {
    RefusalReason.BLOCKED: "This number has opted out of texts: it takes them again when RESUME comes from it.",
    RefusalReason.KEY_INVALID: "There is no such licence key, or it is not one for texts.",
    RefusalReason.NUMBER_INVALID: "Not a valid number, or not one that the licence key may send texts to.",
    RefusalReason.MESSAGE_INVALID: "A text has at least one character and is no longer than 1600.",
    RefusalReason.NOT_UTC: "The time of a text is given in UTC, and within a year.",
    RefusalReason.DID_INVALID: "The sender is not a number of this licence key that texts are sent from.",
    RefusalReason.DID_REQUIRED: "This licence key has no number that texts are sent from: name one.",
    RefusalReason.ALLOWANCE: "The texts that this licence key may send in a day are used up.",
    RefusalReason.HOLD: "This licence key has reached a limit of its usage: nothing new is sent for it.",
}
"""What each refusal says."""


def refused(reason: RefusalReason) -> Refused:
    """The refusal with its message."""
    return Refused(reason, MESSAGES[reason])
