"""Outgoing calls: one try to reach somebody, from the dialling to the session, or to the next try."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from asyncpg import Record

from controller.asterisk.ari.events import Event
from controller.calls.call import LONGEST_CALL_SECONDS, Call
from controller.calls.closing import close_lost
from controller.calls.dialling import DIAL_SLACK_SECONDS, ENTER_SECONDS, shown_caller
from controller.calls.line import LEASE_SECONDS, Happening
from controller.calls.live import LiveCalls
from controller.calls.notification import Notification
from controller.calls.prompting import CallPrompts
from controller.calls.response_codes import TRIED_AGAIN, ResponseCode, not_answered
from controller.calls.routes import Routes
from controller.calls.session import RECONNECT_PATIENCE_SECONDS, CallSession, SessionParts
from controller.directory.holder import Directory
from controller.errors import (
    AsteriskError,
    AsteriskNotFound,
    AsteriskUnreachable,
    PhoneNumberInvalid,
    SpeechError,
    StateInvalid,
)
from controller.ivr.compiled import compile_source
from controller.numbers import mask_number
from controller.script.engine import Engine
from controller.script.state import State

log = structlog.get_logger()

# What is said on a call is rendered before anybody is called, within this time.
RENDER_SECONDS = 60.0
DESTROYED_SECONDS = 2.0
_RINGING = frozenset({"Ring", "Ringing"})


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
        notification = Notification.of(row)
        try:
            session = self.session(row)
        except (StateInvalid, ValueError, TypeError):
            log.exception("a stored call cannot be placed", call=row["queue_id"])
            close_lost(self._parts.recording, row)
            return
        self._live.register(session, placed=False)
        self._live.own(self._try(session, notification))

    def session(self, row: Record) -> CallSession:
        """The session of a stored outgoing call, at its stored state. StateInvalid, ValueError, TypeError."""
        call, ari = Call.of(row), self._parts.ari
        call.longest_seconds = row["max_call_seconds"] or LONGEST_CALL_SECONDS
        if row["source"] is None:
            raise StateInvalid("The program of this call is not stored.")
        return CallSession(
            self._parts,
            call,
            Engine(compile_source(row["source"]), State.from_json(row["state"])),
            ari.channels.get(call.channel_id),
            ari.events_of(call.channel_id),
            self._prompts_of(call.license_key),
        )

    async def go_on(self, session: CallSession, notification: Notification) -> None:
        """Go on with a try of which the channel was found ringing, or answered meanwhile."""
        session.record.note("resumed")
        try:
            code = await self._answered_later(session)
        except AsteriskError as error:
            code = self._given_up(session, error)
        await self._after_dialling(session, notification, code)

    async def _try(self, session: CallSession, notification: Notification) -> None:
        call = session.call
        with structlog.contextvars.bound_contextvars(call=call.queue_id, license_key=call.license_key):
            try:
                code = await self._prepare(session)
                if code is None:
                    code = await self._dial(session, notification)
                await self._after_dialling(session, notification, code)
            except (asyncio.CancelledError, AsteriskUnreachable) as error:
                # Nobody was called yet: the try does not count.
                if not self._live.is_placed(session):
                    session.record.given_back()
                if isinstance(error, asyncio.CancelledError):
                    raise
                log.info("a call waits for Asterisk", reason=str(error))
            except Exception:
                log.exception("a call's handler failed")
                await session.line.hang_up()
                self._ended(session, ResponseCode.UNIVERSAL_ERROR)
            finally:
                self._live.release(session)

    async def _prepare(self, session: CallSession) -> ResponseCode | None:
        """All that can be known before anybody is called: why not to call, or None."""
        call = session.call
        if self._directory.current.license_key(call.license_key) is None:
            return ResponseCode.KEY_INVALID
        try:
            async with asyncio.timeout(RENDER_SECONDS):
                await session.prepare()
        except (SpeechError, TimeoutError) as error:
            session.record.note("error", message=str(error) or "speech was not rendered in time")
            return ResponseCode.TTS_ERROR
        return None

    async def _dial(self, session: CallSession, notification: Notification) -> ResponseCode | None:
        """Call the number; None at the answer, else why there was none."""
        call, line = session.call, session.line
        try:
            endpoint = self._routes.endpoint_for(call.caller)
        except PhoneNumberInvalid as error:
            session.record.note("error", message=str(error))
            return ResponseCode.CALL_FORBIDDEN
        try:
            await self._parts.ari.channels.create(
                endpoint=endpoint,
                channel_id=call.channel_id,
                application=self._application,
                application_args="outgoing",
                variables=shown_caller(self._routes.shown_to(call.caller, call.did), notification.caller_id_name),
            )
            # Asterisk refuses what is asked of a channel that has not entered the application yet.
            happening = await line.wait(ENTER_SECONDS, until=lambda event: event.type == "StasisStart", judged=False)
            self._live.placed(session)
            if happening is not Happening.EVENT:
                return await self._not_reached(session)
            await line.channel.set_variable("TIMEOUT(absolute)", str(LEASE_SECONDS))
            seconds = session.program.max_ring_seconds
            await line.channel.dial(timeout_seconds=seconds)
            log.info("call dialled", number=mask_number(call.caller), attempt=call.tries)
            session.record.note("dialling", number=call.caller, attempt=call.tries)
            line.report("call.dialling", ResponseCode.DIALING)
            return await self._until_answered(session, seconds + DIAL_SLACK_SECONDS)
        except AsteriskError as error:
            if isinstance(error, AsteriskUnreachable) and not self._live.is_placed(session):
                raise
            await line.hang_up()
            return self._given_up(session, error)

    async def _until_answered(self, session: CallSession, seconds: float) -> ResponseCode | None:
        line = session.line
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
        """The connection to Asterisk was away: go on with what the channel has become."""
        await session.line.restored(RECONNECT_PATIENCE_SECONDS)
        session.record.note("resumed")
        return await self._answered_later(session)

    async def _answered_later(self, session: CallSession) -> ResponseCode | None:
        """Look at a channel that may have been answered while nobody listened; None when it was, or is."""
        try:
            state = (await session.line.channel.state()).state
        except AsteriskNotFound:
            return ResponseCode.TELECOM_TIMEOUT
        if state == "Up":
            return None
        if state in _RINGING:
            return await self._until_answered(session, session.program.max_ring_seconds + DIAL_SLACK_SECONDS)
        return await self._not_reached(session)

    async def _not_reached(self, session: CallSession) -> ResponseCode:
        """Nobody answered: what the call has become, once its channel is gone."""
        line = session.line
        if not line.hung_up or line.ended_from_outside:
            await line.hang_up(16)
        if line.ended_from_outside:
            return ResponseCode.CANCELLED
        # The hang-up is told at once, its cause at the channel's end.
        rang_out = not line.hung_up
        await line.past_hang_up(DESTROYED_SECONDS, lambda event: event.type == "ChannelDestroyed")
        if not rang_out:
            return not_answered(line.hangup_cause, line.sip_status)
        reached = session.call.response_code is not ResponseCode.DIALING
        return ResponseCode.CALL_UNANSWERED if reached else ResponseCode.TELECOM_TIMEOUT

    def _given_up(self, session: CallSession, error: AsteriskError) -> ResponseCode:
        log.warning("a call was not placed", reason=str(error))
        session.record.note("error", message=str(error))
        return ResponseCode.CONGESTION if not isinstance(error, AsteriskUnreachable) else ResponseCode.TELECOM_TIMEOUT

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
