"""The composition root: the only place that knows every part. It builds and wires; nothing is started here."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from aiohttp import web
from prometheus_client import CollectorRegistry

from controller.api.admin import AdminHandler
from controller.api.admin_calls import CallsAdminHandler
from controller.api.console.parts import ConsoleParts
from controller.api.health import HealthHandler
from controller.api.media import MediaHandler
from controller.api.operator_doors import operator_doors
from controller.asterisk.ami import AmiClient
from controller.asterisk.ari.client import SILENCED_EVENTS, AriClient
from controller.calls.administration import CallAdministration
from controller.calls.call_log import CallLogTargets
from controller.calls.call_prompts import CallPrompts, PromptSources
from controller.calls.effects.dispatch import EffectDispatcher
from controller.calls.effects.opt_out import BlockNumber
from controller.calls.effects.routings import RoutingEffects
from controller.calls.effects.send_text import QueueText
from controller.calls.effects.transfer import Legs
from controller.calls.feed import CallFeed
from controller.calls.incoming import IncomingCalls
from controller.calls.line.answer_judge import DetectionSettings
from controller.calls.line.line import NOT_LISTENING, Listening
from controller.calls.line.listener import ListeningPlace
from controller.calls.live import LeaseKeeper, LiveCalls
from controller.calls.metrics import CallMetrics
from controller.calls.model.response_codes import ResponseCode
from controller.calls.outgoing.attempts import OutgoingCalls
from controller.calls.outgoing.consent import ForbidsCall
from controller.calls.outgoing.dialer import Dialer
from controller.calls.outgoing.legs import TrunkLegs
from controller.calls.outgoing.next_trunk import NextTrunk
from controller.calls.outgoing.notifications import Notifications
from controller.calls.outgoing.trunk_health import TrunkHealth
from controller.calls.playback_health import PlaybackHealth
from controller.calls.recovery.adopt import Adoption
from controller.calls.recovery.sweep import Sweep
from controller.calls.session import SessionParts
from controller.calls.store.call_limits import CallLimits
from controller.calls.store.call_lookup import CallLookup
from controller.calls.store.call_queue import CallQueue
from controller.calls.store.controllers import Owner
from controller.calls.store.journal import Journal
from controller.calls.store.queue_ids import QueueIds
from controller.calls.store.recording_spool import RecordingSpool
from controller.calls.store.recordings import Recordings
from controller.calls.trace_mailer import TraceMailer
from controller.calls.voicemail import Voicemail
from controller.config.load import Configuration, script_context
from controller.config.settings import DatabaseSection, Settings
from controller.directory.current import CurrentDirectory
from controller.directory.entries import Entries
from controller.directory.granted_dids import GrantedDids
from controller.directory.key_sounds import KeySounds
from controller.directory.postback_urls import PostbackUrls
from controller.directory.routes import Routes
from controller.egress.guard import Guard
from controller.errors import NotificationRefused
from controller.mail.server import MailServer, plain_mail
from controller.metering.usage_watch import HoldsKey, holds_nobody
from controller.postbacks.delivery import Delivery, DeliveryOptions
from controller.postbacks.poster import PostingOptions
from controller.postbacks.schedule import Schedule
from controller.running.bans import Bans
from controller.running.prompt_rendering import build_prompts
from controller.running.reloading import Reloading
from controller.running.sharing import with_shared_secrets
from controller.script.analysis.checker import Context
from controller.script.effects import CallBack
from controller.service.build_bans import build_bans
from controller.service.build_console import CONSOLE_RETENTION, add_console
from controller.service.build_dialer import DialerParts, dialer_routes
from controller.service.build_interfaces import InterfaceParts, customer_routes
from controller.service.build_line_types import LineTypeParts, build_line_type_parts
from controller.service.build_metering import MeteringParts, build_metering
from controller.service.build_phone_notify import PhoneNotifyParts, phone_notify_routes
from controller.service.build_texts import TextParts, build_texts
from controller.service.build_voicemail import build_voicemail
from controller.service.build_voipms import VoipmsParts, voipms_routes
from controller.speech.library import SoundLibrary
from controller.speech.prompts import Prompts
from controller.speech.quota import SpeechQuota
from controller.store.database import Database
from controller.store.row_retention import RetentionRule, RowRetention

# What nothing refers to is removed when it is older than that: what is younger may be about to be referred to.
UNUSED_DAYS = 1.0
# Programs and audio are looked at 500 at a time, at most so often in an hour.
WALK_STEPS = 200
# How long a repeated request finds its first answer, which is what the queries say too.
KEPT_ANSWER_DAYS = 1.0
# How long a token of the Dialer is told to have expired, before nobody knows it any more.
EXPIRED_TOKEN_DAYS = 30.0
LARGEST_REQUEST_BYTES = 4 * 1024 * 1024
# Events that no part of a call waits for; each that is not sent saves a wake-up on every call.
UNUSED_EVENTS = ("PlaybackStarted", "ChannelStateChange", "RecordingStarted", "ChannelHold")


@dataclass(frozen=True, slots=True)
class Calls:
    """The parts of the room `calls`, wired with each other and with Asterisk's events."""

    live: LiveCalls
    journal: Journal
    queue_ids: QueueIds
    owner: Owner
    feed: CallFeed
    recordings: Recordings
    adoption: Adoption
    dialer: Dialer
    notifications: Notifications
    administration: CallAdministration
    playback_health: PlaybackHealth


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
    calls: Calls
    texts: TextParts
    retention: RowRetention
    bans: Bans
    postback_urls: PostbackUrls
    granted_dids: GrantedDids
    entries: Entries
    reloading: Reloading
    metering: MeteringParts
    line_types: LineTypeParts
    http: web.Application


def build(configuration: Configuration, database: Database) -> Service:
    """Every part, from a configuration and an open database."""
    settings = configuration.settings
    registry = CollectorRegistry()
    directory = CurrentDirectory(configuration.snapshot)
    prompts = build_prompts(settings)
    library = SoundLibrary(database, prompts)
    ari, ami = _ari(configuration), _ami(configuration)
    spool = RecordingSpool(settings.state_dir / "recordings")
    recordings = Recordings(ari, library, spool, configuration.application)
    guard = Guard(allow=settings.postbacks.allow)
    line_types = build_line_type_parts(settings.line_types, directory, guard, database)
    owner = Owner(
        database,
        configuration.controller_id,
        application=configuration.application,
        asterisk=lambda: ari.asterisk_identity,
        lease_seconds=settings.service.lease_seconds,
    )
    journal = Journal(database, owner)
    mailer = _mailer(settings, database, journal, directory, registry)
    sources = PromptSources(
        prompts, directory, library, settings.media_url, SpeechQuota(settings.speech.megabytes_an_hour)
    )
    postback_urls = PostbackUrls(database)
    metering = build_metering(configuration, database, directory, registry)
    texts = build_texts(
        configuration,
        database=database,
        directory=directory,
        ari=ari,
        ami=ami,
        registry=registry,
        postback_url=postback_urls.url,
        holds_key=metering.watch.holds,
        usage_metrics=metering.metrics,
    )
    calls = build_calls(
        database=database,
        journal=journal,
        ari=ari,
        lease_keeper=ami,
        directory=directory,
        guard=guard,
        prompts_of=lambda license_key: CallPrompts(sources, license_key),
        recordings=recordings,
        message_left=lambda: voicemail.message_left(),
        owner=owner,
        application=configuration.application,
        lease_seconds=settings.service.lease_seconds,
        context=script_context(settings),
        registry=registry,
        log_targets=CallLogTargets(
            journal,
            CallFeed(),
            _utc_now,
            settings.postbacks.date_format,
            mailer,
            metering.metrics,
            line_types.types.known,
        ),
        queue_text=texts.texts.queue_for_call,
        block_number=texts.opt_outs.block_for_call,
        forbids_call=texts.call_consent.forbids_call,
        holds_key=metering.watch.holds,
        listening=_listening(configuration),
    )
    # Calls that were adopted before the manager interface was there have not had their lease renewed.
    ami.on_ready(calls.live.renew_all)

    async def shared(fresh: Configuration) -> Configuration:
        return await with_shared_secrets(fresh, database)

    reloading = Reloading(configuration, directory, prompts, ami, shared, metering.prices)
    ami.on_ready(reloading.catch_up)
    key_sounds = KeySounds(directory, library, prompts)
    entries = Entries(database)
    entries.on_change(directory.keep)
    voicemail = build_voicemail(settings.mail, database, directory, entries, library)
    service = Service(
        settings=settings,
        database=database,
        registry=registry,
        directory=directory,
        prompts=prompts,
        library=library,
        ari=ari,
        ami=ami,
        guard=guard,
        delivery=_delivery(settings, database, guard, directory, registry),
        mailer=mailer,
        voicemail=voicemail,
        calls=calls,
        texts=texts,
        retention=_retention(settings.database, database, library),
        bans=build_bans(settings, ami, directory, registry),
        postback_urls=postback_urls,
        reloading=reloading,
        entries=entries,
        metering=metering,
        line_types=line_types,
        granted_dids=GrantedDids(database, directory, script_context(settings), key_sounds.ids),
        http=web.Application(client_max_size=LARGEST_REQUEST_BYTES, middlewares=[operator_doors(_own_names(settings))]),
    )
    _add_routes(service, configuration.admin_token, script_context(settings))
    return service


def build_calls(
    *,
    database: Database,
    journal: Journal,
    ari: AriClient,
    lease_keeper: LeaseKeeper,
    directory: CurrentDirectory,
    guard: Guard,
    prompts_of: Callable[[str], CallPrompts],
    recordings: Recordings,
    application: str,
    owner: Owner,
    lease_seconds: int,
    context: Context,
    registry: CollectorRegistry,
    log_targets: CallLogTargets,
    queue_text: QueueText,
    block_number: BlockNumber,
    forbids_call: ForbidsCall,
    holds_key: HoldsKey = holds_nobody,
    message_left: Callable[[], None] = lambda: None,
    listening: Listening = NOT_LISTENING,
) -> Calls:
    """The parts that take, place and recover calls, wired to Asterisk's events.

    prompts_of: the prompts of a licence key, by its name. context: what scripts are checked against. application: the
    Stasis application. lease_seconds: how long a call stays with a controller that is not heard of any more.
    queue_text: queues what scripts and sequences send. block_number: opts out who asks for it on a call. forbids_call:
    whether a number has opted out of a key's calls. holds_key: whether a key has reached a limit of its usage.
    message_left: told of each message that a mailbox may have got.
    """
    routes = Routes(directory)
    live = LiveCalls(ari, lease_keeper, CallMetrics(registry), lease_seconds)
    queue_ids = QueueIds(database)
    queue = CallQueue(database, owner)
    limits = CallLimits(database)
    trunk_legs = TrunkLegs(directory, live, limits, journal)
    legs = Legs(routes, application, trunk_legs.admit, trunk_legs.over)

    async def call_back(license_key: str, effect: CallBack) -> None:
        key = directory.snapshot.license_key(license_key)
        if key is None:
            raise NotificationRefused(ResponseCode.KEY_INVALID, "the licence key is not declared any more")
        await notifications.call_back(key, effect)

    routings = RoutingEffects(log_targets.now, call_back, message_left)
    playback_health = PlaybackHealth(registry, time.monotonic)
    dispatcher = EffectDispatcher(legs, guard, queue_text, block_number, recordings, routings, playback_health)
    parts = SessionParts(ari, dispatcher, log_targets, lease_seconds, listening)
    incoming = IncomingCalls(parts, live, directory, queue_ids, prompts_of, limits)
    trunks = NextTrunk(routes, queue, TrunkHealth(time.monotonic))
    outgoing = OutgoingCalls(parts, live, directory, routes, application, prompts_of, forbids_call, limits, trunks)
    sweep = Sweep(ari, live, dispatcher.conferences, recordings, application)
    adoption = Adoption(
        parts, live, CallLookup(database), owner, directory, application, prompts_of, outgoing.go_on, sweep
    )
    dialer = Dialer(queue, directory, outgoing, journal, lambda: ari.connected, holds_key)
    notifications = Notifications(
        queue, log_targets, queue_ids, routes, prompts_of, context, live.metrics, dialer.wake, forbids_call, holds_key
    )
    ari.on_event("StasisStart", incoming.stasis_start)
    ari.on_connected(adoption.connected)
    live.on_release(dialer.call_ended)
    administration = CallAdministration(live, ari, database, CallLookup(database), owner)
    return Calls(
        live,
        journal,
        queue_ids,
        owner,
        log_targets.feed,
        recordings,
        adoption,
        dialer,
        notifications,
        administration,
        playback_health,
    )


def _listening(configuration: Configuration) -> Listening:
    asterisk, thresholds = configuration.settings.asterisk, configuration.settings.answer_detection
    place = ListeningPlace(configuration.application, asterisk.texts_listen, asterisk.controller_address)
    return Listening(
        place if thresholds.listen else None,
        DetectionSettings(
            initial_silence=thresholds.initial_silence,
            longest_hello=thresholds.longest_hello,
            pause=thresholds.pause,
            beep_wait=thresholds.beep_wait,
            after_beep=thresholds.after_beep,
            next_ring=thresholds.next_ring,
        ),
    )


def _ari(configuration: Configuration) -> AriClient:
    settings = configuration.settings
    return AriClient(
        url=settings.ari_url,
        username=settings.asterisk.username,
        password=configuration.ari_password,
        application=configuration.application,
        silenced_events=(*SILENCED_EVENTS, *UNUSED_EVENTS),
    )


def _ami(configuration: Configuration) -> AmiClient:
    asterisk = configuration.settings.asterisk
    return AmiClient(
        host=asterisk.ami_host,
        port=asterisk.ami_port,
        username=asterisk.ami_username,
        secret=configuration.ami_password,
    )


def _mailer(
    settings: Settings,
    database: Database,
    journal: Journal,
    directory: CurrentDirectory,
    registry: CollectorRegistry,
) -> TraceMailer | None:
    server = _mail_server(settings)
    if server is None:
        return None

    def may_mail(license_key: str, address: str) -> bool:
        key = directory.snapshot.license_key(license_key)
        return key is not None and key.may_mail(address)

    return TraceMailer(server, CallLookup(database), journal, registry=registry, may_mail=may_mail)


def _retention(section: DatabaseSection, database: Database, library: SoundLibrary) -> RowRetention:
    rules = (
        RetentionRule("calls", "remove_old_calls", section.keep_calls_days),
        RetentionRule("traces", "remove_old_traces", section.keep_traces_days),
        RetentionRule("programs", "remove_unused_programs", UNUSED_DAYS, WALK_STEPS),
        RetentionRule("recordings", "remove_old_recordings", section.keep_recordings_days),
        RetentionRule("usage", "remove_old_usage", section.keep_usage_days),
        RetentionRule("media of texts", "remove_old_media", section.keep_text_media_days),
        RetentionRule("first answers", "remove_old_answers", KEPT_ANSWER_DAYS),
        RetentionRule("messages of the Dialer", "remove_old_dialer_messages", EXPIRED_TOKEN_DAYS),
        *CONSOLE_RETENTION,
        RetentionRule("audio of sounds", "remove_unused_audio", UNUSED_DAYS, WALK_STEPS),
    )
    return RowRetention(database, rules, library.note_use)


def _mail_server(settings: Settings) -> MailServer | None:
    mail = settings.mail
    return MailServer(mail.host, mail.port, mail.sender, mail.username, mail.password, mail.tls) if mail.host else None


def _delivery(
    settings: Settings,
    database: Database,
    guard: Guard,
    directory: CurrentDirectory,
    registry: CollectorRegistry,
) -> Delivery:
    def secrets(license_key: str) -> tuple[str, ...]:
        known = directory.snapshot.license_key(license_key)
        return known.webhook_secrets if known else ()

    section, server = settings.postbacks, _mail_server(settings)

    async def mail(recipient: str, body: str) -> None:
        assert server is not None
        subject, _, content = body.partition("\n\n")
        await server.hand_in(plain_mail(server.sender, recipient, subject, content))

    options = DeliveryOptions(
        schedule=Schedule() if section.schedule is None else Schedule(delays=section.schedule),
        posting=PostingOptions(section.connect_seconds, section.total_seconds),
        overtake_seconds=section.overtake_seconds,
        keep_days=section.keep_days,
    )
    return Delivery(database, guard, options, secrets=secrets, registry=registry, mail=mail if server else None)


def _add_routes(service: Service, admin_token: str, context: Context) -> None:
    async def ari_ready() -> bool:
        if not service.ari.connected:
            return False
        await service.ari.asterisk.ping()
        return True

    async def media_ready() -> bool:
        return await service.calls.playback_health.is_ready() and await service.prompts.is_ready()

    async def ami_ready() -> bool:
        return service.ami.ready

    checks = {
        "ari": ari_ready,
        "ami": ami_ready,
        "database": service.database.ready,
        "media": media_ready,
    }
    calls = service.calls
    health = HealthHandler(checks, service.registry)
    service.http.add_routes(health.routes())
    service.http.add_routes(MediaHandler(service.prompts.directory).routes())
    service.http.add_routes(AdminHandler(admin_token, calls.feed, service.reloading.apply).routes())
    parts = InterfaceParts(
        service.settings.http,
        service.database,
        service.directory,
        service.guard,
        service.texts.texts,
        service.postback_urls,
    )
    service.http.add_routes(customer_routes(parts))
    service.http.add_routes(
        phone_notify_routes(
            PhoneNotifyParts(
                service.database,
                service.directory,
                KeySounds(service.directory, service.library, service.prompts),
                calls.notifications,
                service.granted_dids,
                calls.administration,
                service.settings.http,
                parts.guesses,
                prices=service.metering.prices,
            )
        )
    )
    service.http.add_routes(
        dialer_routes(
            DialerParts(
                service.database,
                service.directory,
                KeySounds(service.directory, service.library, service.prompts),
                calls.notifications,
                calls.queue_ids,
                service.line_types.types,
                service.settings.http,
                parts.guesses,
            )
        )
    )
    service.http.add_routes(
        voipms_routes(
            VoipmsParts(
                service.database,
                service.directory,
                service.granted_dids,
                service.entries,
                KeySounds(service.directory, service.library, service.prompts),
                service.texts.texts,
                service.texts.phones,
                service.metering.accounts,
                service.settings.http,
                parts.guesses,
            )
        )
    )
    service.http.add_routes(
        CallsAdminHandler(admin_token, service.directory, calls.notifications, calls.administration).routes()
    )
    add_console(
        service.http,
        ConsoleParts(
            service.settings.http,
            service.database,
            service.directory,
            calls.feed,
            calls.administration,
            service.texts.texts,
            service.granted_dids,
            service.entries,
            KeySounds(service.directory, service.library, service.prompts),
            health.parts,
            context,
        ),
    )


def _own_names(settings: Settings) -> set[str]:
    """The hosts that the operator's doors are known by, as the configuration names them."""
    urls = (settings.media_url, settings.http.public_url, settings.http_url)
    return {name for url in urls if (name := urlsplit(url).hostname)}


def _utc_now() -> datetime:
    return datetime.now(UTC)
