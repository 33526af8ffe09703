"""What the configuration means for Asterisk: its files, and which ports are needed on this machine."""

from __future__ import annotations

import asyncio
import hashlib
import os
import platform
import socket
from pathlib import Path

import structlog

from controller.asterisk.ami import AmiClient
from controller.asterisk.configuration import AsteriskConfiguration, SipPhone, SipTrunk, render
from controller.asterisk.leg_log import leg_log_in
from controller.calls.message_waiting import mailbox_in_asterisk
from controller.config.load import Configuration
from controller.config.settings import Settings
from controller.directory.secrets import make_token
from controller.directory.snapshot import Snapshot
from controller.directory.text_declarations import REQUEST_URI
from controller.embedded.asterisk_server import AsteriskTree, Directories
from controller.embedded.network import LOOPBACK, knows_own_name, own_address
from controller.embedded.ports import PortNeed
from controller.errors import AsteriskRefused, ConfigurationError
from controller.programs import ProgramTree
from controller.resources import ASTERISK_TEMPLATES
from controller.running.certificates import CERTIFICATE, KEY, provide_certificate

log = structlog.get_logger()

SYSTEM_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
ANNOUNCEMENT = "ringpost/unavailable"

# Which module reads a file again; what other files say counts from Asterisk's next start.
RELOADS = {
    "pjsip.conf": "res_pjsip.so",
    "extensions.conf": "pbx_config.so",
    "musiconhold.conf": "res_musiconhold.so",
    "logger.conf": "logger",
    "hep.conf": "res_hep.so",
}
HEP_MODULES = ("res_hep.so", "res_hep_pjsip.so")


def asterisk_tree(settings: Settings) -> AsteriskTree:
    """Where the embedded Asterisk of these settings lives."""
    return AsteriskTree(settings.state_dir / "asterisk", ProgramTree(settings.tools_dir), settings.state_dir / "logs")


def packaged_directories(files: Path) -> Directories:
    """The folders of an Asterisk out of Debian's package, whose configuration stands in `files`."""
    return {
        "etc_dir": files / "etc",
        "module_dir": Path(f"/usr/lib/{platform.machine()}-linux-gnu/asterisk/modules"),
        "data_dir": Path("/usr/share/asterisk"),
        "var_dir": Path("/var/lib/asterisk"),
        "cache_dir": Path("/var/cache/asterisk"),
        "spool_dir": Path("/var/spool/asterisk"),
        "run_dir": Path("/run/asterisk"),
        "log_dir": Path("/var/log/asterisk"),
    }


def leg_log_of(settings: Settings) -> Path | None:
    """Asterisk's log of its legs; None where this controller cannot see it."""
    if settings.asterisk.leg_log:
        return Path(settings.asterisk.leg_log)
    return None if settings.external_asterisk else leg_log_in(asterisk_tree(settings).log_dir)


def announcements_dir(settings: Settings) -> Path:
    """Where the announcements lie that Asterisk plays without the controller."""
    if settings.asterisk.files:
        return Path(settings.asterisk.files) / "sounds"
    return asterisk_tree(settings).sounds_dir / "ringpost"


def asterisk_configuration(configuration: Configuration) -> AsteriskConfiguration:
    """What Asterisk's files must say. ConfigurationError for a value that cannot stand in them."""
    settings, snapshot = configuration.settings, configuration.snapshot
    elsewhere = settings.asterisk.files
    directories = packaged_directories(Path(elsewhere)) if elsewhere else asterisk_tree(settings).directories()
    return AsteriskConfiguration(
        **directories,
        ari_username=settings.asterisk.username,
        ari_password=configuration.ari_password,
        ami_username=settings.asterisk.ami_username,
        ami_password=configuration.ami_password,
        sip_host=settings.sip.host,
        sip_port=settings.sip.port,
        tls_port=settings.sip.tls_port,
        certificate=certificates_dir(settings) / CERTIFICATE if settings.sip.tls_port else None,
        certificate_key=certificates_dir(settings) / KEY if settings.sip.tls_port else None,
        certificate_authorities=_authorities(settings),
        external_address=settings.sip.external_address,
        local_networks=settings.sip.local_networks,
        # Without an address for its SDP, Asterisk looks its host name up at each call; as long as the answer does not
        # come the caller waits: ten seconds, with a resolver that is not there.
        media_address="" if elsewhere or knows_own_name() else own_address(),
        rtp_first=settings.sip.rtp_first,
        rtp_last=settings.sip.rtp_last,
        rtp_timeout_seconds=settings.sip.rtp_timeout_seconds,
        browser_phones=settings.sip.browser_phones,
        listen=settings.asterisk.listen,
        http_port=settings.asterisk.http_port,
        ami_port=settings.asterisk.ami_port,
        entity_id=_entity_id(configuration.controller_id),
        application=configuration.application,
        lease_seconds=settings.service.lease_seconds,
        wait_for_controller_seconds=settings.service.wait_for_controller_seconds,
        announcement=str(announcements_dir(settings) / "unavailable") if elsewhere else ANNOUNCEMENT,
        phones=_phones(snapshot),
        trunks=_trunks(snapshot),
        numbers=frozenset(snapshot.dids),
        text_numbers=frozenset(number for number, did in snapshot.dids.items() if did.sms),
        controller_address=settings.asterisk.controller_address,
        hep_address=_resolved(settings.asterisk.controller_address),
        agi_port=settings.asterisk.agi_port,
        hep_port=settings.asterisk.hep_port,
        text_secret=configuration.text_secret,
    )


def _entity_id(controller_id: str) -> str:
    """An address of the range for local use (IEEE 802c: the second bit of the first octet), always the same one."""
    return "02:" + hashlib.sha256(controller_id.encode()).digest()[:5].hex(":")


def _resolved(host: str) -> str:
    """The IP address of a host; this machine's own while the name says none yet."""
    try:
        return str(socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)[0][4][0])
    except OSError:
        return LOOPBACK


def _phones(snapshot: Snapshot) -> tuple[SipPhone, ...]:
    return tuple(
        SipPhone(
            phone.name,
            phone.password,
            phone.number or phone.caller_id or None,
            phone.media_encryption,
            mailbox_in_asterisk(phone),
        )
        for phone in snapshot.phones.values()
    )


def _trunks(snapshot: Snapshot) -> tuple[SipTrunk, ...]:
    return tuple(
        SipTrunk(
            name=trunk.name,
            host=trunk.host,
            # Without a port SIP's DNS rules count (RFC 3263), which carriers rely on.
            port=0 if trunk.port == (5061 if trunk.transport == "tls" else 5060) else trunk.port,
            username=trunk.username or "",
            password=trunk.password or "",
            register=trunk.register,
            transport=trunk.transport,
            sources=trunk.match,
            check_seconds=trunk.check_seconds,
            media_encryption=trunk.media_encryption,
            did_from=trunk.did_from,
            text_header="" if trunk.text_did_in == REQUEST_URI else trunk.text_did_in,
        )
        for trunk in snapshot.trunks.values()
    )


def etc_dir(settings: Settings) -> Path:
    """Where Asterisk's files are written to."""
    return Path(settings.asterisk.files) / "etc" if settings.asterisk.files else asterisk_tree(settings).etc_dir


def certificates_dir(settings: Settings) -> Path:
    """Where Asterisk's own certificate and its key lie."""
    return Path(settings.asterisk.files) / "tls" if settings.asterisk.files else settings.state_dir / "tls"


def _authorities(settings: Settings) -> Path | None:
    named = settings.sip.certificate_authorities
    return (
        None
        if named == "any" or not settings.sip.tls_port
        else Path(SYSTEM_AUTHORITIES if named == "system" else named)
    )


def write_asterisk_files(configuration: Configuration) -> list[str]:
    """Write Asterisk's files; the names of those that changed. ConfigurationError."""
    settings = configuration.settings
    if settings.sip.tls_port:
        provide_certificate(
            certificates_dir(settings),
            certificate=settings.sip.certificate,
            key=settings.sip.certificate_key,
            name=settings.sip.external_address or socket.getfqdn(),
        )
    if not settings.asterisk.files:
        asterisk_tree(settings).make()
    target = etc_dir(settings)
    return [path.name for path in render(asterisk_configuration(configuration), ASTERISK_TEMPLATES, target)]


def make_database_password(settings: Settings) -> bool:
    """Make the file with the database's password if there is none; whether it was made. ConfigurationError."""
    if not settings.database.password_file:
        return False
    path = Path(settings.database.password_file)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(f"{make_token()}\n")
    except FileExistsError:
        return False
    except OSError as error:
        raise ConfigurationError(f"The database's password cannot be written to {path}: {error.strerror}.") from error
    return True


async def provision_asterisk(configuration: Configuration, ami: AmiClient, *, everything: bool = False) -> list[str]:
    """Bring a running Asterisk's files up to date, and have it read them; calls go on. Gives what changed, for people.

    With `everything` it reads all of them, for it may have started on what stood there before.
    ConfigurationError when the files cannot be written, AsteriskError when Asterisk does not read them.
    """
    changed = await asyncio.to_thread(write_asterisk_files, configuration)
    for name in RELOADS:
        if everything or name in changed:
            await _read_again(ami, name)
    return [
        f"asterisk: {name} changed" + ("" if name in RELOADS else ": it takes effect at Asterisk's next start")
        for name in changed
    ]


async def _read_again(ami: AmiClient, name: str) -> None:
    """Have Asterisk read a file again. AsteriskError."""
    try:
        await ami.reload(RELOADS[name])
    except AsteriskRefused:
        if name != "hep.conf":
            raise
        # It was not loaded, for the controller had no address when Asterisk started.
        for module in HEP_MODULES:
            try:
                await ami.load_module(module)
            except AsteriskRefused as error:
                log.warning("Asterisk does not mirror its SIP: no text has a result", reason=str(error))


def needed_ports(settings: Settings) -> list[PortNeed]:
    """Every port of this machine that a start on these settings listens on."""
    needs = [PortNeed(settings.http.host, settings.http.port, "tcp", "Ringpost's HTTP interfaces", "`http: {port: …}`")]
    if settings.receiver.enabled:
        setting = "`receiver: {port: …}`"
        needs.append(
            PortNeed(
                settings.receiver.host, settings.receiver.port, "tcp", "the demo's receiver of post-backs", setting
            )
        )
    listen = settings.asterisk.texts_listen
    needs += [
        PortNeed(listen, settings.asterisk.agi_port, "tcp", "texts from Asterisk", "`asterisk: {agi_port: …}`"),
        PortNeed(listen, settings.asterisk.hep_port, "udp", "Asterisk's mirrored SIP", "`asterisk: {hep_port: …}`"),
    ]
    if not settings.external_asterisk:
        sip, asterisk = settings.sip, settings.asterisk
        needs += [
            PortNeed(sip.host, sip.port, "udp", "SIP", "`sip: {port: …}`"),
            PortNeed(sip.host, sip.port, "tcp", "SIP", "`sip: {port: …}`"),
            *([PortNeed(sip.host, sip.tls_port, "tcp", "SIP", "`sip: {tls_port: …}`")] if sip.tls_port else []),
            PortNeed(LOOPBACK, asterisk.http_port, "tcp", "Asterisk's ARI", "`asterisk: {http_port: …}`"),
            PortNeed(LOOPBACK, asterisk.ami_port, "tcp", "Asterisk's AMI", "`asterisk: {ami_port: …}`"),
        ]
    return needs
