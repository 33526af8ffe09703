"""Outgoing calls: one try to reach somebody, from the dialling to the session, or to the next try."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import structlog
from asyncpg import Record

from controller.asterisk.ari.events import Event
from controller.calls.call import Call
from controller.calls.closing import close_lost
from controller.calls.dialling import DIAL_SLACK_SECONDS, ENTER_SECONDS, shown_caller
from controller.calls.line import LEASE_SECONDS, Happening
from controller.calls.live import LiveCalls
from controller.calls.outgoing.order import Notification
from controller.calls.prompting import CallPrompts
from controller.calls.record import CallRecord
from controller.calls.response_codes import TRIED_AGAIN, ResponseCode, not_answered
from controller.calls.routes import Routes
from controller.calls.session import RECONNECT_PATIENCE_SECONDS, CallSession, SessionParts
from controller.directory.holder import Directory
from controller.errors import (
    AsteriskError,
    AsteriskNotFound,
    AsteriskRefused,
    AsteriskTimeout,
    AsteriskUnreachable,
    PhoneNumberInvalid,
    SpeechError,
    StateInvalid,
)
from controller.numbers import mask_number
from controller.script.state import State

log = structlog.get_logger()

# What is said on a call is rendered before anybody is called, within this time.
RENDER_SECONDS = 60.0
DESTROYED_SECONDS = 2.0
# How long the dialling waits for the store to know of it; without the store it goes on.
STORED_SECONDS = 2.0
_CONFLICT = 409


class _NotBegun(Exception):
    """Nobody was called: the try does not count, and is made again."""


class OutgoingCalls:
    """Makes the tries of outgoing calls, one task each."""

    def __init__(
        self,
        parts: SessionParts,
        live: LiveCalls,
        directory: Directory,
        routes: Routes,
        application: str,
        prompts_of: Callable[[str], CallPrompts],
    ) -> None:
        self._parts = parts
        self._live = live
        self._directory = directory
        self._routes = routes
        self._application = application
        self._prompts_of = prompts_of

    def begin(self, row: Record) -> None:
        """Begin a try that was claimed; `row` is of the query claim_calls. It is a live call from now on."""
        try:
            session = CallSession.of_stored(self._parts, row, self._prompts_of(row["license_key"]))
        except (StateInvalid, ValueError, TypeError):
            log.exception("a stored call cannot be placed", call=row["queue_id"])
            close_lost(self._parts.recording, row)
            return
        self._live.register(session, placed=False)
        self._live.own(self._try(session, Notification.of(row)))

    def give_back(self, row: Record) -> None:
        """Let a call that was claimed, and not begun, wait again."""
        try:
            state = State.from_json(row["state"])
        except StateInvalid:
            close_lost(self._parts.recording, row)
            return
        CallRecord(self._parts.recording, Call.of(row), lambda: state).given_back()

    async def go_on(self, session: CallSession, notification: Notification) -> None:
        """Go on with a try of which the channel was found, ringing or answered meanwhile."""
        session.record.note("resumed")
        await self._guarded(session, notification, self._look(session))

    async def _try(self, session: CallSession, notification: Notification) -> None:
        call = session.call
        with structlog.contextvars.bound_contextvars(call=call.queue_id, license_key=call.license_key):
            try:
                await self._guarded(session, notification, self._place(session, notification))
            finally:
                self._live.release(session)

    async def _guarded(
        self, session: CallSession, notification: Notification, answer: Coroutine[Any, Any, ResponseCode | None]
    ) -> None:
        """Wait for the answer, and drive the call, or see to its next try or its end; whatever fails ends the call."""
        try:
            code = await answer
            await self._after_dialling(session, notification, code)
        except asyncio.CancelledError:
            if session.call.response_code is ResponseCode.QUEUED:
                session.record.given_back()
            raise
        except _NotBegun as error:
            log.info("a call waits again", reason=str(error))
            session.record.given_back()
        except AsteriskError as error:
            log.warning("a call was not placed", reason=str(error))
            session.record.note("error", message=str(error))
            await session.line.hang_up()
            await self._after_dialling(session, notification, ResponseCode.TELECOM_TIMEOUT)
        except Exception:
            log.exception("a call's handler failed")
            await session.line.hang_up()
            self._ended(session, ResponseCode.UNIVERSAL_ERROR)

    async def _place(self, session: CallSession, notification: Notification) -> ResponseCode | None:
        """Call the number; None at the answer, else why there is none. _NotBegun, AsteriskError."""
        call = session.call
        key = self._directory.current.license_key(call.license_key)
        if key is None or "phone" not in key.products:
            return ResponseCode.KEY_INVALID
        try:
            endpoint = self._routes.endpoint_for(call.caller)
        except PhoneNumberInvalid as error:
            session.record.note("error", message=str(error))
            return ResponseCode.CALL_FORBIDDEN
        if (route := self._routes.trunk_to(call.caller)) != call.route:
            # The configuration has changed since the call was stored: the pace of the other trunk counts.
            call.route = route
            raise _NotBegun("it goes through another trunk now")
        try:
            async with asyncio.timeout(RENDER_SECONDS):
                await session.prepare()
        except SpeechError as error:
            session.record.note("error", message=str(error))
            return ResponseCode.TTS_ERROR
        except TimeoutError:
            session.record.note("error", message="speech was not rendered in time")
            return ResponseCode.TTS_BUSY
        code = await self._create(session, endpoint, notification)
        return await self._dial(session) if code is None else code

    async def _create(self, session: CallSession, endpoint: str, notification: Notification) -> ResponseCode | None:
        """Make the channel, without calling anybody; None when it is there. _NotBegun."""
        call, line = session.call, session.line
        shown = shown_caller(self._routes.shown_to(call.caller, call.did), notification.caller_id_name)
        make = partial(
            self._parts.ari.channels.create,
            endpoint=endpoint,
            channel_id=call.channel_id,
            application=self._application,
            application_args="outgoing",
            variables=shown,
        )
        try:
            try:
                await make()
            except AsteriskRefused as error:
                if error.status != _CONFLICT:
                    raise
                # Left by a try that nobody was called for.
                await line.hang_up()
                await line.events_until(DESTROYED_SECONDS, "ChannelDestroyed")
                await make()
            # Asterisk refuses what is asked of a channel that has not entered the application yet.
            happening = await line.wait(ENTER_SECONDS, until=lambda event: event.type == "StasisStart", judged=False)
            self._live.placed(session)
            if happening is Happening.EVENT:
                await line.channel.set_variable("TIMEOUT(absolute)", str(LEASE_SECONDS))
                return None
        except (AsteriskUnreachable, AsteriskTimeout) as error:
            raise _NotBegun(str(error)) from None
        except AsteriskError as error:
            log.info("no channel to who is to be called", reason=str(error))
            session.record.note("error", message=str(error))
            await line.hang_up()
            return ResponseCode.CONGESTION
        if happening is Happening.LOST:
            raise _NotBegun("Asterisk went away.")
        await line.hang_up()
        return not_answered(line.hangup_cause, line.sip_status) if line.hung_up else ResponseCode.CONGESTION

    async def _dial(self, session: CallSession) -> ResponseCode | None:
        """Have the phone rung; None at the answer. From here on the try counts, whatever is lost. AsteriskError."""
        call, line = session.call, session.line
        seconds = session.program.max_ring_seconds
        session.record.note("dialling", number=call.caller, attempt=call.tries)
        line.report("call.dialling", ResponseCode.DIALING)
        await self._parts.recording.journal.flush(STORED_SECONDS)
        log.info("call dialled", number=mask_number(call.caller), attempt=call.tries)
        try:
            await line.channel.dial(timeout_seconds=seconds)
        except AsteriskTimeout:
            return await self._look(session)
        except AsteriskUnreachable:
            return await self._regained(session)
        return await self._until_answered(session)

    async def _until_answered(self, session: CallSession) -> ResponseCode | None:
        line, seconds = session.line, session.program.max_ring_seconds + DIAL_SLACK_SECONDS
        happening = await line.wait(seconds, until=lambda event: self._is_answer(session, event), judged=False)
        if happening is Happening.EVENT:
            return None
        if happening is Happening.LOST:
            return await self._regained(session)
        return await self._not_reached(session)

    def _is_answer(self, session: CallSession, event: Event) -> bool:
        if event.type != "Dial" or event.channel_id != session.call.channel_id:
            return False
        code = session.call.response_code
        if event.dial_status == "RINGING" and code is not ResponseCode.RINGING:
            session.record.note("ringing")
            session.line.report("call.ringing", ResponseCode.RINGING)
        elif event.dial_status == "PROGRESS" and code is ResponseCode.DIALING:
            session.line.report("call.progress", ResponseCode.TRYING)
        return event.dial_status == "ANSWER"

    async def _regained(self, session: CallSession) -> ResponseCode | None:
        """The connection to Asterisk was away: go on with what the channel has become. AsteriskUnreachable."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + RECONNECT_PATIENCE_SECONDS
        while True:
            await session.line.restored(deadline - loop.time())
            session.record.note("resumed")
            try:
                return await self._look(session)
            except AsteriskUnreachable:
                continue  # gone again: what is left of the patience is waited out

    async def _look(self, session: CallSession) -> ResponseCode | None:
        """Look at a channel that may have been answered while nobody listened; None when it was, or is then.

        _NotBegun when nobody was called yet. AsteriskError.
        """
        if session.call.response_code is ResponseCode.QUEUED:
            await session.line.hang_up()
            raise _NotBegun("Nobody was called yet.")
        try:
            state = (await session.line.channel.state()).state
        except AsteriskNotFound:
            return ResponseCode.TELECOM_TIMEOUT
        # Until the first 180 it is Down, also while the network plays something.
        return None if state == "Up" else await self._until_answered(session)

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
            return not_answered(line.hangup_cause, line.sip_status)
        reached = session.call.response_code is not ResponseCode.DIALING
        return ResponseCode.CALL_UNANSWERED if reached else ResponseCode.TELECOM_TIMEOUT

    async def _after_dialling(
        self, session: CallSession, notification: Notification, code: ResponseCode | None
    ) -> None:
        call = session.call
        if code is None:
            self._live.metrics.started.labels(call.direction).inc()
            await self._live.drive(session)
        elif code in TRIED_AGAIN and call.tries < notification.most_tries:
            log.info("call not answered", code=int(code), attempt=call.tries, again_in=notification.next_try_seconds)
            session.record.waits_again(code, notification.next_try_seconds)
        else:
            log.info("call not answered", code=int(code), attempt=call.tries)
            self._ended(session, code)

    def _ended(self, session: CallSession, code: ResponseCode) -> None:
        session.record.not_answered(code)
        self._live.metrics.ended.labels(session.call.end_reason).inc()
