"""The interface Phone Notify!, wired."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network

from aiohttp import web

from controller import __version__
from controller.api.auth import Authenticator, Guesses
from controller.api.bindings.asmx import Asmx
from controller.api.phone_notify.calls import CallOperations
from controller.api.phone_notify.interface import phone_notify_interface
from controller.api.phone_notify.lists import ListOperations
from controller.api.phone_notify.numbers import NumberOperations
from controller.api.phone_notify.scripts import ScriptOperations
from controller.api.phone_notify.sound_files import SoundFileHandler
from controller.api.phone_notify.sounds import SoundOperations
from controller.api.phone_notify.status import StatusOperations
from controller.api.store.answers import KeptAnswers
from controller.calls.administration import CallAdministration
from controller.calls.outgoing.notifications import Notifications
from controller.calls.store.call_status import CallStatuses
from controller.config.sections import HttpSection
from controller.directory.call_lists import CallLists
from controller.directory.current import CurrentDirectory
from controller.directory.granted_dids import GrantedDids
from controller.directory.key_sounds import KeySounds
from controller.directory.saved_scripts import KeyVariables, SavedScripts
from controller.directory.snapshot import DEMO_KEY, LicenseKey
from controller.metering.prices import CurrentPrices
from controller.store.database import Database


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class PhoneNotifyParts:
    """What the interface is made of."""

    database: Database
    directory: CurrentDirectory
    sounds: KeySounds
    notifications: Notifications
    dids: GrantedDids
    administration: CallAdministration
    http: HttpSection = field(default_factory=HttpSection)
    guesses: Guesses = field(default_factory=Guesses)
    now: Callable[[], datetime] = _utc_now
    prices: CurrentPrices = field(default_factory=CurrentPrices)


def phone_notify_routes(parts: PhoneNotifyParts) -> list[web.RouteDef]:
    """The routes of PhoneNotify.asmx, and of the sounds whose URLs it gives away."""

    def find_key(text: str) -> LicenseKey | None:
        snapshot = parts.directory.snapshot
        return snapshot.demo_key if text.strip() == DEMO_KEY else snapshot.key_by_value(text)

    statuses = CallStatuses(parts.database)
    interface = phone_notify_interface(
        CallOperations(parts.notifications, statuses, parts.administration.end_conferences, parts.now),
        StatusOperations(statuses, __version__, parts.prices),
        SoundOperations(parts.sounds, parts.notifications),
        ScriptOperations(SavedScripts(parts.database), KeyVariables(parts.database)),
        ListOperations(CallLists(parts.database), parts.notifications),
        NumberOperations(parts.dids),
    )
    proxies = tuple(map(ip_network, parts.http.trusted_proxies))
    asmx = Asmx(interface, Authenticator(find_key, parts.guesses, proxies), KeptAnswers(parts.database))
    return [*asmx.routes(), *SoundFileHandler(parts.sounds).routes()]
