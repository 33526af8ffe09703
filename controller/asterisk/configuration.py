"""Asterisk's configuration files, made from values and the templates of asterisk-config/.

Every value is checked before it is written: whatever a name, a password or a host contains, it stays one value of one
line and can never become a line of its own.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from controller.asterisk.leg_log import NAME as LEG_LOG_NAME
from controller.errors import ConfigurationError
from controller.numbers import national_digits

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
MAILBOX = re.compile(r"[0-9]{1,20}@[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
NUMBER = re.compile(r"\+[0-9]{3,15}")
LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
HOST_NAME = re.compile(rf"(?=.{{1,253}}$){LABEL}(\.{LABEL})*\.?")
HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,79}")
BANNED_SECTION = "ringpost-banned"
BANNED_FILE = "pjsip_banned.conf"
SECTION_TYPES = frozenset(
    {"global", "system", "transport-udp", "transport-tcp", "transport-tls", "transport-ws", BANNED_SECTION}
)
BROWSER_CONTEXT, BROWSER_TEXT_CONTEXT = "ringpost-browser", "ringpost-text-browser"
"""Where the calls and the texts of telephones in browsers come in."""
BROWSER_PREFIX = "browser-"
"""What the names of their accounts begin with."""

Transport = Literal["udp", "tcp", "tls"]
MediaEncryption = Literal["none", "srtp"]


@dataclass(frozen=True, slots=True)
class SipPhone:
    """A telephone that registers with a password; its calls carry its number."""

    name: str
    password: str = field(repr=False)
    number: str | None = None
    """E.164; without one its calls carry its name."""
    media_encryption: MediaEncryption = "none"
    """srtp: calls without encrypted audio (SDES, RFC 4568) are refused."""
    mailbox: str = ""
    """Whose messages it shows to be waiting, as Asterisk names it: `101@acme`."""

    def __post_init__(self) -> None:
        _check_name("phone", self.name)
        _check_text(f"the password of phone {self.name}", self.password)
        if self.number is not None:
            _check_number(self.number)
        if self.mailbox:
            _check(f"The mailbox of phone {self.name}", self.mailbox, "digits@name", MAILBOX.fullmatch)


@dataclass(frozen=True, slots=True)
class SipTrunk:
    """A carrier: calls come from its addresses, and go to its host."""

    name: str
    host: str
    port: int = 0
    """0: what DNS says, or 5060."""
    username: str = ""
    """With a password: how we answer the carrier's challenge."""
    password: str = field(default="", repr=False)
    register: bool = False
    """Whether we register there, as carriers without a fixed address for us want it."""
    transport: Transport = "udp"
    sources: tuple[str, ...] = ()
    """Addresses, networks or host names that its calls come from; without any, its host."""
    check_seconds: int = 0
    """How often it is asked with OPTIONS whether it is there; 0: never."""
    media_encryption: MediaEncryption = "none"
    did_from: tuple[str, ...] = ("request-uri", "To", "P-Called-Party-ID")
    """Where our number stands in an INVITE: "request-uri", or the names of headers; the first that names one counts."""
    text_header: str = ""
    """The header of a text in which our number stands; empty: it is in the Request-URI."""

    def __post_init__(self) -> None:
        _check_name("trunk", self.name)
        _check_host(f"the host of trunk {self.name}", self.host)
        if not 0 <= self.port <= 65535:
            raise ConfigurationError(f"Trunk {self.name}: {self.port} is not a port number (1 to 65535).")
        for source in self.sources:
            _check_source(f"an address of trunk {self.name}", source)
        for place in self.did_from:
            _check(f"A place of numbers of trunk {self.name}", place, "a header's name", HEADER_NAME.fullmatch)
        if self.text_header:
            _check(f"The header of trunk {self.name}", self.text_header, "a header's name", HEADER_NAME.fullmatch)
        for what, text in (("username", self.username), ("password", self.password)):
            if text:
                _check_text(f"the {what} of trunk {self.name}", text)
        if self.register and not (self.username and self.password):
            raise ConfigurationError(f"Trunk {self.name} is to register, and has no username or no password.")
        if self.username and not re.fullmatch(r"[A-Za-z0-9_.!~*'()&=+$,?/%-]+", self.username):
            raise ConfigurationError(f"Trunk {self.name}: {self.username!r} cannot be the user of a SIP address.")

    @property
    def address(self) -> str:
        """Its SIP host with port and transport, as it stands behind the @ of a SIP URI."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port else ""
        return f"{host}{port}" + ("" if self.transport == "udp" else f";transport={self.transport}")

    @property
    def matches(self) -> tuple[str, ...]:
        return self.sources or (self.host,)


@dataclass(frozen=True, slots=True)
class AsteriskConfiguration:
    """Everything that Asterisk's files say."""

    etc_dir: Path
    module_dir: Path
    data_dir: Path
    var_dir: Path
    cache_dir: Path
    spool_dir: Path
    run_dir: Path
    log_dir: Path

    ari_username: str
    ari_password: str = field(repr=False)
    ami_username: str
    ami_password: str = field(repr=False)

    sip_host: str = "0.0.0.0"  # noqa: S104 (phones and carriers are elsewhere)
    sip_port: int = 5060
    tls_port: int = 0
    """Where SIP over TLS is taken; 0: nowhere."""
    certificate: Path | None = None
    """Ours, in PEM, with those between it and its authority."""
    certificate_key: Path | None = None
    certificate_authorities: Path | None = None
    """Whose certificates carriers must show, in PEM; None: theirs are not looked at."""
    external_address: str = ""
    """The address that carriers see when we are behind NAT."""
    local_networks: tuple[str, ...] = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    """Who is on this side of the NAT, and is told our own address."""
    media_address: str = ""
    """The address that our SDP names although we listen on all; empty: the one that the caller reached us at."""
    rtp_first: int = 10000
    rtp_last: int = 10199
    rtp_timeout_seconds: int = 1800
    """After so long without a packet a call is taken for dead; 0: never. Whoever is muted may send none."""
    listen: str = "127.0.0.1"
    """The address that ARI and AMI listen on."""
    http_port: int = 8088
    ami_port: int = 5038
    controller_address: str = "127.0.0.1"
    """Where this Asterisk reaches the controller."""
    hep_address: str = "127.0.0.1"
    """The same as an IP address, which is all that res_hep takes."""
    agi_port: int = 4573
    """The controller's TCP port that takes texts, by FastAGI."""
    hep_port: int = 0
    """The controller's UDP port that gets every SIP message as HEPv3; 0: none does."""
    text_secret: str = field(default="", repr=False)
    """What the dialplan proves itself with when it hands over a text."""

    browser_phones: bool = True
    """Whether browsers may be telephones, over the WebSocket of ARI's port."""

    entity_id: str = ""
    """What tells this Asterisk from others, in the form of a MAC address; empty: it takes one of the machine's."""
    application: str = "ringpost"
    lease_seconds: int = 90
    """How long a call stays with a controller that is not heard of any more."""
    wait_for_controller_seconds: int = 10
    """How long a new call rings when no controller is connected, before it hears the announcement."""
    announcement: str = "ringpost/unavailable"
    """The sound for a call that nobody answers for; a file below the data directory's sounds/."""

    phones: tuple[SipPhone, ...] = ()
    trunks: tuple[SipTrunk, ...] = ()
    numbers: frozenset[str] = frozenset()
    """Our numbers that take calls, E.164."""
    text_numbers: frozenset[str] = frozenset()
    """Our numbers that take texts, E.164."""

    def __post_init__(self) -> None:
        for number in self.numbers | self.text_numbers:
            _check_number(number)
        names = [phone.name for phone in self.phones] + [trunk.name for trunk in self.trunks]
        reserved = {name for name in names if name in SECTION_TYPES or name.startswith(BROWSER_PREFIX)}
        twice = sorted(reserved | {name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigurationError(f"A phone or trunk cannot be called {', '.join(twice)}: the name is taken.")
        _check_host("the SIP host", self.sip_host)
        _check_host("the controller's address", self.controller_address)
        _check("The address for mirrored SIP", self.hep_address, "an IP address", _is_address)
        for what, host in (("the external address", self.external_address), ("the address", self.media_address)):
            if host:
                _check_host(what, host)
        for network in self.local_networks:
            _check_source("a local network", network)
        _check("The address of ARI and AMI", self.listen, "an IP address", _is_address)
        for what in ("ari_username", "ari_password", "ami_username", "ami_password", "application", "announcement"):
            _check_text(what, getattr(self, what))
        if self.entity_id:
            _check("The entity id", self.entity_id, "of the form 02:00:00:00:00:01", _is_entity_id)
        self._check_tls()
        for what in ("etc_dir", "module_dir", "data_dir", "var_dir", "cache_dir", "spool_dir", "run_dir", "log_dir"):
            _check_text(what, str(getattr(self, what)))

    def _check_tls(self) -> None:
        if self.tls_port and not (self.certificate and self.certificate_key):
            raise ConfigurationError("SIP over TLS needs a certificate and its key.")
        for file in (self.certificate, self.certificate_key, self.certificate_authorities):
            if file is not None:
                _check_text("the path of a certificate", str(file))
        if not self.tls_port and any(trunk.transport == "tls" for trunk in self.trunks):
            raise ConfigurationError("A trunk over TLS needs `sip: {tls_port: …}`.")

    @property
    def dialled_numbers(self) -> list[str]:
        """Each of our numbers in every form in which a carrier or a phone may dial it."""
        return _written_forms(self.numbers)

    @property
    def texted_numbers(self) -> list[str]:
        """The same of our numbers that take texts."""
        return _written_forms(self.text_numbers)

    @property
    def encrypts_media(self) -> bool:
        """Whether anybody's audio is encrypted."""
        wanted = {phone.media_encryption for phone in self.phones} | {trunk.media_encryption for trunk in self.trunks}
        return "srtp" in wanted

    @property
    def manager_networks(self) -> tuple[str, ...]:
        """Who may log in at AMI: this machine or, when that is not where AMI listens, private networks (RFC 1918)."""
        if ipaddress.ip_address(self.listen).is_loopback:
            return ("127.0.0.0/8",)
        return ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")

    @property
    def media_host(self) -> str:
        """The address that stands in our SDP; empty when it depends on the caller."""
        return self.media_address if self.sip_host in ("0.0.0.0", "::") else self.sip_host  # noqa: S104


def render(configuration: AsteriskConfiguration, template_dir: Path, target_dir: Path) -> list[Path]:
    """Write every template's file into `target_dir`, and give those that differ from what was there.

    Each file is replaced in one step, readable by its owner only. ConfigurationError when it cannot be written.
    """
    environment = Environment(
        loader=FileSystemLoader(template_dir),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 (not HTML: the filters below are what makes values safe here)
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_finalize,
    )
    values: dict[str, Any] = {part.name: getattr(configuration, part.name) for part in fields(configuration)}
    values["banned_file"] = BANNED_FILE
    values["leg_log_name"] = LEG_LOG_NAME
    for derived in ("encrypts_media", "media_host", "dialled_numbers", "texted_numbers", "manager_networks"):
        values[derived] = getattr(configuration, derived)
    changed = []
    try:
        target_dir.mkdir(parents=True, exist_ok=True)
        for template in sorted(template_dir.glob("*.j2")):
            text = environment.get_template(template.name).render(values)
            target = target_dir / template.name.removesuffix(".j2")
            if _replace(target, text):
                changed.append(target)
    except OSError as error:
        raise ConfigurationError(f"Asterisk's configuration cannot be written: {error}") from error
    return changed


def _replace(target: Path, text: str) -> bool:
    data = text.encode()
    try:
        if target.read_bytes() == data:
            return False
    except FileNotFoundError:
        pass
    fresh = target.with_name(target.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    fresh.replace(target)
    return True


def _finalize(value: object) -> object:
    """What `{{ value }}` writes: a semicolon would begin a comment, everything else is safe after the checks."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).replace(";", "\\;") if isinstance(value, str | Path) else value


def _written_forms(numbers: frozenset[str]) -> list[str]:
    """Each number with a plus, as bare digits, as at home, and with the prefixes by which it is dialled from abroad."""
    forms: set[str] = set()
    for number in numbers:
        digits = number[1:]
        forms |= {number, digits, national_digits(number), f"00{digits}", f"011{digits}"}
    return sorted(forms)


def _check(what: str, text: str, expected: str, test: Callable[[str], object]) -> None:
    if not test(text):
        raise ConfigurationError(f"{what} cannot be {text!r}: it must be {expected}.")


def _check_name(what: str, text: str) -> None:
    _check(f"The name of a {what}", text, "letters, digits, dots, hyphens and underscores", NAME.fullmatch)


def _check_number(text: str) -> None:
    _check("A number", text, "E.164, such as +12015550101", NUMBER.fullmatch)


def _check_text(what: str, text: str) -> None:
    if not text or not text.isprintable() or text != text.strip():
        raise ConfigurationError(f"{what} must be printable characters, without blanks at its ends.")


def _check_host(what: str, text: str) -> None:
    _check(what, text, "a host name or an IP address", lambda host: _is_address(host) or HOST_NAME.fullmatch(host))


def _check_source(what: str, text: str) -> None:
    _check(what, text, "an address, a network or a host name", lambda it: _is_network(it) or HOST_NAME.fullmatch(it))


def _is_address(text: str) -> bool:
    return _parses(ipaddress.ip_address, text)


def _is_entity_id(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", text) is not None


def _is_network(text: str) -> bool:
    return _parses(ipaddress.ip_network, text)


def _parses(parse: Callable[[str], object], text: str) -> bool:
    if "%" in text:  # an IPv6 zone, behind which ipaddress lets anything stand
        return False
    try:
        parse(text)
    except ValueError:
        return False
    return True
