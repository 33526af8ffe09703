"""The VoIP.ms interface, wired."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_network

from aiohttp import web

from controller.api.auth import Authenticator, Guesses
from controller.api.bindings.php_rest import PhpRest
from controller.api.bindings.php_soap import PhpSoap
from controller.api.store.media import MediaStore
from controller.api.voipms.account import AccountMethods
from controller.api.voipms.call_recordings import CallRecordingMethods
from controller.api.voipms.cdr import CdrMethods
from controller.api.voipms.dates import ZONE
from controller.api.voipms.dids import DidMethods
from controller.api.voipms.feature_lists import FeatureListMethods
from controller.api.voipms.interface import voipms_interface
from controller.api.voipms.ivrs import IvrMethods
from controller.api.voipms.log_in import VoipmsLogIn
from controller.api.voipms.message_media import MessageMedia
from controller.api.voipms.messages import MessageMethods
from controller.api.voipms.place_checks import PlaceChecks
from controller.api.voipms.recordings import RecordingEntries, RecordingMethods
from controller.api.voipms.reference import ReferenceMethods
from controller.api.voipms.routing_checks import RoutingChecks
from controller.api.voipms.sequences import SequenceMethods
from controller.api.voipms.stock import StockMethods
from controller.api.voipms.stock_abroad import StockAbroadMethods
from controller.api.voipms.sub_accounts import Registrations, SubAccountMethods
from controller.calls.store.call_recordings import CallRecordings
from controller.config.sections import HttpSection
from controller.directory.current import CurrentDirectory
from controller.directory.entries import Entries
from controller.directory.granted_dids import GrantedDids
from controller.directory.key_sounds import KeySounds
from controller.directory.snapshot import LicenseKey
from controller.mail.server import MailServer
from controller.metering.accounts import Accounts
from controller.service.build_voipms_places import place_methods
from controller.store.database import Database
from controller.texts.service import Texts


def _now() -> datetime:
    return datetime.now(ZONE)


@dataclass(frozen=True, slots=True)
class VoipmsParts:
    """What the interface is made of."""

    database: Database
    directory: CurrentDirectory
    dids: GrantedDids
    entries: Entries
    sounds: KeySounds
    texts: Texts
    registrations: Registrations
    accounts: Accounts
    http: HttpSection = field(default_factory=HttpSection)
    guesses: Guesses = field(default_factory=Guesses)
    now: Callable[[], datetime] = _now
    mail: MailServer | None = None


def voipms_methods(parts: VoipmsParts) -> list[object]:
    """What declares the methods of the interface."""
    checks = RoutingChecks(parts.directory, parts.entries, PlaceChecks(parts.entries).exists)
    recordings = RecordingEntries(parts.entries, parts.sounds)
    media = MessageMedia(MediaStore(parts.database), parts.http.public_url)
    return [
        AccountMethods(),
        ReferenceMethods(),
        FeatureListMethods(),
        DidMethods(parts.directory, parts.dids, checks, parts.now),
        StockMethods(parts.directory, parts.dids, checks, parts.now),
        StockAbroadMethods(parts.directory, parts.dids, checks, parts.now),
        SequenceMethods(parts.directory, parts.entries, recordings),
        IvrMethods(parts.directory, parts.entries, recordings, checks),
        CdrMethods(parts.directory, parts.database, parts.accounts, parts.now),
        SubAccountMethods(parts.directory, parts.entries, parts.registrations),
        MessageMethods(parts.directory, parts.texts, media, parts.now),
        CallRecordingMethods(parts.directory, CallRecordings(parts.database), parts.sounds, parts.mail, parts.now),
        RecordingMethods(parts.directory, parts.entries, parts.sounds, recordings),
        *place_methods(parts.directory, parts.entries, checks, recordings, parts.sounds, parts.database),
    ]


def voipms_routes(parts: VoipmsParts) -> list[web.RouteDef]:
    """The routes of rest.php and server.php."""

    def find_user(username: str) -> LicenseKey | None:
        return parts.directory.snapshot.key_by_login(username)

    def find_key(text: str) -> LicenseKey | None:
        return parts.directory.snapshot.key_by_value(text)

    authenticator = Authenticator(find_key, parts.guesses, tuple(map(ip_network, parts.http.trusted_proxies)))
    interface = voipms_interface(*voipms_methods(parts))
    log_in = VoipmsLogIn(find_user, authenticator, parts.guesses)
    return [*PhpRest(interface, log_in).routes(), *PhpSoap(interface, log_in).routes()]
