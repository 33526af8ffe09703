"""What the YAML may say about keys, numbers, menus, phones and trunks: its keys, their kinds and their defaults.

What one entry can tell by itself is checked here; what entries say about each other is checked in the rooms' other
files, once all are read.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from controller.asterisk.configuration import HOST_NAME
from controller.config_file.validation import Declaration, mistake
from controller.directory.text_declarations import REQUEST_URI, TextDidIn
from controller.egress.urls import customer_url
from controller.errors import DestinationInvalid, PhoneNumberInvalid, UrlRefused
from controller.ivr.model import CHOICE_KEYS, DTMF_DIGITS, HANG_UP, SHORTEST_TONE_MS, AfterSequence, Destination
from controller.numbers import parse_number
from controller.script.commands.kinds import sound_name

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
# Of IVRs and sequences: destinations and numbers name them without the white space around them.
MENU_NAME = re.compile(r"(?!\s)[^\x00-\x1f\x7f]{1,100}(?<!\s)")
_SOUND_ID = re.compile(r"[^\x00-\x1f~^|/\\]{1,100}")
# RFC 3261's user part without `;`, which Asterisk's files take for a comment.
_URL_EXPECTED = "http:// or https://, a host, and if need be a port, such as https://example.com/calls"
_SIP_USER = r"^[A-Za-z0-9_.!~*'()&=+$,?/%-]+$"


def _number(text: str) -> str:
    try:
        return parse_number(text)
    except PhoneNumberInvalid:
        raise mistake("not a valid phone number", 'a number such as "+12015550101"') from None


def _url(text: str) -> str:
    try:
        customer_url(text)
    except UrlRefused as error:
        reason = str(error).removeprefix("refused by the guard: ")
        raise mistake(f"not a URL that post-backs can be sent to: {reason}", _URL_EXPECTED) from None
    return text


def _sound_id(text: str) -> str:
    if _SOUND_ID.fullmatch(text.strip()) is None:
        raise mistake("not a valid sound id", "the name of a sound file without its ending")
    return sound_name(text)


def _destination(text: object) -> Destination:
    if isinstance(text, Destination):
        return text
    if not isinstance(text, str):
        raise mistake("not a valid destination", 'text such as "sys:hangup"')
    try:
        return Destination.parse(text)
    except DestinationInvalid as error:
        raise mistake("this leads nowhere", str(error).removeprefix("expected ")) from None


def _choice_keys(keys: str) -> str:
    if keys in ("t", "i"):
        raise mistake(f'"{keys}" is not a digit', "no_input:" if keys == "t" else "wrong_choice:")
    if CHOICE_KEYS.fullmatch(keys) is None:
        raise mistake("a choice is made by digits", "one to ten of 0-9, * and #")
    return keys


def _dtmf(text: str) -> str:
    digits = text.replace(" ", "").replace("W", "w")
    digits = re.sub("[a-d]", lambda match: match.group().upper(), digits)
    if DTMF_DIGITS.fullmatch(digits) is None:
        raise mistake("not digits that can be sent", "1 to 100 of 0-9, A-D, *, #, and w for half a second of pause")
    return digits


def _host(text: str) -> str:
    if "%" in text:  # an IPv6 zone, behind which ipaddress lets anything stand
        raise mistake("not a valid host", "an address without a zone")
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        if HOST_NAME.fullmatch(text) is None:
            raise mistake("not a valid host", "a host name or an IP address, without a port") from None
        return text.lower()


def _network(text: str) -> str:
    if "%" in text:
        raise mistake("not a valid network", "an address or network without a zone")
    try:
        network = ipaddress.ip_network(text, strict=False)
        return str(network.network_address) if network.num_addresses == 1 else str(network)
    except ValueError:
        return _host(text)


def is_wide(network: str) -> bool:
    """Whether a trunk's `match` covers more of the Internet than a carrier has in one place."""
    try:
        found = ipaddress.ip_network(network)
    except ValueError:
        return False
    return not found.is_private and found.prefixlen < (16 if found.version == 4 else 29)


def _prefix(text: str) -> str:
    if re.fullmatch(r"\+[0-9]{0,15}", text) is None:
        raise mistake("not a valid number prefix", '"+" and the first digits, such as "+1"; "+" alone is every number')
    return text


def listed(value: Any) -> Any:
    """A text alone is a list of one."""
    return [value] if isinstance(value, str) else value


def unique(values: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    """The values, none of which may stand there twice."""
    given = values or ()
    for index, value in enumerate(given):
        if value in given[:index]:
            raise mistake("this stands in the list already", at=(index,))
    return values


Number = Annotated[str, AfterValidator(_number)]
Url = Annotated[str, AfterValidator(_url)]
SoundId = Annotated[str, AfterValidator(_sound_id)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
MenuName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Description = Annotated[str, Field(max_length=200)]
FilePath = Annotated[str, Field(min_length=1, max_length=1000)]
Where = Annotated[Destination, BeforeValidator(_destination)]
SpokenText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5000)]


class DidEntry(Declaration):
    """`dids:` one phone number."""

    voice: Name | None = None
    sms: Name | None = None
    script: FilePath | None = None
    ivr: MenuName | None = None
    sequence: MenuName | None = None
    status_post_url: Url | None = None
    announcement: SoundId | None = None
    sms_trunk: Name | None = None
    texts_per_minute: Annotated[int, Field(ge=1, le=100_000)] | None = None
    texts_per_day: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    description: Description = ""


class IvrEntry(Declaration):
    """`ivrs:` one menu."""

    recording: SoundId | None = None
    text: SpokenText | None = None
    timeout: Annotated[float, Field(ge=1, le=60)] = 5.0
    digit_timeout: Annotated[float, Field(ge=0.5, le=30)] = 3.0
    choices: Annotated[dict[Annotated[str, AfterValidator(_choice_keys)], Where], Field(min_length=1, max_length=1000)]
    repeat: Annotated[int, Field(ge=0, le=20)] = 2
    no_input: Where = HANG_UP
    wrong_choice: Where = HANG_UP
    language: Literal["en", "es", "fr"] = "en"


class TextEntry(Declaration):
    """The text message of a sequence's step."""

    sender: Annotated[Number, Field(alias="from")]
    recipient: Annotated[Number, Field(alias="to")]
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1600)]


class StepEntry(Declaration):
    """One step of a sequence: exactly one of `dtmf`, `recording` and `sms`."""

    dtmf: Annotated[str, AfterValidator(_dtmf)] | None = None
    tone_ms: Annotated[int, Field(ge=SHORTEST_TONE_MS, le=2000)] = SHORTEST_TONE_MS
    gap_ms: Annotated[int, Field(ge=20, le=2000)] = 100
    recording: SoundId | None = None
    sms: TextEntry | None = None


class SequenceEntry(Declaration):
    """`sequences:` steps, and what follows the last one."""

    steps: Annotated[tuple[StepEntry, ...], Field(min_length=1)]
    then: AfterSequence = AfterSequence.HANG_UP

    @model_validator(mode="before")
    @classmethod
    def _steps_alone(cls, value: Any) -> Any:
        return {"steps": value} if isinstance(value, list) else value


class PhoneEntry(Declaration):
    """`phones:` a SIP phone that registers."""

    password: Annotated[str, Field(min_length=12, max_length=100, pattern=r"^[!-~]+$")] | None = None
    number: Number | None = None
    media_encryption: Literal["none", "srtp"] = "none"
    label: Description = ""
    license_key: str | None = None


class TrunkEntry(Declaration):
    """`trunks:` a carrier."""

    host: Annotated[str, AfterValidator(_host)]
    port: Annotated[int, Field(ge=1, le=65535)] = 5060
    transport: Literal["udp", "tcp", "tls"] = "udp"
    media_encryption: Literal["none", "srtp"] = "none"
    username: Annotated[str, Field(min_length=1, max_length=100, pattern=_SIP_USER)] | None = None
    password: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[!-~]([ -~]*[!-~])?$")] | None = None
    registration: Annotated[bool, Field(alias="register")] = False
    match: Annotated[
        tuple[Annotated[str, AfterValidator(_network)], ...],
        BeforeValidator(listed),
        Field(max_length=100),
        AfterValidator(unique),
    ] = ()
    calls_per_second: Annotated[float, Field(gt=0, le=1000)] = 5.0
    channels: Annotated[int, Field(ge=1, le=10_000)] = 30
    check_seconds: Annotated[int, Field(ge=0, le=3600)] = 0
    prefixes: Annotated[
        tuple[Annotated[str, AfterValidator(_prefix)], ...],
        BeforeValidator(listed),
        Field(min_length=1, max_length=1000),
        AfterValidator(unique),
    ] = ("+",)
    number_format: Literal["e164", "plain", "national"] = "e164"
    did_from: Annotated[
        tuple[TextDidIn, ...], BeforeValidator(listed), Field(min_length=1, max_length=10), AfterValidator(unique)
    ] = (REQUEST_URI, "To", "P-Called-Party-ID")
    show_withheld: bool = False
    text_did_in: TextDidIn = REQUEST_URI
    texts_per_second: Annotated[float, Field(gt=0, le=10_000)] | None = None
