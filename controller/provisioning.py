"""What the configuration means for Asterisk: its files, and which ports are needed on this machine."""

from __future__ import annotations

import asyncio

import structlog

from controller.asterisk.ami import AmiClient
from controller.asterisk.configuration import AsteriskConfiguration, SipPhone, SipTrunk, render
from controller.configuration import Configuration
from controller.directory.snapshot import Snapshot
from controller.embedded.asterisk_server import AsteriskTree
from controller.embedded.debian import Tools
from controller.embedded.network import LOOPBACK, knows_own_name, own_address
from controller.embedded.ports import PortNeed
from controller.settings import PROJECT, Settings

log = structlog.get_logger()

TEMPLATES = PROJECT / "asterisk-config"
ANNOUNCEMENT = "ringpost/unavailable"

# Which module reads a file again; what other files say counts from Asterisk's next start.
RELOADS = {
    "pjsip.conf": "res_pjsip.so",
    "extensions.conf": "pbx_config.so",
    "amd.conf": "app_amd.so",
    "musiconhold.conf": "res_musiconhold.so",
    "logger.conf": "logger",
}


def asterisk_tree(settings: Settings) -> AsteriskTree:
    """Where the embedded Asterisk of these settings lives."""
    return AsteriskTree(settings.state_dir / "asterisk", Tools(settings.tools_dir), settings.state_dir / "logs")


def asterisk_configuration(configuration: Configuration) -> AsteriskConfiguration:
    """What the embedded Asterisk's files must say. ConfigurationError for a value that cannot stand in them."""
    settings, snapshot = configuration.settings, configuration.snapshot
    return AsteriskConfiguration(
        **asterisk_tree(settings).directories(),
        ari_username=settings.asterisk.username,
        ari_password=configuration.ari_password,
        ami_username=settings.asterisk.ami_username,
        ami_password=configuration.ami_password,
        sip_host=settings.sip.host,
        sip_port=settings.sip.port,
        external_address=settings.sip.external_address,
        # Without an address for its SDP, Asterisk looks its host name up at each call; as long as the answer does not
        # come the caller waits: ten seconds, with a resolver that is not there.
        media_address="" if knows_own_name() else own_address(),
        rtp_first=settings.sip.rtp_first,
        rtp_last=settings.sip.rtp_last,
        http_port=settings.asterisk.http_port,
        ami_port=settings.asterisk.ami_port,
        application=settings.service.application,
        announcement=ANNOUNCEMENT,
        phones=_phones(snapshot),
        trunks=_trunks(snapshot),
        numbers=frozenset(snapshot.dids),
    )


def _phones(snapshot: Snapshot) -> tuple[SipPhone, ...]:
    return tuple(SipPhone(phone.name, phone.password, phone.number) for phone in snapshot.phones.values())


def _trunks(snapshot: Snapshot) -> tuple[SipTrunk, ...]:
    return tuple(
        SipTrunk(
            name=trunk.name,
            host=trunk.host,
            # Without a port SIP's DNS rules count (RFC 3263), which carriers rely on.
            port=0 if trunk.port == 5060 else trunk.port,
            username=trunk.username or "",
            password=trunk.password or "",
            register=trunk.register,
            transport=trunk.transport,
            sources=trunk.match,
        )
        for trunk in snapshot.trunks.values()
    )


def write_asterisk_files(configuration: Configuration) -> list[str]:
    """Write the embedded Asterisk's folders and files; the names of the files that changed. ConfigurationError."""
    tree = asterisk_tree(configuration.settings)
    tree.make()
    return [path.name for path in render(asterisk_configuration(configuration), TEMPLATES, tree.etc_dir)]


async def provision_asterisk(configuration: Configuration, ami: AmiClient) -> list[str]:
    """Bring a running Asterisk's files up to date, and have it read them; calls go on. Gives what changed, for people.

    ConfigurationError when the files cannot be written, AsteriskError when Asterisk does not read them.
    """
    changed = await asyncio.to_thread(write_asterisk_files, configuration)
    for name in changed:
        if name in RELOADS:
            await ami.reload(RELOADS[name])
    return [
        f"asterisk: {name} changed" + ("" if name in RELOADS else ": it takes effect at Asterisk's next start")
        for name in changed
    ]


def needed_ports(settings: Settings) -> list[PortNeed]:
    """Every port of this machine that a start on these settings listens on."""
    needs = [PortNeed(settings.http.host, settings.http.port, "tcp", "Ringpost's HTTP interfaces", "`http: {port: …}`")]
    if settings.receiver.enabled:
        setting = "`receiver: {port: …}`"
        needs.append(PortNeed(LOOPBACK, settings.receiver.port, "tcp", "the demo's receiver of post-backs", setting))
    if not settings.external_asterisk:
        sip, asterisk = settings.sip, settings.asterisk
        needs += [
            PortNeed(sip.host, sip.port, "udp", "SIP", "`sip: {port: …}`"),
            PortNeed(sip.host, sip.port, "tcp", "SIP", "`sip: {port: …}`"),
            PortNeed(LOOPBACK, asterisk.http_port, "tcp", "Asterisk's ARI", "`asterisk: {http_port: …}`"),
            PortNeed(LOOPBACK, asterisk.ami_port, "tcp", "Asterisk's AMI", "`asterisk: {ami_port: …}`"),
        ]
    return needs
