"""What the console is made of: the services that its pages show and use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from controller.asterisk.browser_phones import BrowserPhones
from controller.calls.administration import CallAdministration
from controller.calls.feed import CallFeed
from controller.calls.model.sip_message import SipMessage
from controller.calls.outgoing.notifications import Notifications
from controller.config.sections import HttpSection
from controller.directory.current import CurrentDirectory
from controller.directory.entries import Entries
from controller.directory.granted_dids import GrantedDids
from controller.directory.key_sounds import KeySounds
from controller.directory.postback_urls import PostbackUrls
from controller.directory.stored_keys import StoredKeys
from controller.metering.prices import CurrentPrices
from controller.script.analysis.checker import Context
from controller.store.database import Database
from controller.texts.service import Texts


@dataclass(frozen=True, slots=True)
class ConsoleParts:
    """health: each part of the service, and whether it works. context: what scripts are checked against.

    trunk_rests: whether a trunk, by its name, is left alone because it keeps failing. folders: where this controller
    writes, whose disks must not be full. sip_of_call: the SIP messages of a call, by its QueueID.
    call_on: the QueueID of the call that is live here on a channel.
    """

    http: HttpSection
    database: Database
    directory: CurrentDirectory
    feed: CallFeed
    administration: CallAdministration
    texts: Texts
    dids: GrantedDids
    entries: Entries
    sounds: KeySounds
    health: Callable[[], Awaitable[Mapping[str, bool]]]
    context: Context
    notifications: Notifications
    postback_urls: PostbackUrls
    prices: CurrentPrices
    trunk_rests: Callable[[str], bool]
    phones: BrowserPhones
    call_on: Callable[[str], int | None]
    folders: Sequence[Path]
    stored_keys: StoredKeys
    sip_of_call: Callable[[int], Awaitable[Sequence[SipMessage]]]
