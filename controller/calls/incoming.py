"""Incoming calls: from Asterisk's StasisStart to a session."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from uuid import uuid4

import structlog

from controller.asterisk.ari.events import Event
from controller.calls.acknowledgements import PATIENCE_SECONDS, SOON_SECONDS, Acknowledgements
from controller.calls.arrival import Arrival
from controller.calls.call_prompts import CallPrompts
from controller.calls.call_recorder import CallRecorder
from controller.calls.live import LiveCalls
from controller.calls.loops import Loops
from controller.calls.model.call import WITHHELD_CALLER, Call
from controller.calls.session import CallSession, SessionParts
from controller.calls.store.call_limits import Limits
from controller.calls.store.queue_ids import QueueIds
from controller.directory.current import CurrentDirectory
from controller.directory.did_rules import DidRule, rule_of
from controller.directory.snapshot import LicenseKey
from controller.errors import AsteriskError, AsteriskNotFound, JournalFull, StoreError
from controller.ivr.routing_steps import WITHHELD
from controller.numbers import is_e164, mask_number, national_digits, network_number
from controller.script.engine import Engine
from controller.script.state import State

log = structlog.get_logger()

# Causes of Q.850; Asterisk answers them with SIP 404 and 486.
UNALLOCATED_NUMBER = 1
# Exchange routing error (Q.850), which Asterisk sends as SIP 603 with this cause as its reason: no carrier tries again.
LOOP_DETECTED = 25
USER_BUSY = 17
LONGEST_CALLER = 80
# What carriers write instead of a number that is withheld.
_NO_CALLER = frozenset({"anonymous", "restricted", "private", "withheld"})
# Put into a call's events when its caller has confirmed the answer.
_ACKNOWLEDGED = "RingpostAcknowledged"


class IncomingCalls:
    """Answers the calls that Asterisk hands over, one task each."""

    def __init__(
        self,
        parts: SessionParts,
        live: LiveCalls,
        directory: CurrentDirectory,
        queue_ids: QueueIds,
        prompts_of: Callable[[str], CallPrompts],
        limits: Limits,
        acknowledgements: Acknowledgements,
        answered_before: Callable[[str], datetime | None],
        recorder: CallRecorder,
    ) -> None:
        """answered_before: when a channel was answered that a controller had taken before, and has not stored."""
        self._recorder = recorder
        self._parts = parts
        self._acknowledgements = acknowledgements
        self._answered_before = answered_before
        self._limits = limits
        self._live = live
        self._loops = Loops(live)
        self._directory = directory
        self._queue_ids = queue_ids
        self._prompts_of = prompts_of

    def stasis_start(self, event: Event) -> None:
        """Take, or refuse, a call that Asterisk hands over; other entries into the application are not its business."""
        if event.args[:1] != ("incoming",) or event.channel_id in self._live:
            return
        arrival = Arrival.of(event)
        dialled = arrival.dialled
        did = self._directory.snapshot.did_called(dialled)
        rule = rule_of(did) if did else None
        if did is None or rule is None:
            reason = "nobody owns the number"
            log.info("call refused", reason=reason, number=dialled[:LONGEST_CALLER], trunk=event.endpoint)
            self._refuse(event.channel_id, "unowned", UNALLOCATED_NUMBER)
            return
        if arrival.owner and not (did.voice and did.voice.name == arrival.owner):
            log.info("call refused", reason="the number is not of the browser's key", phone=event.endpoint)
            self._refuse(event.channel_id, "unowned", UNALLOCATED_NUMBER)
            return
        if did.voice and self._live.has_most_calls(did.voice):
            self._refuse_one_too_many(event.channel_id, did.voice)
            return
        caller = self._caller(event, arrival)
        if self._loops.is_loop(event.channel_id, caller):
            log.warning("call refused", reason="our own transfers brought it here again", number=mask_number(dialled))
            self._refuse(event.channel_id, "loop", LOOP_DETECTED)
            return
        try:
            self._parts.log_targets.journal.admit()
            call, session = self._session(event, arrival, did.number, caller, rule)
        except JournalFull as error:
            self._live.metrics.refused.labels("overloaded").inc()
            log.warning("call refused", reason=str(error))
            self._live.own(self._live.let_go(event.channel_id))
            return
        except Exception:
            log.exception("a call could not be taken")
            self._live.own(self._live.let_go(event.channel_id))
            return
        self._live.register(session)
        self._live.own(self._answer(call, session, did.voice, arrival.tag, event.endpoint))

    def _session(
        self, event: Event, arrival: Arrival, number: str, caller: str, rule: DidRule
    ) -> tuple[Call, CallSession]:
        program = rule.program
        queue_id = self._queue_ids.take()
        call = Call.incoming(
            queue_id,
            license_key=rule.license_key,
            our_number=number,
            their_number=caller,
            channel_id=event.channel_id,
            program=program.content_hash,
            at=self._parts.log_targets.now(),
            status_post_url=rule.status_post_url,
            route=event.endpoint if event.endpoint in self._directory.snapshot.trunks else "",
        )
        # Scripts and customers' programs know North American numbers by their ten digits.
        state = State.for_incoming(
            phonenumber=national_digits(number),
            callerid=national_digits(caller) if is_e164(caller) else caller,
            key_seed=uuid4().hex,
            variables=_who_calls(event, arrival, caller),
        )
        self._parts.log_targets.journal.keep_program(program.content_hash, program.source)
        session = CallSession(
            self._parts,
            call,
            Engine(program, state),
            self._parts.ari.channels.get(event.channel_id),
            self._parts.ari.events_of(event.channel_id),
            self._prompts_of(rule.license_key),
            arrival.codecs,
        )
        if answered_at := self._answered_before(event.channel_id):
            session.answered_before(answered_at)
        return call, session

    def _caller(self, event: Event, arrival: Arrival) -> str:
        """Who calls: E.164, or what the network gave; WITHHELD_CALLER where the caller wants that (RFC 3323, 3325)."""
        number = event.caller_number.strip()
        trunk = self._directory.snapshot.trunks.get(event.endpoint)
        if number.lower() in _NO_CALLER or (arrival.withheld and not (trunk and trunk.show_withheld)):
            return WITHHELD_CALLER
        return network_number(number) or _clean(number)

    async def _answer(self, call: Call, session: CallSession, key: LicenseKey | None, tag: str, endpoint: str) -> None:
        with structlog.contextvars.bound_contextvars(call=call.queue_id, license_key=call.license_key):
            try:
                if key is not None and not await self._admits(call, key):
                    self._refuse_one_too_many(call.channel_id, key)
                    return
                if session.program.is_routing and (end := await session.refusal()):
                    self._live.metrics.refused.labels("routing").inc()
                    await session.refuse(end)
                    return
                if not await self._confirmed(session, tag):
                    self._live.metrics.refused.labels("unconfirmed").inc()
                    await session.turn_away_unconfirmed()
                    return
                log.info(
                    "call answered",
                    our_number=mask_number(call.our_number),
                    their_number=mask_number(call.their_number),
                )
                self._live.metrics.started.labels(call.direction).inc()
                self._recorder.call_answered(call, endpoint)
                await self._live.drive(session)
            except AsteriskNotFound:
                log.info("the caller hung up before the answer")
                await self._left(call, key)
            except AsteriskError as error:
                log.warning("call not answered", reason=str(error))
                await self._live.let_go(call.channel_id)
            finally:
                self._live.release(session)

    async def _confirmed(self, session: CallSession, tag: str) -> bool:
        """Answer the call; gives whether the caller has confirmed that. Keys that come before count for nothing."""
        line = session.line
        with self._acknowledgements.awaiting(tag, lambda: line.events.put(Event(_ACKNOWLEDGED, {}))) as told:
            await line.channel.answer()
            if not told:
                return True
            confirmed = False

            def is_over(event: Event) -> bool:
                nonlocal confirmed
                confirmed = confirmed or event.type == _ACKNOWLEDGED
                return confirmed or line.hung_up

            # Nearly always it comes at once: nothing need be sent meanwhile.
            if not await line.past_hang_up(SOON_SECONDS, is_over):
                await line.send_silence()
                await line.past_hang_up(PATIENCE_SECONDS, is_over)
            return confirmed or not line.hung_up

    async def _admits(self, call: Call, key: LicenseKey) -> bool:
        """Whether the key may have this call too, those of all controllers counted; without the database, ours."""
        if key.max_calls is None:
            return True
        try:
            return await self._limits.admit_incoming(call.queue_id, key.name, key.max_calls)
        except StoreError as error:
            log.warning("only the calls of this controller were counted", reason=str(error))
            return True

    async def _left(self, call: Call, key: LicenseKey | None) -> None:
        if key is not None and key.max_calls is not None:
            with suppress(StoreError):
                await self._limits.incoming_left(call.queue_id)

    def _refuse_one_too_many(self, channel_id: str, key: LicenseKey) -> None:
        log.info("call refused", reason="the key has all the calls it may have", license_key=key.name)
        self._refuse(channel_id, "max-calls", USER_BUSY)

    def _refuse(self, channel_id: str, reason: str, cause: int) -> None:
        """Hang up unanswered, with a Q.850 cause that Asterisk turns into a SIP status."""

        async def hang_up() -> None:
            try:
                await self._parts.ari.channels.get(channel_id).hangup(reason_code=cause)
            except AsteriskError as error:
                log.info("the refused call was gone", reason=str(error))

        self._live.metrics.refused.labels(reason).inc()
        self._live.own(hang_up())


def _who_calls(event: Event, arrival: Arrival, caller: str) -> dict[str, str]:
    """What more the network tells of the caller: a name, and that the number is not to be shown."""
    if caller == WITHHELD_CALLER:
        return {WITHHELD: "1"}
    known = {"calleridname": _clean(event.caller_name)} if event.caller_name else {}
    return known | ({WITHHELD: "1"} if arrival.withheld else {})


def _clean(caller: str) -> str:
    """What the network gave as the caller, without characters that are no text."""
    return "".join(character for character in caller if character.isprintable())[:LONGEST_CALLER]
