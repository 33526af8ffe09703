"""A text as the dialplan hands it over, by FastAGI or from its spool."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote
from uuid import NAMESPACE_URL, UUID, uuid5

from controller.numbers import try_number

FIELDS = 7
"""What the dialplan gives: context, DID, sender, Call-ID, content type, content length, body."""

TRUNK_CONTEXT, PHONE_CONTEXT = "ringpost-text-trunk-", "ringpost-text-phone-"

_URI_USER = re.compile(r"(?:sips?|tel):([^@>;?\s]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SipText:
    """A MESSAGE that came in. `trunk` or `phone`: which of them sent it; `did`, `sender`: as they stand in it;
    `length`: what its head says about its body, which Asterisk may have lost."""

    trunk: str
    phone: str
    did: str
    sender: str
    call_id: str
    content_type: str
    length: int
    body: bytes
    at: datetime

    def text_id(self, sender: str) -> UUID:
        """The text's id: a copy of it, sent again or drained from the spool, has the same one. `sender`: its number."""
        body = base64.b64encode(self.body).decode()
        return uuid5(NAMESPACE_URL, f"sip-text:{self.call_id}\n{sender}\n{body}")


def sip_text(fields: Sequence[str], at: datetime) -> SipText:
    """Read what the dialplan gave; all but the context and the length are in base64. ValueError when it is not that."""
    if len(fields) != FIELDS:
        raise ValueError(f"{len(fields)} fields instead of {FIELDS}")
    context, did, sender, call_id, content_type, length, body = fields
    trunk = context.removeprefix(TRUNK_CONTEXT) if context.startswith(TRUNK_CONTEXT) else ""
    phone = context.removeprefix(PHONE_CONTEXT) if context.startswith(PHONE_CONTEXT) else ""
    if not (trunk or phone):
        raise ValueError("it came from no trunk and no phone")
    return SipText(
        trunk=trunk,
        phone=phone,
        did=_text(did),
        sender=_text(sender),
        call_id=_text(call_id),
        content_type=_text(content_type),
        length=int(length) if length.isascii() and length.isdigit() and len(length) < 10 else 0,
        body=_bytes(body),
        at=at,
    )


def number_in(value: str, region: str = "US") -> str:
    """The number (E.164) in a header's value: of a SIP or tel URI, or the value itself; else its user part as it is."""
    return number_of_uri(value, region) or _number(value.partition(";")[0], region)


def number_of_uri(value: str, region: str = "US") -> str:
    """The number (E.164) in a header's SIP or tel URI, or its user part as it is; empty without a URI."""
    found = _URI_USER.search(value)
    return _number(found[1], region) if found else ""


def _number(user: str, region: str) -> str:
    user = unquote(user).strip()
    return try_number(user, region) or user


def spool_time(key: str) -> datetime:
    """When a spooled text came in: its key begins with milliseconds since 1970. ValueError for another key."""
    return datetime.fromtimestamp(int(key.partition("-")[0]) / 1000, UTC)


def _bytes(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError("a field is no base64") from error


def _text(value: str) -> str:
    return _bytes(value).decode(errors="replace")
