"""The sections of the admin YAML that are about the service: what each may say, and its defaults."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from controller.asterisk.configuration import HOST_NAME
from controller.config.line_type_settings import LineTypesSection
from controller.config_file.validation import Declaration, mistake
from controller.egress.addresses import parse_opening
from controller.errors import ConfigurationError
from controller.metering.price_section import SECTION as PRICES
from controller.script.commands.kinds import EMAIL
from controller.speech.quota import DEFAULT_MEGABYTES
from controller.store.addresses import usable_address

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
        raise mistake("not a valid address", "a host name or an IP address, without a port")
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
    browser_phones: bool = True
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
    leg_log: str = ""


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
    keep_sip_days: Annotated[float, Field(gt=0)] = 7.0
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
