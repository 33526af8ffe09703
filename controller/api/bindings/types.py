"""The scalar types of the wire: how each is named in a schema, read from text leniently, and written exactly."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID

# .NET's DateTime that was never set; None in Python.
UNSET_DATE = "0001-01-01T00:00:00"
NO_GUID = UUID(int=0)

# XML 1.0, production [2]: what may not stand in a document. Lone surrogates come from JSON, NUL from a form.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DATE_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,20}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Scalar:
    """One scalar type.

    xsd: its name in XML Schema (`guid` is Microsoft's). clr: what .NET calls it, for error messages. empty: the value
    of an absent element. nullable: whether .NET's type can be null. sample: what a help page shows. parse: the value
    of a text, ValueError for none; it never gets an empty text, except where the type is a string.
    """

    xsd: str
    clr: str
    empty: Any
    nullable: bool
    sample: Any
    parse: Callable[[str], Any]
    write: Callable[[Any], str]

    @property
    def name(self) -> str:
        """The name of an item's element in an array."""
        return self.xsd


def clean(text: str) -> str:
    """A text without the characters that neither XML nor PostgreSQL can hold; U+FFFD stands in their place."""
    return _NOT_XML.sub("\ufffd", text)


def _integer(xsd: str, clr: str, lowest: int, highest: int) -> Scalar:
    def parse(text: str) -> int:
        if not _INTEGER.fullmatch(text) or not lowest <= (number := int(text)) <= highest:
            raise ValueError(text)
        return number

    return Scalar(xsd, clr, 0, nullable=False, sample=highest, parse=parse, write=str)


def _parse_boolean(text: str) -> bool:
    known = {"true": True, "1": True, "false": False, "0": False}.get(text.lower())
    if known is None:
        raise ValueError(text)
    return known


def _parse_guid(text: str) -> UUID:
    # .NET's five forms: bare, hyphens, braces, parentheses; the fifth is nobody's.
    match = re.fullmatch(r"[{(]?([0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12})[)}]?", text, re.IGNORECASE | re.ASCII)
    if match is None:
        raise ValueError(text)
    return UUID(match.group(1))


def _parse_double(text: str) -> float:
    special = {"INF": math.inf, "-INF": -math.inf, "NaN": math.nan}.get(text)
    if special is not None:
        return special
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", text, re.ASCII) or len(text) > 400:
        raise ValueError(text)
    return float(text)


def _write_double(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "INF" if number > 0 else "-INF"
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number).upper()


def _parse_decimal(text: str) -> Decimal:
    if len(text) > 40 or not _DECIMAL.fullmatch(text):
        raise ValueError(text)
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None


def _parse_date_time(text: str) -> datetime | None:
    """A moment: with its zone where the text has one, without one otherwise. None for .NET's unset DateTime."""
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        raise ValueError(text)
    *digits, fraction, zone = match.groups()
    year, month, day, hour, minute, second = (int(part or 0) for part in digits)
    moment = datetime(year, month, day, hour, minute, second, int((fraction or "0").ljust(6, "0")[:6]))  # noqa: DTZ001
    if moment.year == 1:
        return None
    if zone is None:
        return moment
    if zone == "Z":
        return moment.replace(tzinfo=UTC)
    zoned = datetime.fromisoformat(f"{moment.isoformat()}{zone[:3]}:{zone[-2:]}")
    try:
        zoned.astimezone(UTC)
    except OverflowError:  # it is no moment of UTC's calendar
        raise ValueError(text) from None
    return zoned


def write_date_time(moment: datetime | None) -> str:
    """UTC without a zone, as .NET writes a DateTime of no kind; a fraction only where there is one."""
    if moment is None:
        return UNSET_DATE
    utc = moment.astimezone(UTC) if moment.tzinfo else moment
    return utc.replace(tzinfo=None).isoformat().rstrip("0") if utc.microsecond else utc.replace(tzinfo=None).isoformat()


def json_date(moment: datetime | None) -> str:
    """The text of a date in JSON: milliseconds since 1970 and the server's zone, which is UTC.

    It is written -0000: a client in PHP keeps digits and hyphens only, and takes the last five characters for the zone.
    """
    if moment is None:
        return "/Date(-62135596800000-0000)/"
    utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return f"/Date({(utc - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)}-0000)/"


def parse_json_date(text: str) -> datetime | None:
    """The moment of `/Date(ms)/` or `/Date(ms+hhmm)/`, or of an ISO 8601 text. ValueError."""
    match = re.fullmatch(r"\\?/Date\((-?\d{1,15})([+-]\d{4})?\)\\?/", text, re.ASCII)
    if match is None:
        return _parse_date_time(text)
    milliseconds, zone = match.groups()
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(milliseconds))
        if moment.year == 1:
            return None
        return moment.astimezone(datetime.strptime(zone, "%z").tzinfo) if zone else moment
    except OverflowError:
        raise ValueError(text) from None


def _parse_base64(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        raise ValueError(text) from None


STRING = Scalar("string", "System.String", "", nullable=True, sample="String content", parse=clean, write=str)
BOOLEAN = Scalar(
    "boolean",
    "System.Boolean",
    False,
    nullable=False,
    sample=True,
    parse=_parse_boolean,
    write=lambda value: "true" if value else "false",
)
SHORT = _integer("short", "System.Int16", -(2**15), 2**15 - 1)
INT = _integer("int", "System.Int32", -(2**31), 2**31 - 1)
LONG = _integer("long", "System.Int64", -(2**63), 2**63 - 1)
UNSIGNED_BYTE = _integer("unsignedByte", "System.Byte", 0, 255)
DOUBLE = Scalar("double", "System.Double", 0.0, nullable=False, sample=1.5, parse=_parse_double, write=_write_double)
DECIMAL = Scalar(
    "decimal",
    "System.Decimal",
    Decimal(0),
    nullable=False,
    sample=Decimal("12678967.543233"),
    parse=_parse_decimal,
    write=lambda value: format(value, "f"),
)
DATE_TIME = Scalar(
    "dateTime",
    "System.DateTime",
    None,
    nullable=False,
    sample=datetime(1999, 5, 31, 11, 20, tzinfo=UTC),
    parse=_parse_date_time,
    write=write_date_time,
)
GUID = Scalar(
    "guid",
    "System.Guid",
    NO_GUID,
    nullable=False,
    sample=UUID("1627aea5-8e0a-4371-9022-9b504344e724"),
    parse=_parse_guid,
    write=str,
)
BASE64 = Scalar(
    "base64Binary",
    "System.Byte[]",
    b"",
    nullable=True,
    sample=b"String content",
    parse=_parse_base64,
    write=lambda value: base64.b64encode(value).decode(),
)

Short = Annotated[int, SHORT]
Long = Annotated[int, LONG]
UnsignedByte = Annotated[int, UNSIGNED_BYTE]

SCALARS: dict[type, Scalar] = {
    str: STRING,
    bool: BOOLEAN,
    int: INT,
    float: DOUBLE,
    Decimal: DECIMAL,
    datetime: DATE_TIME,
    UUID: GUID,
    bytes: BASE64,
}
