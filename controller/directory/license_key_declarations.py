"""What the YAML may say about a licence key: its keys, their kinds and their defaults.

What the operator stores about a key (`stored_keys.py`) is read by the same.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from controller.config_file.validation import Declaration, mistake
from controller.directory.api_access import ApiAccess, address_pattern
from controller.directory.calling_hours import CallingHours
from controller.directory.declarations import Description, FilePath, Number, Url, listed, unique
from controller.directory.dialer_declarations import DialerEntry
from controller.directory.limit_declarations import LimitsEntry
from controller.directory.snapshot import DEFAULT_ZONE, LicenseKey, Product, canonical_guid
from controller.directory.text_declarations import QuietHoursEntry, TextsEntry
from controller.script.commands.kinds import EMAIL


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise mistake("there is no time zone of this name", "one such as America/New_York") from None
    return text


def _guid(text: str) -> str:
    guid = canonical_guid(text)
    if guid is None:
        raise mistake("not a valid licence key", "a GUID, or no `key` at all: then one is made")
    return guid


def _webhook_secret(text: str) -> str:
    try:
        length = len(base64.b64decode(text.removeprefix("whsec_"), validate=True))
    except (binascii.Error, ValueError):
        length = 0
    if not 24 <= length <= 64:
        raise mistake("not a valid signing secret", "whsec_ and 24 to 64 random bytes in base64")
    return text


def _opened(text: str) -> str:
    """A country or a prefix that a key may call."""
    if re.fullmatch(r"\+[1-9][0-9]{0,14}", text):
        return text
    if text.upper() in phonenumbers.SUPPORTED_REGIONS:
        return text.upper()
    raise mistake(
        "not a valid destination of calls", 'a country by its two letters, such as "CA", or a prefix such as "+1876"'
    )


def _mail_to(text: str) -> str:
    """An address that a key's scripts may have mails sent to, or all of a domain."""
    whole = text if not text.startswith("@") else f"x{text}"
    if EMAIL.read(whole) is None:
        raise mistake("not a valid mail address", '"ops@example.com", or "@example.com" for the whole domain')
    return text.lower()


def _address_pattern(text: str) -> str:
    pattern = address_pattern(text)
    if pattern is None:
        raise mistake("not an address", 'an address, a network, "203.0.113.*", a host name, or 0.0.0.0 for any')
    return pattern


def _switched(value: Any) -> Any:
    """`true` is a mapping of defaults, `false` none."""
    if value in ("false", False):
        return None
    return {} if value in ("true", True) else value


class VoipmsEntry(Declaration):
    """`voipms:` of a licence key: how its programs log in to the VoIP.ms interface."""

    username: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] = ""
    password: Annotated[str, Field(min_length=8, max_length=200)] = ""
    addresses: Annotated[
        tuple[Annotated[str, AfterValidator(_address_pattern)], ...],
        BeforeValidator(listed),
        Field(max_length=100),
        AfterValidator(unique),
    ] = ()
    requests_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    texts_per_day: Annotated[int, Field(ge=0, le=10_000_000)] = 100

    def access(self) -> ApiAccess:
        """The same as a value."""
        return ApiAccess(
            self.username, self.password, True, self.addresses, self.requests_per_minute, self.texts_per_day
        )


class CallingHoursEntry(QuietHoursEntry):
    """`calling_hours:` of a licence key."""

    otherwise: Literal["wait", "refuse"] = "wait"

    @property
    def hours(self) -> CallingHours:
        """The same as a value."""
        return CallingHours(self.window(), self.otherwise == "refuse")


class LicenseKeyEntry(Declaration):
    """`license_keys:` a customer's key."""

    was: str | None = None
    key: Annotated[str, AfterValidator(_guid)] | None = None
    products: Annotated[tuple[Product, ...], BeforeValidator(listed), Field(min_length=1), AfterValidator(unique)] = (
        "phone",
        "sms",
    )
    status_post_url: Url | None = None
    sounds: FilePath | None = None
    webhook_secrets: Annotated[
        tuple[Annotated[str, AfterValidator(_webhook_secret)], ...],
        BeforeValidator(listed),
        Field(max_length=2),
        AfterValidator(unique),
    ] = ()
    max_calls: Annotated[int, Field(ge=1, le=100_000)] | None = None
    calls_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 3000
    destinations: Annotated[
        tuple[Annotated[str, AfterValidator(_opened)], ...] | None,
        BeforeValidator(listed),
        Field(max_length=1000),
        AfterValidator(unique),
    ] = None
    transfers: Literal["checked", "open"] = "checked"
    caller_ids: (
        Literal["any"]
        | Annotated[tuple[Number, ...], BeforeValidator(listed), Field(max_length=1000), AfterValidator(unique)]
    ) = ()
    voipms: VoipmsEntry | bool = True
    mail_to: Annotated[
        tuple[Annotated[str, AfterValidator(_mail_to)], ...],
        BeforeValidator(listed),
        Field(max_length=100),
        AfterValidator(unique),
    ] = ()
    texts: TextsEntry = Field(default_factory=TextsEntry)
    dialer: DialerEntry = Field(default_factory=DialerEntry)
    calling_hours: Annotated[CallingHoursEntry | None, BeforeValidator(_switched)] = None
    limits: LimitsEntry = Field(default_factory=LimitsEntry)
    suspended: bool = False
    demo: bool = False
    time_zone: Annotated[str, AfterValidator(_zone)] = DEFAULT_ZONE
    description: Description = ""

    @property
    def api(self) -> ApiAccess:
        """How its programs log in to interfaces with user names."""
        if isinstance(self.voipms, bool):
            return ApiAccess(enabled=self.voipms)
        return self.voipms.access()

    @property
    def countries(self) -> frozenset[str] | None:
        """The countries among its destinations; None where the key's own numbers say them."""
        if self.destinations is None:
            return None
        return frozenset(each for each in self.destinations if not each.startswith("+"))

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The prefixes among its destinations."""
        return tuple(each for each in self.destinations or () if each.startswith("+"))

    def license_key(self, name: str) -> LicenseKey:
        """What it declares; a key that it leaves out is empty."""
        return LicenseKey(
            name=name,
            key=self.key or "",
            products=frozenset(self.products),
            status_post_url=self.status_post_url,
            webhook_secrets=self.webhook_secrets,
            max_calls=self.max_calls,
            calls_per_minute=self.calls_per_minute,
            countries=self.countries,
            prefixes=self.prefixes,
            open_transfers=self.transfers == "open",
            caller_ids=frozenset() if self.caller_ids == "any" else frozenset(self.caller_ids),
            any_caller_id=self.caller_ids == "any",
            api=self.api,
            mail_to=frozenset(self.mail_to),
            calling_hours=self.calling_hours.hours if self.calling_hours else None,
            texts=self.texts.settings(),
            dialer=self.dialer.settings(),
            limits=self.limits.of_demo if self.demo else self.limits.limits,
            suspended=self.suspended,
            demo=self.demo,
            time_zone=self.time_zone,
            description=self.description,
        )
