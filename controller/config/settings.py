"""The process's own settings: the sections of the admin YAML that are about the service, and the environment.

The environment wins where both say something: RINGPOST_HTTP_PORT over `http: {port: …}` and so on, DATABASE_URL for the
database, RINGPOST_STATE for the state directory, RINGPOST_TOOLS for the unpacked tools (otherwise in there).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import AfterValidator, Field

from controller.asterisk.configuration import HOST_NAME
from controller.config.environment import lay_over
from controller.config.line_type_settings import LineTypesSection
from controller.config_file.document import Document
from controller.config_file.validation import Declaration, mistake, read_section
from controller.egress.addresses import parse_address, parse_opening
from controller.errors import ConfigurationError
from controller.metering.price_section import SECTION as PRICES
from controller.script.commands.kinds import EMAIL
from controller.speech.quota import DEFAULT_MEGABYTES
from controller.store.addresses import usable_address

_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
# What is wider holds private networks of all kinds: no installation has one such.
_WIDEST_V4, _WIDEST_V6 = 8, 16
_METADATA = ip_network("169.254.0.0/16")
Port = Annotated[int, Field(ge=1, le=65535)]


def _network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:
        raise mistake("not a valid network", "an address range such as 192.168.1.0/24") from None
    return text


def _address(text: str) -> str:
    try:
        ip_address(text)
    except ValueError:
        raise mistake("not a valid IP address", "an IP address such as 127.0.0.1") from None
    return text


def _controller_address(text: str) -> str:
    if HOST_NAME.fullmatch(text) is None and _address(text):
        raise mistake("this is no address", "a host name or an IP address, without a port")
    return text


def _public_url(text: str) -> str:
    if text and re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", text, re.IGNORECASE) is None:
        raise mistake("not a valid URL", "an address such as https://ringpost.example.com")
    return text.rstrip("/")


def _opening(text: str) -> str:
    try:
        parse_opening(text)
    except ValueError:
        expected = "an address with a port such as 10.1.2.3:8080, or a range such as 10.1.2.0/24"
        raise mistake("not a valid network", expected) from None
    return text


Network = Annotated[str, AfterValidator(_network)]


class ServiceSection(Declaration):
    """`service:` what belongs to the whole."""

    state_dir: str = ".ringpost"
    application: Annotated[str, Field(pattern=r"^([a-z][a-z0-9-]{0,30})?$")] = ""
    lease_seconds: Annotated[int, Field(ge=3, le=600)] = 90
    wait_for_controller_seconds: Annotated[int, Field(ge=0, le=120)] = 10


class SipSection(Declaration):
    """`sip:` where phones and trunks reach an Asterisk that is configured from here."""

    host: str = "0.0.0.0"  # noqa: S104 (phones are elsewhere; nobody gets in without a password)
    port: Port = 5060
    rtp_first: Port = 10000
    rtp_last: Port = 10199
    rtp_timeout_seconds: Annotated[int, Field(ge=0, le=86_400)] = 1800
    external_address: str = ""
    tls_port: Annotated[int, Field(ge=0, le=65535)] = 0
    certificate: str = ""
    certificate_key: str = ""
    certificate_authorities: Annotated[str, Field(min_length=1)] = "system"
    ban_after: Annotated[int, Field(ge=0, le=1000)] = 10
    ban_minutes: Annotated[float, Field(gt=0, le=10_080)] = 60.0
    never_ban: tuple[Network, ...] = ("127.0.0.0/8", "::1/128")
    local_networks: tuple[Network, ...] = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")


class HttpSection(Declaration):
    """`http:` where Ringpost's own HTTP interfaces listen."""

    host: str = "127.0.0.1"
    port: Port = 8080
    public_url: Annotated[str, AfterValidator(_public_url)] = ""
    trusted_proxies: tuple[Network, ...] = ()


class AsteriskSection(Declaration):
    """`asterisk:` an Asterisk of yours, instead of the embedded one; or the embedded one's loopback ports."""

    ari_url: str = ""
    username: str = "ringpost"
    password: str = ""
    ami_host: str = "127.0.0.1"
    ami_username: str = "ringpost"
    ami_password: str = ""
    ami_port: Port = 5038
    http_port: Port = 8088
    media_url: str = ""
    files: str = ""
    listen: Annotated[str, AfterValidator(_address)] = "127.0.0.1"
    controller_address: Annotated[str, AfterValidator(_controller_address)] = "127.0.0.1"
    texts_listen: Annotated[str, AfterValidator(_address)] = "127.0.0.1"
    agi_port: Port = 4573
    hep_port: Port = 9060


class AnswerDetectionSection(Declaration):
    """`answer_detection:` how it is judged who has answered a call that was placed; all in seconds."""

    listen: bool = True
    initial_silence: Annotated[float, Field(ge=0.5, le=30)] = 3.0
    longest_hello: Annotated[float, Field(ge=0.5, le=30)] = 3.0
    pause: Annotated[float, Field(ge=0.2, le=5)] = 0.7
    beep_wait: Annotated[float, Field(ge=0.5, le=30)] = 3.0
    after_beep: Annotated[float, Field(ge=0.1, le=5)] = 0.35
    next_ring: Annotated[float, Field(ge=1, le=30)] = 6.0


class TextsSection(Declaration):
    """`texts:` how long texts are kept, and how long one waits for a phone that is not registered."""

    keep_days: Annotated[float, Field(gt=0)] = 90.0
    phone_wait_hours: Annotated[float, Field(gt=0, le=24 * 30)] = 24.0


def _database_url(text: str) -> str:
    if text:
        try:
            usable_address(text)
        except ConfigurationError as error:
            raise mistake(str(error).rstrip("."), "postgresql://USER:PASSWORD@HOST:PORT/DATABASE") from None
    return text


class DatabaseSection(Declaration):
    """`database:` a PostgreSQL of yours, instead of the embedded one; how long what is in it is kept."""

    url: Annotated[str, AfterValidator(_database_url)] = ""
    keep_calls_days: Annotated[float, Field(gt=0)] = 90.0
    keep_traces_days: Annotated[float, Field(gt=0)] = 90.0
    keep_recordings_days: Annotated[float, Field(gt=0)] = 365.0
    keep_usage_days: Annotated[float, Field(ge=400)] = 3653.0
    keep_text_media_days: Annotated[float, Field(gt=0)] = 365.0
    password_file: str = ""


class SpeechSection(Declaration):
    """`speech:` voices and further speech engines; how long what was spoken is kept after its last use, and how much of
    it is made for each licence key within an hour."""

    engine: Literal["auto", "piper", "flite", "espeak"] = "auto"
    voices: dict[str, str] = Field(default_factory=dict)
    commands: dict[str, str] = Field(default_factory=dict)
    keep_days: Annotated[float, Field(gt=0)] = 30.0
    megabytes_an_hour: Annotated[int, Field(ge=1, le=1_000_000)] = DEFAULT_MEGABYTES


class PostbacksSection(Declaration):
    """`postbacks:` how post-backs are made and which networks they may reach beyond the public ones."""

    allow: tuple[Annotated[str, AfterValidator(_opening)], ...] = ()
    date_format: Literal["us", "iso"] = "us"
    schedule: tuple[Annotated[float, Field(ge=0)], ...] | None = None
    connect_seconds: Annotated[float, Field(gt=0, le=60)] = 5.0
    total_seconds: Annotated[float, Field(gt=0, le=300)] = 15.0
    overtake_seconds: Annotated[float, Field(ge=0)] = 600.0
    keep_days: Annotated[float, Field(gt=0)] = 30.0


class ReceiverSection(Declaration):
    """`receiver:` the receiver of post-backs that `ringpost run` starts beside the service, for trying it out."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: Port = 8090


class LogSection(Declaration):
    """`log:` what is written to the log, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"
    rotate_megabytes: Annotated[float, Field(gt=0, le=100_000)] = 20.0
    keep: Annotated[int, Field(ge=0, le=100)] = 5


def _mail_address(text: str) -> str:
    if text and EMAIL.read(text) is None:
        raise mistake("not a valid e-mail address", "one plain address such as ringpost@example.com")
    return text


class MailSection(Declaration):
    """`mail:` the SMTP server that DebugEmail and ErrorEmail are sent through."""

    host: str = ""
    port: Port = 25
    sender: Annotated[str, AfterValidator(_mail_address)] = ""
    username: str = ""
    password: str = ""
    tls: Literal["none", "starttls", "tls"] = "none"


MODELS: Mapping[str, type[Declaration]] = {
    "service": ServiceSection,
    "sip": SipSection,
    "http": HttpSection,
    "asterisk": AsteriskSection,
    "database": DatabaseSection,
    "texts": TextsSection,
    "answer_detection": AnswerDetectionSection,
    "speech": SpeechSection,
    "postbacks": PostbacksSection,
    "receiver": ReceiverSection,
    "log": LogSection,
    "mail": MailSection,
    "line_types": LineTypesSection,
}
SECTIONS = (*MODELS, PRICES)


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one process."""

    config: Path
    state_dir: Path
    tools_dir: Path
    service: ServiceSection
    sip: SipSection
    http: HttpSection
    asterisk: AsteriskSection
    database: DatabaseSection
    texts: TextsSection
    answer_detection: AnswerDetectionSection
    speech: SpeechSection
    postbacks: PostbacksSection
    receiver: ReceiverSection
    log: LogSection
    mail: MailSection
    line_types: LineTypesSection

    @property
    def speech_dir(self) -> Path:
        """Where the neural speech engine and its voices are, if they are."""
        return self.state_dir / "speech"

    @property
    def external_asterisk(self) -> bool:
        """Whether Asterisk is somebody else's."""
        return bool(self.asterisk.ari_url)

    @property
    def configures_asterisk(self) -> bool:
        """Whether Asterisk's files are written from here."""
        return not self.external_asterisk or bool(self.asterisk.files)

    @property
    def database_url(self) -> str:
        """The configured database, with its password; empty for the embedded one. ConfigurationError."""
        url, file = self.database.url, self.database.password_file
        if not (url and file):
            return url
        try:
            password = Path(file).read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "this is not text"
            raise ConfigurationError(f"The database's password cannot be read from {file}: {reason}.") from None
        parts = urlsplit(url)
        user, _, host = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}:{quote(password, safe='')}@{host}"))

    @property
    def ari_url(self) -> str:
        """The address of Asterisk's HTTP server, without a path."""
        return self.asterisk.ari_url.rstrip("/") or f"http://127.0.0.1:{self.asterisk.http_port}"

    @property
    def media_url(self) -> str:
        """The address under which Asterisk fetches prompts, without a trailing slash."""
        return self.asterisk.media_url.rstrip("/") or self.http_url

    @property
    def http_url(self) -> str:
        """The address of Ringpost's own HTTP interfaces on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(self.http.host, self.http.host)  # noqa: S104
        return f"http://[{host}]:{self.http.port}" if ":" in host else f"http://{host}:{self.http.port}"


def read_settings(document: Document, environment: Mapping[str, str] | None = None) -> Settings | None:
    """The settings in a document and the environment; mistakes are noted in the document.

    None when there are so many mistakes that nothing can be made of a section.
    """
    environment = os.environ if environment is None else environment
    lay_over(document, MODELS, environment)
    if url := environment.get("DATABASE_URL"):
        lay_over(document, MODELS, {"RINGPOST_DATABASE_URL": url})
    service = read_section(document, "service", ServiceSection)
    sip = read_section(document, "sip", SipSection)
    http = read_section(document, "http", HttpSection)
    asterisk = read_section(document, "asterisk", AsteriskSection)
    database = read_section(document, "database", DatabaseSection)
    texts = read_section(document, "texts", TextsSection)
    answer_detection = read_section(document, "answer_detection", AnswerDetectionSection)
    speech = read_section(document, "speech", SpeechSection)
    postbacks = read_section(document, "postbacks", PostbacksSection)
    receiver = read_section(document, "receiver", ReceiverSection)
    log = read_section(document, "log", LogSection)
    mail = read_section(document, "mail", MailSection)
    line_types = read_section(document, "line_types", LineTypesSection)
    if not (service and sip and http and asterisk and database and texts):
        return None
    if not (answer_detection and speech and postbacks and receiver and log and mail and line_types):
        return None
    _check(document, sip, asterisk, mail)
    _check_openings(document, postbacks)
    state_dir = Path(environment.get("RINGPOST_STATE") or service.state_dir).expanduser().absolute()
    return Settings(
        config=document.path,
        state_dir=state_dir,
        tools_dir=Path(environment.get("RINGPOST_TOOLS") or state_dir / "tools").expanduser().absolute(),
        service=service,
        sip=sip,
        http=http,
        asterisk=asterisk,
        database=database,
        texts=texts,
        answer_detection=answer_detection,
        speech=speech,
        postbacks=postbacks,
        receiver=receiver,
        log=log,
        mail=mail,
        line_types=line_types,
    )


def _check(document: Document, sip: SipSection, asterisk: AsteriskSection, mail: MailSection) -> None:
    """What no single key can tell."""
    entry = document.root.entry("sip")
    if entry and sip.rtp_last < sip.rtp_first + 3:
        document.report(entry.position, "the RTP range is too small", expected="rtp_last at least 3 above rtp_first")
    if entry and bool(sip.certificate) != bool(sip.certificate_key):
        expected = "both `certificate` and `certificate_key`"
        document.report(entry.position, "half of the certificate is missing", expected=expected)
    entry = document.root.entry("asterisk")
    if entry and not asterisk.ari_url and not ip_address(asterisk.listen).is_loopback:
        expected = "127.0.0.1, or the key `ari_url` for an Asterisk that runs elsewhere"
        document.report(entry.position, "the embedded Asterisk's ARI and AMI are for this machine", expected=expected)
    if entry and ":" in asterisk.listen and not asterisk.ari_url:
        document.report(entry.position, "the embedded Asterisk is spoken to over IPv4", expected="127.0.0.1")
    if entry and ":" in asterisk.texts_listen:
        message = "Asterisk hands texts over by IPv4 alone"
        document.report(entry.position, message, expected="an IPv4 address")
    if entry and asterisk.files and not asterisk.ari_url:
        expected = "the key `ari_url`"
        document.report(entry.position, "`files` is for an Asterisk that runs elsewhere", expected=expected)
    if entry and asterisk.ari_url and not asterisk.password and not asterisk.files:
        document.report(entry.position, "an Asterisk of yours needs its ARI password", expected="the key `password`")
    entry = document.root.entry("mail")
    if entry and mail.password and mail.tls == "none" and not _is_here(mail.host):
        message = "the password of the mail server crosses the network as it is"
        document.warn(entry.position, message, expected="`tls: starttls` or `tls: tls`")
    if entry and mail.host and not mail.sender:
        document.report(entry.position, "mail needs an address that it comes from", expected="the key `sender`")
    if entry and bool(mail.username) != bool(mail.password):
        document.report(entry.position, "half of the login is missing", expected="both `username` and `password`")


def _is_here(host: str) -> bool:
    """Whether a host is this machine itself."""
    address = parse_address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _check_openings(document: Document, postbacks: PostbacksSection) -> None:
    """Name the openings that let scripts reach what they hardly should: this machine's own services, or everything."""
    entry = document.root.entry("postbacks")
    for text in postbacks.allow if entry else ():
        network, port = parse_opening(text)
        if not network.is_link_local and network.prefixlen < (_WIDEST_V4 if network.version == 4 else _WIDEST_V6):
            reached = "every private address: scripts of customers can reach your own network"
        elif network.is_link_local or (network.version == 4 and network.overlaps(_METADATA)):
            reached = "link-local addresses: scripts of customers can read a cloud's metadata, credentials included"
        elif port is None and any(network.version == each.version and network.overlaps(each) for each in _LOOPBACK):
            reached = "every service of this machine: scripts of customers can read /metrics and try its ports"
        else:
            continue
        assert entry is not None
        document.warn(
            entry.position, f'`allow: "{text}"` opens {reached}', expected="single addresses, with their port"
        )
