"""The VoIP.ms interface, wired."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_network

from aiohttp import web

from controller.api.auth import Authenticator, Guesses
from controller.api.bindings.php_rest import PhpRest
from controller.api.voipms.account import AccountMethods
from controller.api.voipms.interface import voipms_interface
from controller.api.voipms.log_in import VoipmsLogIn
from controller.api.voipms.reference import ReferenceMethods
from controller.config.settings import HttpSection
from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import LicenseKey


@dataclass(frozen=True, slots=True)
class VoipmsParts:
    """What the interface is made of."""

    directory: CurrentDirectory
    http: HttpSection = field(default_factory=HttpSection)
    guesses: Guesses = field(default_factory=Guesses)


def voipms_routes(parts: VoipmsParts) -> list[web.RouteDef]:
    """The routes of rest.php."""

    def find_user(username: str) -> LicenseKey | None:
        return parts.directory.snapshot.key_by_login(username)

    def find_key(text: str) -> LicenseKey | None:
        return parts.directory.snapshot.key_by_value(text)

    authenticator = Authenticator(find_key, parts.guesses, tuple(map(ip_network, parts.http.trusted_proxies)))
    interface = voipms_interface(AccountMethods(), ReferenceMethods())
    log_in = VoipmsLogIn(find_user, authenticator, parts.guesses)
    return PhpRest(interface, log_in).routes()
