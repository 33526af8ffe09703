"""The room `calls`: its parts, wired with each other and with Asterisk's events."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from prometheus_client import CollectorRegistry

from controller.asterisk.ari.client import AriClient
from controller.calls.acknowledgements import Acknowledgements
from controller.calls.administration import CallAdministration
from controller.calls.call_log import CallLogTargets
from controller.calls.call_prompts import CallPrompts
from controller.calls.call_recorder import CallRecorder
from controller.calls.effects.dispatch import EffectDispatcher
from controller.calls.effects.opt_out import BlockNumber
from controller.calls.effects.routings import RoutingEffects
from controller.calls.effects.send_text import QueueText
from controller.calls.effects.transfer_leg import Legs
from controller.calls.feed import CallFeed
from controller.calls.incoming import IncomingCalls
from controller.calls.line.answer_judge import DetectionSettings
from controller.calls.line.line import NOT_LISTENING, Listening
from controller.calls.line.listener import ListeningPlace
from controller.calls.listening_in import ListeningIn
from controller.calls.live import LiveCalls, ManagerInterface, channels_of
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
from controller.calls.recovery.unseen import UnseenLegs
from controller.calls.session import CallSession, SessionParts
from controller.calls.sip_capture import SipCapture
from controller.calls.store.call_limits import CallLimits
from controller.calls.store.call_lookup import CallLookup
from controller.calls.store.call_queue import CallQueue
from controller.calls.store.call_recordings import CallRecordings
from controller.calls.store.controllers import Owner
from controller.calls.store.journal import Journal
from controller.calls.store.queue_ids import QueueIds
from controller.calls.store.recordings import Recordings
from controller.calls.store.sip_ladders import SipLadders
from controller.calls.trace_mail import FAILED_ENDS
from controller.config.load import Configuration
from controller.directory.current import CurrentDirectory
from controller.directory.routes import Routes
from controller.egress.guard import Guard
from controller.errors import NotificationRefused
from controller.metering.usage_watch import HoldsKey, holds_nobody
from controller.script.analysis.checker import Context
from controller.script.effects import CallBack
from controller.store.database import Database


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
    trunk_health: TrunkHealth
    limits: CallLimits
    sip: SipCapture


def _keep_sip(sip: SipCapture, session: CallSession) -> None:
    """A call is over: its SIP messages are kept, before others' those of one that nobody answered or that failed."""
    failed = session.call.answered_at is None or session.call.end_reason in FAILED_ENDS
    sip.call_over(session.call.queue_id, channels_of(session), failed=failed)


def build_calls(
    *,
    database: Database,
    journal: Journal,
    ari: AriClient,
    manager: ManagerInterface,
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
    unseen: UnseenLegs,
    queue_text: QueueText,
    block_number: BlockNumber,
    forbids_call: ForbidsCall,
    holds_key: HoldsKey = holds_nobody,
    message_left: Callable[[], None] = lambda: None,
    listening: Listening = NOT_LISTENING,
    acknowledgements: Acknowledgements | None = None,
    added_voices: Collection[int] = (),
    is_offline: Callable[[str], bool] = lambda _trunk: False,
) -> Calls:
    """The parts that take, place and recover calls, wired to Asterisk's events.

    prompts_of: the prompts of a licence key, by its name. context: what scripts are checked against. application: the
    Stasis application. lease_seconds: how long a call stays with a controller that is not heard of any more.
    queue_text: queues what scripts and sequences send. block_number: opts out who asks for it on a call. forbids_call:
    whether a number has opted out of a key's calls. holds_key: whether a key has reached a limit of its usage.
    is_offline: whether Asterisk says that a trunk does not answer, by its name.
    unseen: what happens to legs while no controller is there.
    message_left: told of each message that a mailbox may have got. acknowledgements: told of what Asterisk mirrors.
    """
    acknowledged = acknowledgements or Acknowledgements()
    health = TrunkHealth(time.monotonic, is_offline)
    routes = Routes(directory, health.rests)
    live = LiveCalls(ari, manager, CallMetrics(registry), lease_seconds)
    queue_ids = QueueIds(database)
    queue = CallQueue(database, owner)
    limits = CallLimits(database)
    trunk_legs = TrunkLegs(directory, live, limits, journal)
    recorder = CallRecorder(live, ari, directory, recordings, application, holds_key, CallRecordings(database).file)
    legs = Legs(
        routes,
        application,
        trunk_legs.admit,
        trunk_legs.over,
        holds_key,
        health.failed,
        health.worked,
        recorder.leg_answered,
    )

    async def call_back(license_key: str, effect: CallBack) -> None:
        key = directory.snapshot.license_key(license_key)
        if key is None:
            raise NotificationRefused(ResponseCode.KEY_INVALID, "the licence key is not declared any more")
        await notifications.call_back(key, effect)

    routings = RoutingEffects(log_targets.now, call_back, message_left)
    playback_health = PlaybackHealth(registry, time.monotonic)
    dispatcher = EffectDispatcher(legs, guard, queue_text, block_number, recordings, routings, playback_health)
    parts = SessionParts(ari, dispatcher, log_targets, lease_seconds, listening)
    incoming = IncomingCalls(
        parts, live, directory, queue_ids, prompts_of, limits, acknowledged, unseen.answered_at, recorder
    )
    trunks = NextTrunk(routes, queue, health)
    outgoing = OutgoingCalls(parts, live, directory, routes, application, prompts_of, forbids_call, limits, trunks)
    sweep = Sweep(ari, live, dispatcher.conferences, recordings, application)
    adoption = Adoption(
        parts,
        live,
        CallLookup(database),
        owner,
        directory,
        application,
        prompts_of,
        outgoing.go_on,
        sweep,
        unseen,
        queue_ids,
    )
    dialer = Dialer(queue, directory, outgoing, journal, lambda: ari.connected, holds_key)
    notifications = Notifications(
        queue,
        log_targets,
        queue_ids,
        routes,
        prompts_of,
        context,
        live.metrics,
        dialer.wake,
        forbids_call,
        holds_key,
        added_voices,
    )
    ari.on_event("StasisStart", incoming.stasis_start)
    sip = SipCapture(SipLadders(database), live.channels_of, time.monotonic)
    ari.on_event("StasisStart", sip.on_channel)
    live.on_over(partial(_keep_sip, sip))
    ari.on_connected(adoption.connected)
    live.on_release(dialer.call_ended)
    administration = CallAdministration(
        live, ari, database, CallLookup(database), owner, ListeningIn(live, ari, application), routes
    )
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
        health,
        limits,
        sip,
    )


def listening_of(configuration: Configuration) -> Listening:
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
