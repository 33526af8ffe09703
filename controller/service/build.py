"""The composition root: the only place that knows every part. It builds and wires; nothing is started here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlsplit

from aiohttp import web
from prometheus_client import CollectorRegistry

from controller.api.operator_doors import operator_doors
from controller.asterisk.ami import AmiClient
from controller.asterisk.ari.client import SILENCED_EVENTS, AriClient
from controller.asterisk.browser_phones import BrowserPhones
from controller.asterisk.leg_log import LegLog
from controller.calls.acknowledgements import MIRRORED_SECONDS, Acknowledgements
from controller.calls.call_log import CallLogTargets
from controller.calls.call_prompts import CallPrompts, PromptSources
from controller.calls.feed import CallFeed
from controller.calls.recovery.unseen import UnseenLegs
from controller.calls.store.call_lookup import CallLookup
from controller.calls.store.controllers import Owner
from controller.calls.store.journal import Journal
from controller.calls.store.recording_spool import RecordingSpool
from controller.calls.store.recordings import Recordings
from controller.calls.trace_mailer import TraceMailer
from controller.config.load import Configuration, script_context
from controller.config.sections import DatabaseSection
from controller.config.settings import Settings
from controller.directory.current import CurrentDirectory
from controller.directory.entries import Entries
from controller.directory.granted_dids import GrantedDids
from controller.directory.key_sounds import KeySounds
from controller.directory.postback_urls import PostbackUrls
from controller.directory.stored_keys import StoredKeys
from controller.egress.guard import Guard
from controller.mail.server import plain_mail
from controller.metering.store.records import write_usage
from controller.postbacks.delivery import Delivery, DeliveryOptions
from controller.postbacks.poster import PostingOptions
from controller.postbacks.schedule import Schedule
from controller.running.prompt_rendering import build_prompts
from controller.running.provisioning import leg_log_of
from controller.running.reloading import Reloading
from controller.running.sharing import with_shared_secrets
from controller.service.build_bans import build_bans
from controller.service.build_calls import build_calls, listening_of
from controller.service.build_console import CONSOLE_RETENTION
from controller.service.build_line_types import build_line_type_parts
from controller.service.build_metering import build_metering
from controller.service.build_routes import add_routes
from controller.service.build_texts import build_texts
from controller.service.build_voicemail import build_message_waiting, build_voicemail, mail_server
from controller.service.parts import Service
from controller.speech.library import SoundLibrary
from controller.speech.metrics import SpeechMetrics
from controller.speech.quota import SpeechQuota
from controller.speech.shared_speech import SharedSpeech
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


def build(configuration: Configuration, database: Database) -> Service:
    """Every part, from a configuration and an open database."""
    settings = configuration.settings
    registry = CollectorRegistry()
    directory = CurrentDirectory(configuration.snapshot)
    prompts = build_prompts(settings, SpeechMetrics(registry), SharedSpeech(database))
    library = SoundLibrary(database, prompts)
    ari, ami = _ari(configuration), _ami(configuration)
    phones = _browser_phones(settings, ari)
    spool = RecordingSpool(settings.state_dir / "recordings")
    recordings = Recordings(ari, library, spool, configuration.application)
    guard = Guard(allow=settings.postbacks.allow)
    metering = build_metering(configuration, database, directory, registry)
    line_types = build_line_type_parts(settings.line_types, directory, guard, database, metering.metrics)
    owner = Owner(
        database,
        configuration.controller_id,
        application=configuration.application,
        asterisk=lambda: ari.asterisk_identity,
        lease_seconds=settings.service.lease_seconds,
    )
    journal = Journal(database, owner)
    mailer = _mailer(settings, database, journal, directory, registry)
    quota = SpeechQuota(settings.speech.megabytes_an_hour)
    sources = PromptSources(prompts, directory, library, settings.media_url, quota, metering.speech.made)
    postback_urls = PostbackUrls(database)
    texts = build_texts(
        configuration,
        database=database,
        directory=directory,
        ari=ari,
        ami=ami,
        registry=registry,
        postback_url=postback_urls.url,
        holds_key=metering.watch.holds,
        held_keys=metering.watch.held,
        usage_metrics=metering.metrics,
        browsers=phones,
    )
    hep = texts.listeners.hep
    acknowledgements = Acknowledgements(lambda: hep.heard_within(MIRRORED_SECONDS))
    hep.on_sip(acknowledgements.on_sip)
    unseen = UnseenLegs(
        LegLog(leg_log_of(settings)),
        CallLookup(database),
        directory,
        configuration.application,
        owner,
        partial(write_usage, database),
        _utc_now,
    )
    calls = build_calls(
        database=database,
        journal=journal,
        ari=ari,
        manager=ami,
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
            unseen.ended_at,
        ),
        queue_text=texts.texts.queue_for_call,
        block_number=texts.opt_outs.block_for_call,
        forbids_call=texts.call_consent.forbids_call,
        holds_key=metering.watch.holds,
        listening=listening_of(configuration),
        acknowledgements=acknowledgements,
        is_offline=lambda trunk: trunk in texts.phones.offline,
        added_voices=voices_added(settings.speech.voices),
        unseen=unseen,
    )
    # Calls that were adopted before the manager interface was there have not had their lease renewed.
    ami.on_ready(calls.live.renew_all)

    async def shared(fresh: Configuration) -> Configuration:
        return await with_shared_secrets(fresh, database)

    reloading = Reloading(configuration, directory, prompts, ami, shared, metering.prices, line_types.reload)
    ami.on_ready(reloading.catch_up)
    key_sounds = KeySounds(directory, library, prompts, metering.speech.made)
    stored_keys = StoredKeys(database, directory)
    directory.on_change(calls.dialer.directory_changed)
    entries = Entries(database)
    entries.on_change(directory.keep)
    hep.on_packet(calls.sip.on_packet)
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
        delivery=_delivery(settings, database, guard, directory, stored_keys, registry),
        mailer=mailer,
        voicemail=voicemail,
        message_waiting=build_message_waiting(database, directory, library, ari),
        calls=calls,
        texts=texts,
        retention=_retention(settings.database, database, library),
        bans=build_bans(settings, ami, directory, registry),
        postback_urls=postback_urls,
        reloading=reloading,
        stored_keys=stored_keys,
        entries=entries,
        key_sounds=key_sounds,
        metering=metering,
        line_types=line_types,
        phones=phones,
        granted_dids=GrantedDids(database, directory, script_context(settings), key_sounds.ids),
        http=web.Application(client_max_size=LARGEST_REQUEST_BYTES, middlewares=[operator_doors(_own_names(settings))]),
    )
    add_routes(service, configuration.admin_token, script_context(settings))
    return service


def voices_added(voices: Mapping[str, str]) -> list[int]:
    """The ids of the voices that the configuration names."""
    return [int(voice_id) for voice_id in voices if voice_id.isdecimal()]


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


def _browser_phones(settings: Settings, ari: AriClient) -> BrowserPhones:
    """The telephones in browsers, over the WebSocket beside ARI."""
    # ws:// or wss://, as ARI is reached.
    url = f"ws{settings.ari_url.removeprefix('http')}/ws" if settings.sip.browser_phones else ""
    phones = BrowserPhones(
        ari,
        url,
        rtp_timeout_seconds=settings.sip.rtp_timeout_seconds,
        external_address=settings.sip.external_address,
    )
    ari.on_connected(phones.sweep)
    return phones


def _mailer(
    settings: Settings,
    database: Database,
    journal: Journal,
    directory: CurrentDirectory,
    registry: CollectorRegistry,
) -> TraceMailer | None:
    server = mail_server(settings.mail)
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
        RetentionRule("SIP messages of calls", "remove_old_sip_ladders", section.keep_sip_days),
        RetentionRule("usage", "remove_old_usage", section.keep_usage_days),
        RetentionRule("media of texts", "remove_old_media", section.keep_text_media_days),
        RetentionRule("first answers", "remove_old_answers", KEPT_ANSWER_DAYS),
        RetentionRule("messages of the Dialer", "remove_old_dialer_messages", EXPIRED_TOKEN_DAYS),
        *CONSOLE_RETENTION,
        RetentionRule("audio of sounds", "remove_unused_audio", UNUSED_DAYS, WALK_STEPS),
    )
    return RowRetention(database, rules, library.note_use)


def _delivery(
    settings: Settings,
    database: Database,
    guard: Guard,
    directory: CurrentDirectory,
    stored_keys: StoredKeys,
    registry: CollectorRegistry,
) -> Delivery:
    def secrets(license_key: str) -> tuple[str, ...]:
        known = directory.snapshot.license_key(license_key)
        return known.webhook_secrets if known else stored_keys.webhook_secrets(license_key)

    section, server = settings.postbacks, mail_server(settings.mail)

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


def _own_names(settings: Settings) -> set[str]:
    """The hosts that the operator's doors are known by, as the configuration names them."""
    urls = (settings.media_url, settings.http.public_url, settings.http_url)
    return {name for url in urls if (name := urlsplit(url).hostname)}


def _utc_now() -> datetime:
    return datetime.now(UTC)
