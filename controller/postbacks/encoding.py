"""`application/x-www-form-urlencoded` as .NET programs write it: receivers of post-backs were made for that."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import quote_plus

CONTENT_TYPE = "application/x-www-form-urlencoded"

_ESCAPE = re.compile(r"%[0-9A-F]{2}")
# What each ASCII character becomes that is not left as it is: times, numbers and most names need nothing else.
_OF_ASCII = {code: f"%{code:02x}" for code in range(128) if not (chr(code).isalnum() or chr(code) in "_.!*()-")}
_OF_ASCII[ord(" ")] = "+"


def encode_form(fields: Iterable[tuple[str, str]]) -> str:
    """The fields in their order, as UTF-8, with blanks as `+` and lower-case escapes, as in CDYNE's samples."""
    return "&".join([f"{_encode(name)}={_encode(value)}" for name, value in fields])


def _encode(text: str) -> str:
    if text.isascii():
        return text if text.isalnum() else text.translate(_OF_ASCII)
    quoted = quote_plus(text, safe="!*()", errors="replace").replace("~", "%7e")
    return _ESCAPE.sub(lambda escape: escape[0].lower(), quoted)


DateFormat = Literal["us", "iso"]


def form_time(moment: datetime | None, date_format: DateFormat) -> str:
    """A time in UTC: `5/8/2010 2:42:36 AM` or `2010-05-08T02:42:36.000Z`; none is the .NET minimum, as the vendor's."""
    if moment is None:
        return _NEVER[date_format]
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    if date_format == "iso":
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    hour = moment.hour % 12 or 12
    half = "AM" if moment.hour < 12 else "PM"
    # Not with strftime: that takes as long as all the rest of a post-back's form.
    return f"{moment.month}/{moment.day}/{moment.year:04d} {hour}:{moment.minute:02d}:{moment.second:02d} {half}"


# The answer and the end that most calls do not have yet.
_NEVER: dict[DateFormat, str] = {"us": "1/1/0001 12:00:00 AM", "iso": "0001-01-01T00:00:00.000Z"}
