"""Weak settings: what is permitted and makes an attack or its damage easier, in the order in which it is found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from controller.config.settings import Settings
from controller.directory.declarations import is_wide
from controller.directory.snapshot import LicenseKey, Snapshot, Trunk
from controller.egress.addresses import parse_address, parse_opening

# More calls at one time than this through one carrier are a bill that nobody wants to find on a Monday.
MANY_CHANNELS = 100


@dataclass(frozen=True, slots=True)
class Weakness:
    """One weak setting: what it is about (exposure, passwords, encryption, trunks, toll fraud, customers' URLs), what
    is weak, and what to set instead.
    """

    topic: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.topic}: {self.what}. {self.remedy}."


def weaknesses(settings: Settings, snapshot: Snapshot) -> list[Weakness]:
    """All that is weak in a configuration. docs/security.md says what else there is to do."""
    return [
        *_exposure(settings),
        *_passwords(settings),
        *_encryption(settings, snapshot),
        *(weak for trunk in snapshot.trunks.values() for weak in _trunk(trunk)),
        *(weak for key in snapshot.license_keys.values() for weak in _toll_fraud(key)),
        *_customers_urls(settings, snapshot),
    ]


def _exposure(settings: Settings) -> Iterator[Weakness]:
    sip, http, receiver = settings.sip, settings.http, settings.receiver
    if settings.configures_asterisk and _is_open(sip.host):
        yield Weakness(
            "exposure",
            f"SIP ({sip.port}) and RTP ({sip.rtp_first} to {sip.rtp_last}) listen on every address",
            "Have a firewall let only carriers and phones through",
        )
    if _is_open(http.host) and not http.public_url.startswith("https://"):
        yield Weakness(
            "exposure",
            f"customers' interfaces, /metrics and /admin listen on {http.host}:{http.port} without TLS",
            "Listen on 127.0.0.1 behind a proxy that speaks HTTPS and passes only customers' paths on",
        )
    if receiver.enabled and _is_open(receiver.host):
        yield Weakness(
            "exposure", "the demo's receiver of post-backs is reached from elsewhere", "`receiver: {enabled: false}`"
        )
    if _is_open(settings.asterisk.listen) and not settings.asterisk.files:
        yield Weakness("exposure", "ARI and AMI listen beyond loopback", "`asterisk: {listen: 127.0.0.1}`")


def _passwords(settings: Settings) -> Iterator[Weakness]:
    sip = settings.sip
    if settings.configures_asterisk and not sip.ban_after:
        yield Weakness("passwords", "nobody is banned who guesses passwords of phones", "`sip: {ban_after: 10}`")
    wide = [
        each for each in sip.never_ban if not ip_network(each).is_loopback and ip_network(each).num_addresses > 2**16
    ]
    if wide:
        yield Weakness(
            "passwords", f"nobody is ever banned in {', '.join(wide)}", "Name single networks in `never_ban`"
        )


def _encryption(settings: Settings, snapshot: Snapshot) -> Iterator[Weakness]:
    sip, mail = settings.sip, settings.mail
    plain = sorted(phone.name for phone in snapshot.phones.values() if phone.media_encryption == "none")
    if plain and not sip.tls_port:
        yield Weakness("encryption", f"phones ({_some(plain)}) have no TLS to register over", "`sip: {tls_port: 5061}`")
    if plain:
        yield Weakness("encryption", f"what {_some(plain)} hear and say is not encrypted", "`media_encryption: srtp`")
    if sip.tls_port and sip.certificate_authorities == "any":
        yield Weakness(
            "encryption", "any certificate is taken for a carrier's", "`sip: {certificate_authorities: system}`"
        )
    if mail.password and mail.tls == "none":
        yield Weakness("encryption", "the mail server's password crosses the network", "`mail: {tls: starttls}`")


def _trunk(trunk: Trunk) -> Iterator[Weakness]:
    wide = [each for each in trunk.match if is_wide(each)]
    if wide:
        yield Weakness(
            "trunks", f"everybody in {', '.join(wide)} is taken for the carrier {trunk.name}", "Name its own addresses"
        )
    here = parse_address(trunk.host)
    if trunk.transport != "tls" and trunk.password and not (here and here.is_loopback):
        yield Weakness("trunks", f"{trunk.name} is spoken to without TLS", "`transport: tls`, if the carrier offers it")
    if trunk.channels > MANY_CHANNELS:
        yield Weakness(
            "toll fraud",
            f"{trunk.channels} calls at one time may go through {trunk.name}",
            "Set `channels` to what you need",
        )


def _toll_fraud(key: LicenseKey) -> Iterator[Weakness]:
    name = key.shown_name
    if any(len(prefix) < 3 and prefix != "+1" and prefix != "+7" for prefix in key.prefixes):
        yield Weakness("toll fraud", f"{name} may call whole continents", "Name countries in `destinations`")
    if key.open_transfers:
        yield Weakness("toll fraud", f"callers of {name} choose where they are transferred", "`transfers: checked`")
    if key.any_caller_id:
        yield Weakness(
            "toll fraud", f"{name} may show every number as its own", "Name verified numbers in `caller_ids`"
        )
    if "phone" in key.products and key.max_calls is None:
        yield Weakness("toll fraud", f"{name} may have any number of calls at one time", "Set `max_calls`")


def _customers_urls(settings: Settings, snapshot: Snapshot) -> Iterator[Weakness]:
    for text in settings.postbacks.allow:
        network, port = parse_opening(text)
        if port is None and network.num_addresses > 1:
            yield Weakness(
                "customers' URLs", f"scripts reach every port of {text}", "Open single addresses with their port"
            )
    for key in snapshot.license_keys.values():
        if key.status_post_url and not key.webhook_secrets:
            yield Weakness(
                "customers' URLs", f"{key.shown_name} cannot tell our post-backs from others'", "Set `webhook_secrets`"
            )
        if (key.status_post_url or "").startswith("http://") and not _is_near(key.status_post_url or ""):
            yield Weakness("customers' URLs", f"results of {key.shown_name} are posted without TLS", "Use an https URL")


def _is_open(host: str) -> bool:
    """Whether others than this machine reach what listens there."""
    address = parse_address(host)
    return host != "localhost" and not (address and address.is_loopback)


def _is_near(url: str) -> bool:
    return url.startswith(("http://127.", "http://localhost", "http://[::1]"))


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} others" if len(names) > 3 else "")
