"""The process's own settings: the sections of the admin YAML that are about the service, and the environment.

The environment wins where both say something: RINGPOST_HTTP_PORT over `http: {port: …}` and so on, DATABASE_URL for the
database, RINGPOST_STATE for the state directory, RINGPOST_TOOLS for the unpacked tools (otherwise in there).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from controller.config.environment import lay_over
from controller.config.line_type_settings import LineTypesSection
from controller.config.sections import (
    MODELS,
    AnswerDetectionSection,
    AsteriskSection,
    DatabaseSection,
    HttpSection,
    LogSection,
    MailSection,
    PostbacksSection,
    ReceiverSection,
    ServiceSection,
    SipSection,
    SpeechSection,
    TextsSection,
)
from controller.config_file.document import Document
from controller.config_file.validation import read_section
from controller.egress.addresses import parse_address, parse_opening
from controller.errors import ConfigurationError

_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
# What is wider holds private networks of all kinds: no installation has one such.
_WIDEST_V4, _WIDEST_V6 = 8, 16
_METADATA = ip_network("169.254.0.0/16")


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
