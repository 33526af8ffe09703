"""Outgoing calls: one try to reach somebody, from the dialling to the session, or to the next try."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from controller.asterisk.ari.requests import made
from controller.calls.call_prompts import CallPrompts
from controller.calls.line.line import Happening
from controller.calls.line.originate import DIAL_SLACK_SECONDS, ENTER_SECONDS, shown_caller
from controller.calls.live import LiveCalls
from controller.calls.model.order import Notification
from controller.calls.model.response_codes import TRIED_AGAIN, TRUNK_FAILURES, ResponseCode
from controller.calls.model.states import CallState
from controller.calls.outgoing.consent import OPTED_OUT, ForbidsCall
from controller.calls.outgoing.dial_events import is_answer, rings, why_not_answered
from controller.calls.outgoing.hours import OUT_OF_HOURS
from controller.calls.outgoing.next_trunk import NextTrunk
from controller.calls.outgoing.pace import SLOT_SECONDS, trunk_interval
from controller.calls.recovery.settle import settle_lost, settle_unreadable
from controller.calls.session import RECONNECT_PATIENCE_SECONDS, CallSession, SessionParts
from controller.calls.store.call_limits import Limits, trunk_scope
from controller.calls.store.stored_calls import StoredCall
from controller.directory.calling_hours import Held
from controller.directory.current import CurrentDirectory
from controller.directory.routes import Routes
from controller.errors import (
    AsteriskError,
    AsteriskNotFound,
    AsteriskTimeout,
    AsteriskUnreachable,
    PhoneNumberInvalid,
    SpeechError,
    StateInvalid,
    StoreError,
)
from controller.numbers import mask_number

log = structlog.get_logger()

# What is said on a call is rendered before anybody is called, within this time.
RENDER_SECONDS = 60.0
DESTROYED_SECONDS = 2.0
# How long the dialling waits for the store to know of it; without the store nobody is called.
STORED_SECONDS = 2.0
# What Asterisk, or the store, could not do is asked of it again so much later.
AGAIN_SECONDS = 5.0
# A slot is taken so long before it comes, for the channel to be made and the try to be stored.
LEAD_SECONDS = 0.2
LONGEST_IN_LINE_SECONDS = 60.0
_RINGING = frozenset({"Ring", "Ringing"})


class _NotBegun(Exception):
    """Nobody was called: the try does not count, and is made again, in so many seconds."""

    def __init__(self, reason: str, *, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = AGAIN_SECONDS if seconds is None else seconds


@dataclass(slots=True)
class _Attempt:
    """A try under way. `asked`: Asterisk may have been asked to call; from then on the try counts. `slot`: when it may
    be dialled, by the event loop's clock. `tried`: the trunks that have failed in it. `found`: another controller began
    it; the store knows that this one was about to dial, Asterisk whether it did.
    """

    session: CallSession
    notification: Notification
    asked: bool = False
    slot: float = 0.0
    tried: tuple[str, ...] = ()
    found: bool = False


class OutgoingCalls:
    """Makes the tries of outgoing calls, one task each."""

    def __init__(
        self,
        parts: SessionParts,
        live: LiveCalls,
        directory: CurrentDirectory,
        routes: Routes,
        application: str,
        prompts_of: Callable[[str], CallPrompts],
        forbids_call: ForbidsCall,
        limits: Limits,
        trunks: NextTrunk,
    ) -> None:
        self._parts = parts
        self._limits = limits
        self._line = asyncio.Lock()
        self._trunks = trunks
        self._live = live
        self._directory = directory
        self._routes = routes
        self._application = application
        self._prompts_of = prompts_of
        self._forbids_call = forbids_call

    def begin(self, stored: StoredCall) -> None:
        """Begin the try of a call that was claimed. It is a live call from now on."""
        try:
            session = CallSession.of_stored(self._parts, stored, self._prompts_of(stored.call.license_key))
        except StateInvalid as error:
            settle_unreadable(self._parts.log_targets, self._live.metrics, stored, error)
            return
        self._live.register(session, placed=False)
        self._live.own(self._try(_Attempt(session, stored.notification, tried=stored.tried_routes)))

    def give_back(self, stored: StoredCall) -> None:
        """Let a call that was claimed, and not begun, wait again."""
        settle_lost(self._parts.log_targets, self._live.metrics, stored)

    async def go_on(self, session: CallSession, notification: Notification) -> None:
        """Go on with a try of which the channel was found, ringing or answered meanwhile."""
        # Nobody is called before the store knows of it.
        attempt = _Attempt(session, notification, asked=session.call.dialled, found=True)
        await self._guarded(attempt, self._found_again(attempt))

    async def _try(self, attempt: _Attempt) -> None:
        call = attempt.session.call
        with structlog.contextvars.bound_contextvars(call=call.queue_id, license_key=call.license_key):
            try:
                await self._guarded(attempt, self._place(attempt))
            finally:
                self._live.release(attempt.session)

    async def _guarded(self, attempt: _Attempt, answer: Coroutine[Any, Any, ResponseCode | None]) -> None:
        """Wait for the answer, and drive the call, or see to its next try or its end; whatever fails ends the call."""
        session = attempt.session
        try:
            await self._after_dialling(attempt, await answer)
        except asyncio.CancelledError:
            if not attempt.asked:
                session.call_log.given_back()
            raise
        except _NotBegun as error:
            log.info("a call waits again", reason=str(error))
            if self._parts.ari.connected:
                await session.line.hang_up()
            session.call_log.given_back(error.seconds)
        except AsteriskError as error:
            log.warning("a call was not placed", reason=str(error))
            session.call_log.note("error", message=str(error))
            await session.line.hang_up()
            await self._after_dialling(attempt, ResponseCode.TELECOM_TIMEOUT)
        except Exception:
            log.exception("a call's handler failed")
            await session.line.hang_up()
            self._ended(session, ResponseCode.UNIVERSAL_ERROR)

    async def _place(self, attempt: _Attempt) -> ResponseCode | None:
        """Call the number; None at the answer, else why there is none. _NotBegun, AsteriskError."""
        session, call = attempt.session, attempt.session.call
        key = self._directory.snapshot.license_key(call.license_key)
        if key is None or not key.places_calls:
            return ResponseCode.KEY_INVALID
        try:
            endpoint = self._routes.endpoint_for(call.their_number, call.license_key, call.route)
        except PhoneNumberInvalid as error:
            session.call_log.note("error", message=str(error))
            return ResponseCode.CALL_FORBIDDEN
        try:
            forbidden = await self._forbids_call(call.license_key, call.their_number)
        except StoreError as error:
            raise _NotBegun("nobody can tell whether the number has opted out") from error
        if forbidden:
            session.call_log.note("error", message=OPTED_OUT)
            return ResponseCode.CALL_FORBIDDEN
        held = key.calling_hours and key.calling_hours.held(call.their_number, self._parts.log_targets.now())
        if held:
            return self._held(session, held)
        trunks = self._routes.trunks_to(call.their_number)
        if call.route not in (trunks or [""]):
            # The configuration has changed since the call was stored: the pace of the other trunk counts.
            call.reroute(trunks[0] if trunks else "")
            raise _NotBegun("it goes through another trunk now", seconds=0.0)
        if self._trunks.health.rests(call.route) and (route := await self._trunks.next(call, attempt.tried)):
            call.reroute(route)
            raise _NotBegun("its trunk is left alone for a while", seconds=0.0)
        try:
            async with asyncio.timeout(RENDER_SECONDS):
                await session.prepare()
        except SpeechError as error:
            session.call_log.note("error", message=str(error))
            return ResponseCode.TTS_ERROR
        except TimeoutError:
            session.call_log.note("error", message="speech was not rendered in time")
            return ResponseCode.TTS_BUSY
        await self._take_slot(attempt, lead=LEAD_SECONDS)
        await _until(attempt.slot - LEAD_SECONDS)
        code = await self._create(attempt, endpoint)
        return await self._dial(attempt) if code is None else code

    def _held(self, session: CallSession, held: Held) -> ResponseCode:
        """The code of a call that may not ring at this hour. _NotBegun for one that waits until it may."""
        if held.until is None:
            session.call_log.note("error", message=OUT_OF_HOURS)
            return ResponseCode.TIME_RESTRICTION
        session.call_log.note("held", until=held.until.isoformat(timespec="seconds"))
        wait = (held.until - self._parts.log_targets.now()).total_seconds()
        raise _NotBegun("it is too early or too late where it would ring", seconds=max(wait, 0.0))

    async def _take_slot(self, attempt: _Attempt, *, lead: float) -> None:
        """Take a place in the line of the trunk, in which the calls of all controllers stand. _NotBegun."""
        trunk = self._directory.snapshot.trunks.get(attempt.session.call.route)
        if trunk is None:
            attempt.slot = asyncio.get_running_loop().time()
            return
        interval = trunk_interval(trunk.calls_per_second)
        try:
            async with self._line:  # in the order in which the calls were claimed
                began = asyncio.get_running_loop().time()
                wait = await self._limits.slot(
                    trunk_scope(trunk.name), interval, lead=lead, longest=LONGEST_IN_LINE_SECONDS
                )
        except StoreError as error:
            raise _NotBegun("nobody can tell whose turn it is") from error
        if wait is None:
            raise _NotBegun("too many calls are in line before it")
        # The database answered somewhere in between.
        attempt.slot = (began + asyncio.get_running_loop().time()) / 2 + wait

    async def _create(self, attempt: _Attempt, endpoint: str) -> ResponseCode | None:
        """Make the channel, without calling anybody; None when it is there. _NotBegun."""
        session, call, line = attempt.session, attempt.session.call, attempt.session.line
        make = partial(
            self._parts.ari.channels.create,
            endpoint=endpoint,
            channel_id=call.channel_id,
            application=self._application,
            application_args="outgoing",
            variables=shown_caller(
                self._routes.shown_to(call.their_number, call.our_number), attempt.notification.caller_id_name
            ),
        )
        try:
            if not await made(make()):
                # Left by a try that nobody was called for.
                await line.hang_up()
                await line.events_until(DESTROYED_SECONDS, "ChannelDestroyed")
                if not await made(make()):
                    raise _NotBegun("The channel of an earlier attempt is still there.")
            # Asterisk refuses what is asked of a channel that has not entered the application yet.
            entered = await line.events_until(ENTER_SECONDS, "StasisStart")
            self._live.placed(session)
            if entered:
                await line.channel.set_variable("TIMEOUT(absolute)", str(line.lease_seconds))
                return None
        except (AsteriskUnreachable, AsteriskTimeout) as error:
            raise _NotBegun(str(error)) from None
        except AsteriskError as error:
            log.info("no channel to who is to be called", reason=str(error))
            session.call_log.note("error", message=str(error))
            await line.hang_up()
            return ResponseCode.CONGESTION
        if line.ended_from_outside:
            await line.hang_up()
            return ResponseCode.CANCELLED
        raise _NotBegun("The channel did not get as far as the application.")

    async def _dial(self, attempt: _Attempt) -> ResponseCode | None:
        """Have the phone rung; None at the answer. _NotBegun, AsteriskError.

        Nobody is called before the store knows of it: so whoever finds this call later knows whether somebody was.
        """
        session, call, line = attempt.session, attempt.session.call, attempt.session.line
        await line.listener.prepare()
        session.call_log.dialling()
        if not await self._parts.log_targets.journal.flush(STORED_SECONDS):
            raise _NotBegun("The database is away.")
        if not self._parts.ari.connected:
            raise _NotBegun("Asterisk went away.")
        log.info("call dialled", number=mask_number(call.their_number), attempt=call.tries)
        await _until(attempt.slot)
        while call.route and asyncio.get_running_loop().time() > attempt.slot + SLOT_SECONDS:
            # Something took longer than it was given: another call may be in this part of a second by now.
            await self._take_slot(attempt, lead=0.0)
            await _until(attempt.slot)
        attempt.asked = True
        try:
            await line.channel.dial(timeout_seconds=session.program.max_ring_seconds)
        except (AsteriskTimeout, AsteriskUnreachable):
            return await self._found_again(attempt)
        return await self._until_answered(attempt)

    async def _until_answered(self, attempt: _Attempt) -> ResponseCode | None:
        session, line = attempt.session, attempt.session.line
        seconds = session.program.max_ring_seconds + DIAL_SLACK_SECONDS
        happening = await line.wait(seconds, until=lambda event: is_answer(session, event), judged=False)
        if happening is Happening.EVENT:
            return None
        if happening is Happening.LOST:
            return await self._found_again(attempt)
        return await self._not_reached(session)

    async def _found_again(self, attempt: _Attempt) -> ResponseCode | None:
        """Go on with what the channel has become while nobody listened; None when it was answered, or is then.

        _NotBegun when nobody was called yet; AsteriskError when Asterisk is not there within a minute.
        """
        loop, line = asyncio.get_running_loop(), attempt.session.line
        deadline = loop.time() + RECONNECT_PATIENCE_SECONDS
        while True:
            try:
                state = (await line.channel.state()).state
            except AsteriskNotFound:
                return self._gone(attempt)
            except AsteriskTimeout:
                if loop.time() >= deadline:
                    raise
            except AsteriskUnreachable:
                await line.restored(deadline - loop.time())
            else:
                break
        attempt.session.call_log.note("resumed")
        if not attempt.asked:
            raise _NotBegun("Nobody was called yet.")
        if state == "Up":
            return None
        if state in _RINGING:
            rings(attempt.session)
        # Until the first 180 it is Down, also while the network plays something; and before it is dialled.
        elif attempt.found and not await self._live.was_dialled(attempt.session):
            raise _NotBegun("Nobody was called yet.", seconds=0.0)
        return await self._until_answered(attempt)

    def _gone(self, attempt: _Attempt) -> ResponseCode:
        if not attempt.asked:
            raise _NotBegun("Nobody was called yet.")
        return why_not_answered(attempt.session)

    async def _not_reached(self, session: CallSession) -> ResponseCode:
        """Nobody answered: what the call has become, once its channel is gone."""
        line = session.line
        rang_out = not line.hung_up
        if rang_out or line.ended_from_outside:
            await line.hang_up()
        if line.ended_from_outside:
            return ResponseCode.CANCELLED
        if not line.destroyed:  # the hang-up is told at once, its cause at the channel's end
            await line.past_hang_up(DESTROYED_SECONDS, lambda event: event.type == "ChannelDestroyed")
        if not rang_out:
            return why_not_answered(session)
        reached = session.call.response_code is not ResponseCode.DIALING  # trying, or ringing
        return ResponseCode.CALL_UNANSWERED if reached else ResponseCode.TELECOM_TIMEOUT

    async def _after_dialling(self, attempt: _Attempt, code: ResponseCode | None) -> None:
        session, notification, call = attempt.session, attempt.notification, attempt.session.call
        if code is None and call.route:
            self._trunks.health.worked(call.route)
        elif call.route and await self._trunk_failed(attempt, code):
            return
        if code is None:
            self._live.metrics.started.labels(call.direction).inc()
            await self._live.drive(session)
        elif code in TRIED_AGAIN and call.tries < notification.most_tries:
            log.info("call not answered", code=int(code), attempt=call.tries, again_in=notification.next_try_seconds)
            session.call_log.waits_again(code, notification.next_try_seconds)
        else:
            log.info("call not answered", code=int(code), attempt=call.tries)
            self._ended(session, code)

    async def _trunk_failed(self, attempt: _Attempt, code: ResponseCode | None) -> bool:
        """Whether the trunk has failed, and the call waits for another one now; that costs no try."""
        session, call = attempt.session, attempt.session.call
        if code not in TRUNK_FAILURES or call.state is CallState.RINGING:
            if attempt.asked:
                self._trunks.health.worked(call.route)
            return False
        failed = call.route
        self._trunks.health.failed(failed, code.name.lower())
        route = await self._trunks.next(call, attempt.tried)
        if route is None:
            return False
        session.call_log.note("next_trunk", failed=failed, trunk=route)
        call.reroute(route)
        session.call_log.given_back()
        log.info("a call takes the next trunk", failed=failed, trunk=route, code=int(code))
        return True

    def _ended(self, session: CallSession, code: ResponseCode) -> None:
        session.call_log.not_answered(code)
        self._live.metrics.ended.labels(session.call.end_reason).inc()


async def _until(moment: float) -> None:
    """Wait until a moment of the event loop's clock."""
    wait = moment - asyncio.get_running_loop().time()
    if wait > 0:
        await asyncio.sleep(wait)
