"""The parts of a controller, as they are once built."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CollectorRegistry

from controller.asterisk.ami import AmiClient
from controller.asterisk.ari.client import AriClient
from controller.asterisk.browser_phones import BrowserPhones
from controller.calls.message_waiting import MessageWaiting
from controller.calls.trace_mailer import TraceMailer
from controller.calls.voicemail import Voicemail
from controller.config.settings import Settings
from controller.directory.current import CurrentDirectory
from controller.directory.entries import Entries
from controller.directory.granted_dids import GrantedDids
from controller.directory.key_sounds import KeySounds
from controller.directory.postback_urls import PostbackUrls
from controller.directory.stored_keys import StoredKeys
from controller.egress.guard import Guard
from controller.postbacks.delivery import Delivery
from controller.running.bans import Bans
from controller.running.reloading import Reloading
from controller.service.build_calls import Calls
from controller.service.build_line_types import LineTypeParts
from controller.service.build_metering import MeteringParts
from controller.service.build_texts import TextParts
from controller.speech.library import SoundLibrary
from controller.speech.prompts import Prompts
from controller.store.database import Database
from controller.store.row_retention import RowRetention


@dataclass(frozen=True, slots=True)
class Service:
    """Every part of a controller. `run.run` starts them; until then nothing is connected."""

    settings: Settings
    database: Database
    registry: CollectorRegistry
    directory: CurrentDirectory
    prompts: Prompts
    library: SoundLibrary
    ari: AriClient
    ami: AmiClient
    guard: Guard
    delivery: Delivery
    mailer: TraceMailer | None
    voicemail: Voicemail
    message_waiting: MessageWaiting
    calls: Calls
    texts: TextParts
    retention: RowRetention
    bans: Bans
    postback_urls: PostbackUrls
    stored_keys: StoredKeys
    granted_dids: GrantedDids
    entries: Entries
    key_sounds: KeySounds
    reloading: Reloading
    metering: MeteringParts
    line_types: LineTypeParts
    phones: BrowserPhones
    http: web.Application
