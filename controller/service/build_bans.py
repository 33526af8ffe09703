"""The bans of those who guess passwords, as the configuration wants them."""

from __future__ import annotations

import time
from ipaddress import ip_network

from prometheus_client import CollectorRegistry

from controller.asterisk.ami import AmiClient
from controller.asterisk.configuration import BANNED_FILE
from controller.config.settings import Settings
from controller.directory.current import CurrentDirectory
from controller.running.bans import BanRules, Bans
from controller.running.provisioning import etc_dir


def build_bans(settings: Settings, ami: AmiClient, directory: CurrentDirectory, registry: CollectorRegistry) -> Bans:
    """Told of failed logins by AMI; the list stands beside Asterisk's files, where these are written from here."""

    def carriers() -> set[str]:
        return {each for trunk in directory.snapshot.trunks.values() for each in (trunk.host, *trunk.match)}

    never = tuple(ip_network(each) for each in settings.sip.never_ban)
    rules = BanRules(settings.sip.ban_after, settings.sip.ban_minutes * 60, never)
    file = etc_dir(settings) / BANNED_FILE if settings.configures_asterisk else None
    return Bans(ami, file, rules, carriers, registry, time.monotonic)
