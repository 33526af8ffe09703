"""The line: a call's channel as an effect sees it. Waits for things to happen and lets the engine judge each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Literal, Protocol

import structlog

from controller.asterisk.ari.channels import Channel
from controller.asterisk.ari.client import AriClient
from controller.asterisk.ari.events import CONNECTION_LOST, CONNECTION_RESTORED, ChannelEvents, Event
from controller.calls.line.answer_detection import AnswerDetection
from controller.calls.line.answer_judge import DetectionSettings
from controller.calls.line.key_presses import KeyPresses
from controller.calls.line.listener import LineListener, ListeningPlace
from controller.calls.line.talk_detection import TalkDetection
from controller.calls.model.response_codes import TransferState
from controller.errors import AsteriskError, AsteriskNotFound, AsteriskUnreachable
from controller.script.engine import Engine
from controller.script.outcomes import Detected, DigitPressed, Observation, Reaction, TransferAsked
from controller.script.transcript import Told

log = structlog.get_logger()

# What has no limit of its own ends with the call, at the session's limit; its event is asked for again so often.
LONGEST_WAIT_SECONDS = 3600.0

# Two playbacks are in Asterisk at once, and of the two before them it may still be telling the end.
PLAYBACK_IDS = 4

HANG_UP_EVENTS = frozenset({"ChannelHangupRequest", "StasisEnd", "ChannelDestroyed"})

# A request that comes when the caller has just hung up is refused before the hang-up is told; it is told so soon after.
HANG_UP_FOLLOWS_SECONDS = 0.5

# Put into a call's events to end it from outside: its time is up, or somebody cancels it.
ENDED_FROM_OUTSIDE = "RingpostEnd"
# The same, to have it transferred.
TRANSFERRED_FROM_OUTSIDE = "RingpostTransfer"

# What Asterisk sends on a channel, e.g. "(g722)"; the first of several is the one in use.
CODECS_VARIABLE = "CHANNEL(audionativeformat)"
WIDE_CODECS = frozenset({"g722", "opus", "slin16", "speex16", "siren7", "siren14", "silk16", "amrwb"})

# In a hang-up that Asterisk itself asks for (`soft`), the number is no cause but who asks: AST_SOFTHANGUP_DEV.
_BY_DEVICE = 1


class Happening(Enum):
    """Why a wait ended."""

    TIME = auto()
    EVENT = auto()
    STOPPED = auto()
    HUNG_UP = auto()
    LOST = auto()


class Lost(Exception):
    """Asterisk's events were interrupted: the effect under way has to be carried out again."""


class CallChanges(Protocol):
    """What an effect makes of the call: see `CallLog`."""

    @property
    def transfer(self) -> TransferState: ...

    @property
    def has_leg(self) -> bool: ...

    def transfer_became(
        self, transfer: Literal["ringing", "bridged", "failed"], *, number: str = "", route: str = ""
    ) -> None: ...

    def conference_joined(self, *, started: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class LineLog:
    """What a line writes down: the engine's notes, a line of the trace, what becomes of the call."""

    take_notes: Callable[[], None]
    tell: Callable[[str, Mapping[str, object]], None]
    changes: CallChanges


@dataclass(frozen=True, slots=True)
class Listening:
    """How calls are listened to: where Asterisk sends what it hears (None: it cannot), and how answers are judged."""

    place: ListeningPlace | None
    detection: DetectionSettings


NOT_LISTENING = Listening(None, DetectionSettings())


def _is_wide(codecs: str) -> bool:
    return codecs.strip("()").partition("|")[0] in WIDE_CODECS


def _fixed_id(queue_id: int, kind: str) -> str:
    return f"ringpost-{queue_id}-{kind}"


class Line:
    """One channel, its events in order, and the engine that is told of what the other side does."""

    def __init__(
        self,
        ari: AriClient,
        channel: Channel,
        events: ChannelEvents,
        engine: Engine,
        *,
        queue_id: int,
        caller: str,
        other_party: str,
        outgoing: bool,
        lease_seconds: int,
        log_to: LineLog,
        seconds_left: Callable[[], float] = lambda: LONGEST_WAIT_SECONDS,
        listening: Listening = NOT_LISTENING,
        codecs: str = "",
    ) -> None:
        """`caller`: the number that others see when this call reaches them; of an outgoing call it is one of ours.
        `other_party`: the number of who is at the other end, in E.164 where it is one.

        codecs: what CODECS_VARIABLE was when the call came in; empty where that is not known.

        lease_seconds: Asterisk's TIMEOUT(absolute) on each channel of the call is a lease: one whose controller is gone
        for so long leaves Stasis by itself, hears the announcement and is hung up (asterisk-config/extensions.conf.j2).
        """
        self.ari = ari
        self.channel = channel
        self.events = events
        self.engine = engine
        self.caller = caller
        self.other_party = other_party
        self.outgoing = outgoing
        self.lease_seconds = lease_seconds
        self.seconds_left = seconds_left  # until the call has lasted as long as it may
        self.listener = LineListener(ari, channel.id, partial(_fixed_id, queue_id), listening.place)
        self.talk_detection = TalkDetection(channel, self.listener, events.put)
        self._wide = _is_wide(codecs) if codecs else None
        self.answer_detection = AnswerDetection(
            channel, self.talk_detection, events.put, self.listener, listening.detection
        )
        self._presses = KeyPresses()
        self.heard = self.unheard = 0  # playbacks that were heard, and prompts that could not be
        self.hung_up = False
        self.hung_up_at = 0.0  # in seconds of 1970, by Asterisk's clock; 0: Asterisk has not told
        self.destroyed = False
        self.transfer_routes: tuple[str, ...] = ()  # the trunks that the legs of a transfer go through, while it lasts
        self.hangup_cause = 0
        self.ended_by_device = False
        """Whether Asterisk's own SIP channel has ended the call, as it does when no RTP comes any more."""
        self.sip_status = 0
        self.ended_from_outside = ""
        self.handed_over = False  # the next controller goes on with the call: what its effect has made stays
        self.queue_id = queue_id
        self._playbacks = 0
        self._log = log_to

    def playback_id(self) -> str:
        """An id for the next playback: one of a few in turn, so that whoever drives the call later can stop all."""
        self._playbacks += 1
        return self.fixed_id(f"play-{self._playbacks % PLAYBACK_IDS}")

    async def is_wide(self) -> bool:
        """Whether the other side gets 16 kHz: as its codec was told at the beginning, else asked for once."""
        if self._wide is None:
            try:
                self._wide = _is_wide(await self.channel.get_variable(CODECS_VARIABLE))
            except AsteriskError:
                self._wide = False
        return self._wide

    async def silence(self) -> None:
        """Stop what an earlier driver, or the same one before a lost connection, may have left playing."""
        for number in range(PLAYBACK_IDS):
            with suppress(AsteriskNotFound):
                await self.ari.playbacks.stop(self.fixed_id(f"play-{number}"))

    async def send_silence(self) -> None:
        """Send silence until something is played, is sent as digits, or comes from a bridge.

        Devices and carriers take a line without packets for dead, and some hear nothing before they get the first one.
        What cannot be had does not hold up the call: its next request is told why.
        """
        with suppress(AsteriskError):
            await self.channel.start_silence()

    async def stop_silence(self) -> None:
        """Send no silence: what comes from a bridge, or from the dialplan, would be dropped behind it."""
        with suppress(AsteriskError):
            await self.channel.stop_silence()

    def fixed_id(self, kind: str) -> str:
        """An id that is the same whoever drives the call: of what outlives a controller and is rejoined."""
        return _fixed_id(self.queue_id, kind)

    def end(self, reason: str) -> None:
        """End the call from outside of its script, with this reason: the effect under way ends as at a hang-up."""
        self.events.put(Event(ENDED_FROM_OUTSIDE, {"reason": reason}))

    def transfer(self, number: str) -> None:
        """Have the call transferred from outside of its script: what is under way is left for it."""
        self.events.put(Event(TRANSFERRED_FROM_OUTSIDE, {"number": number}))

    def hand_over(self) -> None:
        """Leave the channel, and what the effect under way has made, to whoever adopts the call."""
        self.handed_over = True

    def observe(self, observation: Observation) -> Reaction:
        """Tell the engine what was noticed, and have it written to the trace."""
        reaction = self.engine.observe(observation)
        self._log.take_notes()
        return reaction

    def tell(self, told: Iterable[Told]) -> None:
        """Write down what has just happened, in the words of the transcript."""
        for event, fields in told:
            self._log.tell(event, fields)

    @property
    def changes(self) -> CallChanges:
        """What an effect makes of the call."""
        return self._log.changes

    async def wait(
        self, seconds: float | None, *, until: Callable[[Event], bool] | None = None, judged: bool = True
    ) -> Happening:
        """Wait for `until(event)`, for the engine's STOP, for a hang-up, or for the time.

        seconds: at most so long (None: no limit); starts again when the engine says so.
        judged: False lets digits be noted without ending the wait (nothing would be stopped by them).
        """
        if self.hung_up:
            return Happening.HUNG_UP
        loop = asyncio.get_running_loop()
        deadline = None if seconds is None else loop.time() + seconds
        while True:
            left = None if deadline is None else deadline - loop.time()
            event = await self.events.get(LONGEST_WAIT_SECONDS if left is None else left)
            if event is None:
                if deadline is None:
                    continue  # the session's own limit bounds it
                return Happening.TIME
            happening = self._ended_by(event)
            if happening is not None:
                return happening
            reaction = self._reaction_to(event)
            if reaction is Reaction.STOP and judged:
                return Happening.STOPPED
            if reaction is Reaction.RESTART_TIMER and seconds is not None:
                deadline = loop.time() + seconds
            if until is not None and until(event):
                return Happening.EVENT

    def _ended_by(self, event: Event) -> Happening | None:
        """How an event ends whatever is waited for; None when it does not."""
        if event.type == CONNECTION_LOST:
            self.talk_detection.interrupted()
            self.answer_detection.interrupted()
            return Happening.LOST
        if event.type == ENDED_FROM_OUTSIDE:
            self._end_from_outside(event)
            return Happening.HUNG_UP
        if event.type in HANG_UP_EVENTS and event.channel_id == self.channel.id:
            self._hung_up_by(event)
            return Happening.HUNG_UP
        return None

    def _reaction_to(self, event: Event) -> Reaction:
        """Tell the engine of digits and of what is recognised on this line; a transferred leg is not its business."""
        if event.type == TRANSFERRED_FROM_OUTSIDE:
            return self.observe(TransferAsked(str(event.data["number"])))
        if event.channel_id != self.channel.id:
            return Reaction.GO_ON
        if event.type == "ChannelDtmfReceived":
            return self.observe(DigitPressed(event.digit)) if self._presses.is_new(event) else Reaction.GO_ON
        self.talk_detection.notice(event)
        what = self.answer_detection.notice(event)
        return self.observe(Detected(what, self.answer_detection.evidence)) if what else Reaction.GO_ON

    def _hung_up_by(self, event: Event) -> None:
        self.hung_up = True
        self.hung_up_at = self.hung_up_at or event.moment
        self.destroyed = self.destroyed or event.type == "ChannelDestroyed"
        self.hangup_cause = event.cause or self.hangup_cause
        self.ended_by_device = self.ended_by_device or (bool(event.data.get("soft")) and event.cause == _BY_DEVICE)
        self.sip_status = event.sip_status or self.sip_status

    async def events_until(self, seconds: float, event_type: str) -> bool:
        """Pass over what is told of this channel up to an event of this type; False when it does not come in time.

        Passed over are also the end of an earlier channel of the same id, and a connection that is there again.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while (event := await self.events.get(deadline - loop.time())) is not None:
            if event.type == ENDED_FROM_OUTSIDE:
                self._end_from_outside(event)
                return False
            if event.type == CONNECTION_LOST and not self.ari.connected:
                return False
            if event.type == event_type and event.channel_id == self.channel.id:
                return True
        return False

    async def past_hang_up(self, seconds: float, until: Callable[[Event], bool]) -> bool:
        """Wait for `until(event)`, even beyond a hang-up; False when it did not come in time. Digits are left out."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while (event := await self.events.get(deadline - loop.time())) is not None:
            if event.type == ENDED_FROM_OUTSIDE:
                self._end_from_outside(event)
            if event.channel_id == self.channel.id and event.type in HANG_UP_EVENTS:
                self._hung_up_by(event)
            if until(event):
                return True
        return False

    async def is_gone(self) -> bool:
        """Whether a request was refused because the other side has hung up. Raises Lost, AsteriskUnreachable."""
        happening = await self.wait(HANG_UP_FOLLOWS_SECONDS, judged=False)
        if happening is Happening.LOST:
            raise Lost
        if happening is not Happening.HUNG_UP:
            try:
                await self.channel.state()
            except AsteriskNotFound:
                self.hung_up = True
        return self.hung_up

    async def until_destroyed(self) -> None:
        """Wait for the end of a channel that has left Stasis for the dialplan; the session's own limit bounds it."""
        while not self.hung_up:
            event = await self.events.get(LONGEST_WAIT_SECONDS)
            if event is None:
                continue
            if event.type == "ChannelDestroyed" and event.channel_id == self.channel.id:
                self._hung_up_by(event)
            elif event.type == ENDED_FROM_OUTSIDE:
                self._end_from_outside(event)
            elif event.type == "ChannelDtmfReceived" and self._presses.is_new(event):
                self.observe(DigitPressed(event.digit))

    def _end_from_outside(self, event: Event) -> None:
        self.ended_from_outside = str(event.data["reason"])
        self.hung_up = True

    async def restored(self, seconds: float) -> None:
        """After LOST: wait until Asterisk can be asked again, passing over what the old connection still told.

        Raises AsteriskUnreachable when that takes longer than `seconds`. A hang-up is noticed at the next wait.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while True:
            event = await self.events.get(deadline - loop.time())
            if event is None:
                raise AsteriskUnreachable
            if event.type == CONNECTION_RESTORED:
                return
            if event.type == ENDED_FROM_OUTSIDE:
                self._end_from_outside(event)
            elif event.channel_id == self.channel.id and event.type in HANG_UP_EVENTS:
                self._hung_up_by(event)

    async def hang_up(self, cause: int = 16) -> None:
        """Hang up with this Q.850 cause; a channel that is gone already is fine."""
        try:
            await self.channel.hangup(reason_code=cause)
        except AsteriskNotFound:
            pass
        except AsteriskError as error:
            log.warning("hang-up not confirmed", reason=str(error))
