"""The interface of the Dialer, wired."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network

from aiohttp import web

from controller.api.auth import Authenticator, Guesses
from controller.api.dialer.door import DialerHandler
from controller.api.dialer.operations import DialerOperations
from controller.api.store.answers import KeptAnswers
from controller.api.store.dialer_messages import DialerMessages
from controller.calls.outgoing.notifications import Notifications
from controller.calls.store.call_status import CallStatuses
from controller.calls.store.queue_ids import QueueIds
from controller.config.sections import HttpSection
from controller.directory.current import CurrentDirectory
from controller.directory.key_sounds import KeySounds
from controller.directory.snapshot import LicenseKey
from controller.line_types.line_types import LineTypes
from controller.store.database import Database


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class DialerParts:
    """What the interface is made of."""

    database: Database
    directory: CurrentDirectory
    sounds: KeySounds
    notifications: Notifications
    queue_ids: QueueIds
    line_types: LineTypes
    http: HttpSection = field(default_factory=HttpSection)
    guesses: Guesses = field(default_factory=Guesses)
    now: Callable[[], datetime] = _utc_now


def dialer_routes(parts: DialerParts) -> list[web.RouteDef]:
    """The routes of the Dialer."""

    def find_login(login: str) -> LicenseKey | None:
        user, _, password = login.partition("\0")
        return parts.directory.snapshot.key_by_dialer_login(user, password)

    operations = DialerOperations(
        parts.notifications,
        CallStatuses(parts.database),
        parts.queue_ids,
        DialerMessages(parts.database),
        parts.sounds,
        parts.line_types,
        parts.directory,
        parts.now,
    )
    proxies = tuple(map(ip_network, parts.http.trusted_proxies))
    authenticator = Authenticator(find_login, parts.guesses, proxies)
    return DialerHandler(operations, authenticator, KeptAnswers(parts.database)).routes()
