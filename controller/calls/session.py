"""The session: a script's engine and a channel take turns until the call is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import structlog

from controller.asterisk.ari.channels import Channel
from controller.asterisk.ari.client import AriClient
from controller.asterisk.ari.events import ChannelEvents
from controller.calls.call_log import CallLog, CallLogTargets
from controller.calls.call_prompts import CallPrompts
from controller.calls.effects.dispatch import EffectDispatcher
from controller.calls.line.line import NOT_LISTENING, Line, LineLog, Listening, Lost
from controller.calls.model.call import LONGEST_CALL_SECONDS, Call
from controller.calls.model.response_codes import ResponseCode
from controller.calls.store.stored_calls import StoredCall
from controller.errors import AsteriskError, AsteriskUnreachable, StateInvalid
from controller.ivr.compiled import compile_source
from controller.script.effects import CallBack, Effect, End, TellTime, Transfer
from controller.script.engine import Engine
from controller.script.outcomes import HungUp, Outcome
from controller.script.program import Program
from controller.script.transcript import tell_beginning, tell_end

log = structlog.get_logger()

ASTERISK_LOST = "asterisk-lost"
# The caller's side never sent the ACK of our answer: see `Acknowledgements`.
UNCONFIRMED = "unconfirmed"
# Meanwhile nobody renews Asterisk's own lease on the call (90 s unless configured): it is near its end by then.
RECONNECT_PATIENCE_SECONDS = 60.0
# How much longer than its longest time a call may take to end in an orderly way before it is cut off.
END_PATIENCE_SECONDS = 30.0
# How long the rest of a call's events are awaited after the hang-up was asked for.
HANG_UP_PATIENCE_SECONDS = 5.0
# With this cause (Q.850) Asterisk ends a call in progress that has sent no RTP for `sip.rtp_timeout_seconds`.
MEDIA_TIMED_OUT = 44


@dataclass(frozen=True, slots=True)
class SessionParts:
    """What every session works with. lease_seconds: see `Line`."""

    ari: AriClient
    dispatcher: EffectDispatcher
    log_targets: CallLogTargets
    lease_seconds: int
    listening: Listening = NOT_LISTENING


class CallSession:
    """One live call. `run()` drives it from its present state to its end and records every step."""

    def __init__(
        self,
        parts: SessionParts,
        call: Call,
        engine: Engine,
        channel: Channel,
        events: ChannelEvents,
        prompts: CallPrompts,
        codecs: str = "",
    ) -> None:
        self.call = call
        self._engine = engine
        self._dispatcher = parts.dispatcher
        self._prompts = prompts.spoken(engine.state.speech_rate, engine.state.speech_volume)
        self._now = parts.log_targets.now
        self._lost_at: datetime | None = None
        self._answered_at: datetime | None = None
        # What a routing asks for first that needs an answered call.
        self._first: Effect | None = None
        self.call_log = call_log = CallLog(parts.log_targets, call, lambda: engine.state)
        self.line = Line(
            parts.ari,
            channel,
            events,
            engine,
            queue_id=call.queue_id,
            caller=call.our_number if call.outgoing else call.their_number,
            other_party=call.their_number,
            outgoing=call.outgoing,
            lease_seconds=parts.lease_seconds,
            listening=parts.listening,
            # Nothing in it leads back to the session: a call that is over is freed at once, without the collector.
            log_to=LineLog(lambda: call_log.take(engine.take_notes()), call_log.tell, call_log),
            seconds_left=partial(_seconds_left, call, parts.log_targets.now),
            codecs=codecs,
        )

    @classmethod
    def of_stored(cls, parts: SessionParts, stored: StoredCall, prompts: CallPrompts) -> CallSession:
        """The session of a stored call, at its stored state. StateInvalid."""
        call, ari = stored.call, parts.ari
        if stored.source is None:
            raise StateInvalid("The program of this call is not stored.")
        engine = Engine(compile_source(stored.source), stored.state())
        channel, events = ari.channels.get(call.channel_id), ari.events_of(call.channel_id)
        return cls(parts, call, engine, channel, events, prompts)

    def transfer(self, number: str) -> bool:
        """Leave the script for a transfer to a number, or to `sip:NAME`; False where nobody is there to be transferred,
        or somebody talks to them already.
        """
        if self.call.answered_at is None or self.line.hung_up or self._engine.converses:
            return False
        self.line.transfer(number)
        return True

    @property
    def program(self) -> Program:
        """What the call runs."""
        return self._engine.program

    async def prepare(self) -> None:
        """Make ready what the script can say, before anybody hears it. SpeechError for what cannot be said."""
        await self._prompts.prepare(self.program, self._engine.state.voice)

    async def refusal(self) -> End | None:
        """How a call ends that its routing turns away before it is answered; None when there is something to hear.

        What a routing does without a sound comes before: it asks for the time, or has somebody called back.
        """
        effect = self._engine.start()
        while isinstance(effect, TellTime | CallBack):
            outcome = await self._dispatcher.perform(self.line, effect, self._prompts)
            effect = self._engine.resume(outcome, 0.0)
        if isinstance(effect, End):
            return effect
        self._first = effect
        return None

    async def refuse(self, end: End) -> None:
        """Turn the call away unanswered: its caller's network is told the cause."""
        self.call_log.take(self._engine.take_notes())
        code = ResponseCode.BUSY if end.reason == "busy" else ResponseCode.INCOMING_CALL_COMPLETE
        self.call_log.ended(end.reason, code)
        log.info("call turned away", reason=end.reason)
        await self.line.hang_up(end.cause)

    async def turn_away_unconfirmed(self) -> None:
        """End a call whose caller never confirmed the answer: nothing of its script was run."""
        reason = self.line.ended_from_outside or UNCONFIRMED
        self.call_log.ended(reason, ResponseCode.INCOMING_CALL_COMPLETE)
        if reason == UNCONFIRMED:
            log.warning(
                "call ended", reason="its answer was never confirmed (no ACK): its sender may not be who it says"
            )
        await self.line.hang_up()

    async def run(self, *, resumed: bool = False) -> None:
        """Drive the answered call to its end. `resumed`: go on with the engine's pending effect instead of starting it.

        When the task is cancelled the call stays open: whoever adopts its channel goes on with it.
        """
        seconds_left = max(0.0, self.call.seconds_left(self._now()))
        try:
            async with asyncio.timeout(seconds_left + END_PATIENCE_SECONDS):
                with self._ended_after(seconds_left):
                    reason = await self._converse(resumed=resumed)
        except TimeoutError:
            log.warning("a call did not end in time, and is cut off")
            reason = self._limit
            await self.line.hang_up()
        except AsteriskError as error:
            log.warning("call given up", reason=str(error))
            self.call_log.note("error", message=str(error))
            reason = ASTERISK_LOST
        except Exception:
            self._finish("error")
            raise
        self._finish(reason)

    @property
    def _limit(self) -> str:
        """Why the call ends when its longest time is reached."""
        asked_for = self.call.longest_seconds != LONGEST_CALL_SECONDS
        return "max-call-length" if asked_for else "call-length-limit"

    @contextmanager
    def _ended_after(self, seconds: float) -> Iterator[None]:
        """End the call after so long: the effect under way ends as at a hang-up, with what it has made or recorded."""
        timer = asyncio.get_running_loop().call_later(seconds, self.line.end, self._limit)
        try:
            yield
        finally:
            timer.cancel()

    async def _converse(self, *, resumed: bool) -> str:
        if resumed:
            self.call_log.note("resumed")
            try:
                await self.line.silence()
            except AsteriskUnreachable:
                await self._regain()
            await self.line.listener.remove_leftovers()
            effect = self._engine.again()
        else:
            answered_at = self._answered_at or self._now()
            # What the script sets before its first effect, such as the URL of its post-backs, counts from the answer.
            effect = self._first or self._engine.start()
            self.call_log.answered(answered_at)
            self.call_log.take(self._engine.take_notes())
            if self.call.outgoing:
                await self.line.answer_detection.begin()
        while not isinstance(effect, End):
            self.line.tell(tell_beginning(effect))
            self.call_log.save()
            began = asyncio.get_running_loop().time()
            outcome = await self._perform(effect)
            seconds = asyncio.get_running_loop().time() - began
            if not isinstance(effect, Transfer):  # told at its answer
                self.line.tell(tell_end(effect, outcome, self._engine.state.collected))
            self.call_log.effect_over()
            effect = self._engine.resume(outcome, seconds)
            self.call_log.take(self._engine.take_notes())
        self.call_log.save()
        if self.line.ended_from_outside or not self.line.hung_up:
            await self.line.hang_up(effect.cause)
            await self.line.wait(HANG_UP_PATIENCE_SECONDS, judged=False)
        without_media = self.line.ended_by_device or self.line.hangup_cause == MEDIA_TIMED_OUT
        if effect.reason == "hung-up" and without_media:
            return self.line.ended_from_outside or "no-media"
        return self.line.ended_from_outside or effect.reason

    async def _perform(self, effect: Effect) -> Outcome:
        while True:
            await self.line.answer_detection.settle()
            try:
                outcome = await self._dispatcher.perform(self.line, effect, self._prompts)
            except Lost:
                log.info("call waits for Asterisk")
                await self._regain()
                self.call_log.note("resumed")
                effect = self._engine.again()
                continue
            if isinstance(outcome, HungUp):
                self.line.hung_up = True
            return outcome

    async def _regain(self) -> None:
        """Wait until Asterisk can be asked again, and what was left playing is stopped. AsteriskUnreachable."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + RECONNECT_PATIENCE_SECONDS
        self._lost_at = self._now()
        while True:
            await self.line.restored(deadline - loop.time())
            try:
                await self.line.silence()
            except AsteriskUnreachable:
                continue  # gone again: what is left of the patience is waited out
            self._lost_at = None
            return

    @property
    def _final_code(self) -> ResponseCode:
        """As the model says; but a call that was placed, and on which nothing could be heard, did not go well."""
        code = self.call.final_code
        nothing_heard = self.line.unheard and not self.line.heard
        return ResponseCode.TTS_ERROR if nothing_heard and code is ResponseCode.CALL_ANSWERED else code

    @property
    def _hung_up_at(self) -> datetime | None:
        """When Asterisk says that the call ended, which counts although a busy controller is late to hear of it.

        None when it says nothing that can be: its clock may be another one than ours.
        """
        at, answered_at = datetime.fromtimestamp(self.line.hung_up_at, UTC), self.call.answered_at
        return at if answered_at is not None and answered_at <= at <= self._now() else None

    def answered_before(self, at: datetime) -> None:
        """The call was answered at this moment, by a controller that did not live to store it."""
        self._answered_at = at

    def _finish(self, reason: str) -> None:
        # Of a call whose Asterisk did not come back nobody can tell how long it lasted after that.
        at = self._lost_at if reason == ASTERISK_LOST else self._hung_up_at
        self.call_log.ended(reason, self._final_code, at=at)
        log.info("call ended", reason=reason, seconds=self.call.duration_seconds)


def _seconds_left(call: Call, now: Callable[[], datetime]) -> float:
    return call.seconds_left(now())
