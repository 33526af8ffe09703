"""The directory at one moment: who owns what, checked and complete. Immutable; every look-up is one in memory."""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from controller.directory.api_access import ApiAccess
from controller.directory.calling_hours import CallingHours
from controller.directory.destinations import Destinations, countries_of
from controller.directory.dialer_settings import DialerSettings
from controller.directory.did_settings import UNSET, DidSettings
from controller.directory.text_settings import TextSettings
from controller.directory.usage_limits import UsageLimits
from controller.errors import Mistake
from controller.ivr.model import Ivr, Sequence
from controller.numbers import network_number
from controller.script.commands.kinds import sound_name
from controller.script.program import Program

# What the vendor's samples send instead of a licence key.
DEMO_KEY = "0"
Product = Literal["phone", "sms", "dialer"]
# Those that calls are placed for.
CALLING_PRODUCTS: frozenset[Product] = frozenset({"phone", "dialer"})
DEFAULT_ZONE = "America/New_York"
"""The zone of VoIP.ms, which its clients expect."""


@dataclass(frozen=True, slots=True)
class LicenseKey:
    """One customer: `key` (a GUID) is what the customer's programs send. `name` is for logs and the store, and never
    changes: it is the name under which the key was first declared. `declared_as` is its name in the YAML, if another.

    `max_calls`: calls at one time, None without a limit. `calls_per_minute`: how fast its outgoing calls are placed.
    `countries` and `prefixes`: what it may call (`Destinations`); countries of None are those of its own numbers.
    `open_transfers`: its scripts may transfer to a number that a caller or a queried server names.
    `caller_ids`: numbers that its calls may show besides its own and those of our phones; `any_caller_id`: any number.
    `webhook_secrets`: post-backs are signed with each of them (two while one replaces the other), none without one.
    `time_zone`: of its time conditions, by its name in the tz database.
    `api`: how its programs log in to interfaces with user names, and from where.
    `mail_to`: the addresses ("ops@example.com") and domains ("@example.com") that its scripts may have mails sent to.
    `calling_hours`: when its calls may ring, None for any time. `limits`: what it may use. `texts`: its keywords, quiet
    hours and the like. `dialer`: how its messages are delivered. `suspended`: its programs can send no texts; others
    reach it. `demo`: programs of Phone Notify! may send `0` instead of the key. `kept_digest`: of a key that is in the
    store, which keeps no `key`; see `key_digest`.
    """

    name: str
    key: str = field(repr=False)
    products: frozenset[Product]
    status_post_url: str | None = None
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    max_calls: int | None = None
    calls_per_minute: int = 3000
    countries: frozenset[str] | None = None
    prefixes: tuple[str, ...] = ()
    open_transfers: bool = False
    caller_ids: frozenset[str] = frozenset()
    any_caller_id: bool = False
    api: ApiAccess = field(default_factory=ApiAccess)
    time_zone: str = DEFAULT_ZONE
    mail_to: frozenset[str] = frozenset()
    texts: TextSettings = field(default_factory=TextSettings)
    dialer: DialerSettings = field(default_factory=DialerSettings)
    calling_hours: CallingHours | None = None
    limits: UsageLimits = field(default_factory=UsageLimits)
    suspended: bool = False
    demo: bool = False
    description: str = ""
    declared_as: str = ""
    kept_digest: bytes = field(default=b"", repr=False)

    @property
    def digest(self) -> bytes:
        """What the key is compared by, whoever keeps it."""
        return self.kept_digest or key_digest(self.key)

    def may_mail(self, address: str) -> bool:
        """Whether its scripts may have mails sent to this address."""
        _, at, domain = address.lower().rpartition("@")
        return address.lower() in self.mail_to or at + domain in self.mail_to

    @property
    def shown_name(self) -> str:
        """The key's name in the YAML."""
        return self.declared_as or self.name

    @property
    def places_calls(self) -> bool:
        """Whether it has a product that calls are placed for."""
        return not CALLING_PRODUCTS.isdisjoint(self.products)

    @property
    def dialer_user(self) -> str:
        """Who its programs of the Dialer say that they are."""
        return self.dialer.user or self.shown_name


@dataclass(frozen=True, slots=True)
class Did:
    """One phone number of ours: `voice` and `sms` are the keys that own its calls and its texts.

    `program` is the compiled incoming call script of `script_source`, read from `script_file`, or of the `ivr`; None
    where the YAML has neither. `announcement` plays the sound that replaces the announcement of a number for texts
    only, or of a voice number without script. `status_post_url` is the number's own; without one the key's counts.
    `sms_trunk`: the trunk that its texts go through; None for the one whose prefix fits best. `texts_per_minute`,
    `texts_per_day`: sent in any such time at most, None without a limit. `granted`: its owners took it from the stock.
    `settings`: what its owner's programs set.
    """

    number: str
    voice: LicenseKey | None = None
    sms: LicenseKey | None = None
    script_file: Path | None = None
    script_source: str | None = field(default=None, repr=False)
    program: Program | None = field(default=None, repr=False)
    ivr: Ivr | None = None
    status_post_url: str | None = None
    announcement: Program | None = field(default=None, repr=False)
    sms_trunk: str | None = None
    texts_per_minute: int | None = None
    texts_per_day: int | None = None
    description: str = ""
    granted: bool = False
    settings: DidSettings = field(default=UNSET, repr=False)

    @property
    def owners(self) -> frozenset[str]:
        """The names of the keys that have its calls or its texts."""
        return frozenset(each.name for each in (self.voice, self.sms) if each)

    @property
    def records_calls(self) -> bool:
        """Whether its calls are recorded, for the key that has them."""
        return self.voice is not None and self.settings.record_calls == "1"


@dataclass(frozen=True, slots=True)
class Phone:
    """A SIP phone that registers as `name`. `number` (E.164) is where it is called, and its caller id.
    `media_encryption`: srtp if its calls without encrypted audio are refused; so it is of trunks. `owner`: the key
    whose it is, by its name in the store; empty: every key may lead calls to it. `caller_id` (E.164): what its calls
    show where it has no number. `entry_id`: of the entry by which a customer made it; 0: the YAML states it.
    `records_calls`: whether its calls are recorded, for its owner. `mailbox`: whose messages it shows to be waiting, by
    the digits that its owner chose; empty for none.
    """

    name: str
    password: str = field(repr=False)
    number: str | None = None
    label: str = ""
    media_encryption: Literal["none", "srtp"] = "none"
    owner: str = ""
    caller_id: str = ""
    entry_id: int = 0
    records_calls: bool = False
    mailbox: str = ""

    def belongs_to(self, key_name: str) -> bool:
        """Whether a key may lead calls and texts to it."""
        return self.owner in ("", key_name)


@dataclass(frozen=True, slots=True)
class Trunk:
    """A carrier's SIP server, through which calls and texts to the telephone network go in and out.

    `match`: addresses and networks whose SIP is taken as this trunk's. `calls_per_second` and `channels` bound the
    outgoing calls. `check_seconds`: how often it is asked by OPTIONS whether it is there; 0: never. `prefixes`: the
    E.164 prefixes of the numbers called through it, the longest match of all trunks counts; "+" is all.
    `number_format`: how it wants the called number, as "+12015550101" (e164), "12015550101" (plain) or "2015550101"
    (national). `did_from`: where our number stands in a call that comes in, "request-uri" or names of headers, the
    first that names one of ours counts. `show_withheld`: a caller's number is taken although the caller wants it
    withheld. `text_did_in`: where our number stands in a text that comes in, "request-uri" or the name of a header.
    `texts_per_second`: sent through it in any second at most, None without a limit.
    """

    name: str
    host: str
    port: int = 5060
    transport: Literal["udp", "tcp", "tls"] = "udp"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    register: bool = False
    match: tuple[str, ...] = ()
    calls_per_second: float = 5.0
    channels: int = 30
    check_seconds: int = 0
    prefixes: tuple[str, ...] = ("+",)
    number_format: Literal["e164", "plain", "national"] = "e164"
    did_from: tuple[str, ...] = ("request-uri", "To", "P-Called-Party-ID")
    show_withheld: bool = False
    text_did_in: str = "request-uri"
    texts_per_second: float | None = None
    media_encryption: Literal["none", "srtp"] = "none"


@dataclass(frozen=True, slots=True)
class ScriptFile:
    """A call script that a file of the administrator holds, compiled."""

    file: Path
    source: str = field(repr=False)
    program: Program = field(repr=False)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that the YAML declares. The mappings are read-only, in the order of the file.

    `license_keys` are by the name in the store. `scripts` are by the path as the YAML writes it, for destinations of
    `script:`. `sounds` are by the key's name in the store and the sound's id. `warnings` are what the checker found
    without refusing it.
    """

    license_keys: Mapping[str, LicenseKey] = field(default_factory=dict)
    dids: Mapping[str, Did] = field(default_factory=dict)
    ivrs: Mapping[str, Ivr] = field(default_factory=dict)
    sequences: Mapping[str, Sequence] = field(default_factory=dict)
    phones: Mapping[str, Phone] = field(default_factory=dict)
    trunks: Mapping[str, Trunk] = field(default_factory=dict)
    scripts: Mapping[str, ScriptFile] = field(default_factory=dict)
    sounds: Mapping[str, Mapping[str, Path]] = field(default_factory=dict)
    warnings: tuple[Mistake, ...] = ()
    _destinations: Mapping[str, Destinations] = field(init=False, repr=False, compare=False)
    _keys_by_digest: Mapping[bytes, LicenseKey] = field(init=False, repr=False, compare=False)
    _keys_by_login: Mapping[str, LicenseKey] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("license_keys", "dids", "ivrs", "sequences", "phones", "trunks", "scripts"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        sounds = {name: MappingProxyType(dict(paths)) for name, paths in self.sounds.items()}
        object.__setattr__(self, "sounds", MappingProxyType(sounds))
        own = numbers_inside(self.dids, self.phones)
        object.__setattr__(self, "_destinations", destinations_by_key(self.license_keys, self.dids, own))
        # Of two, which the checker refuses in the YAML, the first one counts.
        keys = tuple(self.license_keys.values())[::-1]
        object.__setattr__(self, "_keys_by_digest", {key.digest: key for key in keys})
        logins = {(key.api.username or key.shown_name).lower(): key for key in keys}
        object.__setattr__(self, "_keys_by_login", logins)

    def did(self, e164: str) -> Did | None:
        """The DID of a number, None when it is not one of ours."""
        return self.dids.get(e164)

    def did_called(self, written: str) -> Did | None:
        """The DID that a caller's network named, in whatever form it writes numbers; None when it is not one of ours.

        E.164 digits are held against the DIDs before North America is assumed.
        """
        number = network_number(written)
        return self.dids.get("+" + written.strip().lstrip("+")) or (self.dids.get(number) if number else None)

    def license_key(self, name: str) -> LicenseKey | None:
        """The key that the store knows under `name`."""
        return self.license_keys.get(name)

    def key_declared_as(self, name: str) -> LicenseKey | None:
        """The key that the YAML declares under `name`."""
        return next((key for key in self.license_keys.values() if key.shown_name == name), None)

    def stored_name(self, name: str) -> str:
        """Under which name the store knows the key that the YAML declares under `name`; `name` itself for no key."""
        key = self.key_declared_as(name)
        return key.name if key else name

    def shown_name(self, stored_name: str) -> str:
        """What the YAML calls a key of the store; `stored_name` itself for one that it does not declare any more."""
        key = self.license_keys.get(stored_name)
        return key.shown_name if key else stored_name

    def destinations(self, key_name: str) -> Destinations:
        """What a key may call; nothing but our own numbers for a name that is no key's."""
        return self._destinations.get(key_name) or Destinations(frozenset())

    def may_show(self, key_name: str, number: str) -> bool:
        """Whether calls of a key may show this number (E.164): one of its own, of our phones, or verified for it."""
        key, did = self.license_keys.get(key_name), self.dids.get(number)
        if key is None or key.any_caller_id or number in key.caller_ids:
            return key is not None
        owners = {each.name for each in (did.voice, did.sms) if each} if did else set()
        phone = self.phone_by_number(number)
        return key_name in owners or (phone is not None and phone.belongs_to(key_name))

    @property
    def demo_key(self) -> LicenseKey | None:
        """The key that programs of Phone Notify! try as `0`; None while there is none."""
        return next((key for key in self.license_keys.values() if key.demo), None)

    def key_by_value(self, value: str) -> LicenseKey | None:
        """The key that a customer's program sent: a GUID, in any of its spellings. None for every other text."""
        canonical = canonical_guid(value)
        return self._keys_by_digest.get(key_digest(canonical)) if canonical else None

    def key_by_login(self, username: str) -> LicenseKey | None:
        """The key that a user name logs in for, in any case: its own, else its name, which may have a host behind it.

        VoIP.ms's users are e-mail addresses, and some of its clients take nothing else.
        """
        given = username.strip().lower()
        key = self._keys_by_login.get(given)
        if key is None and (key := self._keys_by_login.get(given.partition("@")[0])) and key.api.username:
            return None
        return key

    def key_by_dialer_login(self, user: str, password: str) -> LicenseKey | None:
        """The key with the product `dialer` that a program logged in for; None for a wrong user or password."""
        name = user.strip().casefold()
        for key in self.license_keys.values():
            if "dialer" not in key.products or key.dialer_user.casefold() != name:
                continue
            own = key_digest(key.dialer.password) if key.dialer.password else key.digest
            canonical = None if key.dialer.password else canonical_guid(password)
            if own == key_digest(password if canonical is None else canonical):
                return key
        return None

    def sound(self, key_name: str, sound_id: str) -> Path | None:
        """The audio file behind a sound id (in any case) of a key, None when the key has no such sound."""
        return self.sounds.get(key_name, {}).get(sound_name(sound_id))

    def phone_of(self, key_name: str, name: str) -> Phone | None:
        """The phone of this name that a key may lead calls and texts to."""
        phone = self.phones.get(name)
        return phone if phone and phone.belongs_to(key_name) else None

    def phones_of(self, key_name: str) -> list[Phone]:
        """All phones that a key may lead calls and texts to."""
        return [phone for phone in self.phones.values() if phone.belongs_to(key_name)]

    def phone_by_number(self, e164: str) -> Phone | None:
        """The phone that has this number."""
        return next((phone for phone in self.phones.values() if phone.number == e164), None)

    def trunk_for(self, e164: str) -> Trunk | None:
        """The trunk for calls to a number: the one with the longest matching prefix, the first among equals."""
        return next(iter(self.trunks_for(e164)), None)

    def trunks_for(self, e164: str) -> list[Trunk]:
        """All trunks that lead to a number, those with the longest matching prefix first."""
        lengths = {
            trunk.name: max((len(prefix) for prefix in trunk.prefixes if e164.startswith(prefix)), default=0)
            for trunk in self.trunks.values()
        }
        leading = [trunk for trunk in self.trunks.values() if lengths[trunk.name]]
        return sorted(leading, key=lambda trunk: -lengths[trunk.name])


def numbers_inside(dids: Mapping[str, Did], phones: Mapping[str, Phone]) -> frozenset[str]:
    """Every number (E.164) that is reached without a trunk."""
    return frozenset({*dids, *(phone.number for phone in phones.values() if phone.number)})


def destinations_by_key(
    keys: Mapping[str, LicenseKey], dids: Mapping[str, Did], own: Set[str]
) -> dict[str, Destinations]:
    """The destinations of each key, by its name. own: every number that is reached inside (E.164)."""
    numbers: defaultdict[str, list[str]] = defaultdict(list)
    for did in dids.values():
        for owner in {each.name for each in (did.voice, did.sms) if each}:
            numbers[owner].append(did.number)
    found = {}
    for name, key in keys.items():
        countries = countries_of(numbers[name]) if key.countries is None else key.countries
        found[name] = Destinations(countries, key.prefixes, key.open_transfers, own)
    return found


def key_digest(key: str) -> bytes:
    """What licence keys and passwords are compared by: how long a comparison takes tells nothing of them."""
    return hashlib.sha256(key.encode(errors="replace")).digest()


def canonical_guid(text: str) -> str | None:
    """A GUID in lower case with hyphens, from the spellings that are about (braces, upper case, no hyphens)."""
    if len(text) > 64:
        return None
    try:
        return str(uuid.UUID(text.strip()))
    except ValueError:
        return None
