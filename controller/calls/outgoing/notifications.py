"""Taking outgoing calls: what a licence key's program asks for is checked, and stored until it is dialled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import structlog

from controller.calls.call_log import CallLog, CallLogTargets
from controller.calls.call_prompts import CallPrompts
from controller.calls.feed import CallFeed
from controller.calls.metrics import CallMetrics
from controller.calls.model.call import Call
from controller.calls.model.order import Notification, Order
from controller.calls.model.response_codes import ResponseCode
from controller.calls.outgoing.consent import OPTED_OUT, ForbidsCall
from controller.calls.outgoing.hours import due_in_hours
from controller.calls.store.call_entries import CallEntry, WrittenCall
from controller.calls.store.call_queue import CallQueue, QueuedCall
from controller.calls.store.queue_ids import QueueIds
from controller.calls.store.stored_calls import StoredCall
from controller.directory.routes import Routes
from controller.directory.script_cache import as_mistakes
from controller.directory.script_examination import examine
from controller.directory.snapshot import LicenseKey
from controller.errors import Mistake, NotificationRefused, PhoneNumberInvalid, StoreUnreachable
from controller.ivr.compiled import compile_source
from controller.metering.usage_watch import HoldsKey, holds_nobody
from controller.numbers import is_e164, mask_number, national_digits, parse_number, split_extension
from controller.script.analysis.checker import Context
from controller.script.analysis.transfers import TRANSFER_CODES
from controller.script.effects import CallBack
from controller.script.program import Program
from controller.script.state import State
from controller.script.voice_ids import VOICES
from controller.store.storable import as_json

log = structlog.get_logger()

# How many orders of a batch are looked at before everything else has its turn.
ORDERS_AT_ONCE = 100
# A longer script is read beside the event loop: half a million characters take a second, in which calls go on.
LARGE_SCRIPT = 20_000
_SCRIPT = Path("script")


@dataclass(frozen=True, slots=True)
class Taken:
    """An outgoing call that is stored and will be made. `mistakes`: what is wrong or doubtful in its script."""

    queue_id: int
    mistakes: tuple[Mistake, ...] = ()


@dataclass(frozen=True, slots=True)
class _Script:
    """A script that may run, and what is wrong or doubtful in it all the same."""

    program: Program
    mistakes: tuple[Mistake, ...]


class Notifications:
    """Takes outgoing calls, and takes back those that wait.

    context: what scripts are checked against. wake: told of each call that may be due. forbids_call: whether a
    number has opted out of a key's calls. holds_key: whether a key has reached a limit of its usage.
    added_voices: the ids of voices that the operator has added to the vendor's.
    """

    def __init__(
        self,
        queue: CallQueue,
        log_targets: CallLogTargets,
        queue_ids: QueueIds,
        routes: Routes,
        prompts_of: Callable[[str], CallPrompts],
        context: Context,
        metrics: CallMetrics,
        wake: Callable[[], None],
        forbids_call: ForbidsCall,
        holds_key: HoldsKey = holds_nobody,
        added_voices: Collection[int] = (),
    ) -> None:
        self._queue = queue
        self._log_targets = log_targets
        self._queue_ids = queue_ids
        self._routes = routes
        self._prompts_of = prompts_of
        self._context = context
        self._metrics = metrics
        self._wake = wake
        self._forbids_call = forbids_call
        self._holds_key = holds_key
        self._voices = frozenset({*(voice.id for voice in VOICES), *added_voices})

    async def take(self, order: Order, key: LicenseKey, *, strict: bool = False) -> Taken:
        """Store a call that `key` asks for; it is dialled when its time has come and the paces allow.

        strict: a script with errors is refused. Customers' scripts run as they are, and what cannot be done in them is
        passed over: so it was with the vendor.

        NotificationRefused with the response code; StoreError, JournalFull when it cannot be stored.
        """
        script = await self._examined(order.script, key, strict=strict)
        queued = await self._queued(order, key, script, self._queue_ids.take)
        await self._store([queued], key)
        return Taken(queued.call.queue_id, script.mistakes)

    async def take_message(self, order: Order, key: LicenseKey, message: Program, queue_id: int) -> Taken:
        """Store a call of the Dialer, which plays a message (`compile_message`) in place of the order's script.

        queue_id: one that was taken for it, so that whoever asks can note it before anybody may be called.
        NotificationRefused with the response code; StoreError, JournalFull when it cannot be stored.
        """
        if "dialer" not in key.products:
            raise NotificationRefused(ResponseCode.KEY_INVALID, "this licence key is not for the Dialer")
        queued = await self._queued(order, key, _Script(message, ()), lambda: queue_id)
        await self._store([queued], key)
        return Taken(queue_id)

    async def take_all(self, orders: Sequence[Order], key: LicenseKey) -> list[Taken | NotificationRefused]:
        """Store all calls that `key` asks for, but for those that are refused, in one transaction: what has become of
        each order, in their order. A script that several orders share is read once.

        StoreError, JournalFull when they cannot be stored; then none is.
        """
        scripts: dict[str, _Script | NotificationRefused] = {}
        made: list[Taken | NotificationRefused] = []
        accepted: list[QueuedCall] = []
        ids = iter(await self._queue_ids.take_many(len(orders)))
        for number, order in enumerate(orders):
            if number % ORDERS_AT_ONCE == ORDERS_AT_ONCE - 1:
                await asyncio.sleep(0)  # calls in progress go on meanwhile
            script = scripts.get(order.script)
            if script is None:
                script = scripts[order.script] = await self._script_of(order.script, key)
            if isinstance(script, NotificationRefused):
                made.append(script)
                continue
            try:
                queued = await self._queued(order, key, script, ids.__next__)
            except NotificationRefused as error:
                made.append(error)
            else:
                accepted.append(queued)
                made.append(Taken(queued.call.queue_id, script.mistakes))
        stored = await self._store_some(accepted, key) if accepted else 0
        over = {queued.call.queue_id for queued in accepted[stored:]}
        return [_over_allowance() if isinstance(each, Taken) and each.queue_id in over else each for each in made]

    async def _script_of(self, source: str, key: LicenseKey) -> _Script | NotificationRefused:
        try:
            return await self._examined(source, key)
        except NotificationRefused as error:
            return error

    async def _examined(self, source: str, key: LicenseKey, *, strict: bool = False) -> _Script:
        """A script that the key's calls may run. NotificationRefused."""
        if "phone" not in key.products:
            raise NotificationRefused(ResponseCode.KEY_INVALID, "this licence key is not for calls")
        context = self._context_of(key)
        if len(source) > LARGE_SCRIPT:
            examined = await asyncio.to_thread(examine, source, context)
        else:
            examined = examine(source, context)
        mistakes = tuple(as_mistakes(_SCRIPT, examined.diagnostics))
        if any(each.code in TRANSFER_CODES and each.severity == "error" for each in examined.diagnostics):
            reason = "the script transfers calls to where its licence key may not call"
            raise NotificationRefused(ResponseCode.CALL_FORBIDDEN, reason, mistakes)
        if strict and not examined.accepted:
            raise NotificationRefused(ResponseCode.UNIVERSAL_ERROR, "there are mistakes in the script", mistakes)
        missing = await self._prompts_of(key.name).missing_sound(examined.program)
        if missing is not None:
            raise NotificationRefused(ResponseCode.SOUND_FILE_NOT_FOUND, f"there is no sound “{missing}”")
        return _Script(examined.program, mistakes)

    async def _queued(self, order: Order, key: LicenseKey, script: _Script, take_id: Callable[[], int]) -> QueuedCall:
        """A call as it waits for its first try. NotificationRefused."""
        if self._holds_key(key.name):
            raise NotificationRefused(
                ResponseCode.ADMINISTRATIVE_HOLD, "the licence key has reached a limit of its usage"
            )
        if order.voice not in self._voices:
            raise NotificationRefused(ResponseCode.INVALID_VOICE_ID, "there is no voice of this id")
        written, extension = split_extension(order.number)
        number = _number(written, ResponseCode.INVALID_PHONE_NUMBER, "the number to call")
        shown = _number(order.caller_id, ResponseCode.INVALID_CALLER_ID, "the caller id") if order.caller_id else ""
        if shown == number:
            raise NotificationRefused(
                ResponseCode.CALLER_ID_IS_PHONE_NUMBER, "the caller id is the number that is to be called"
            )
        if shown and not self._routes.may_show(key.name, shown):
            reason = "the caller id is neither the key's own nor verified for it under `caller_ids`"
            raise NotificationRefused(ResponseCode.INVALID_CALLER_ID, reason)
        transfer = self._transfer_number(order.transfer_number, key)
        route = self._route(number, key, ResponseCode.CALL_FORBIDDEN)
        if await self._forbids_call(key.name, number):
            raise NotificationRefused(ResponseCode.CALL_FORBIDDEN, OPTED_OUT)
        due_at = due_in_hours(key, number, self._due_at(order))
        notification = Notification.of(order)
        queue_id = take_id()
        call = Call.queued(
            queue_id,
            license_key=key.name,
            our_number=shown,
            their_number=number,
            program=script.program.content_hash,
            at=self._log_targets.now(),
            due_at=due_at,
            status_post_url=script.program.status_post_url or order.status_post_url or key.status_post_url or "",
            route=route,
        )
        state = State.for_outgoing(
            phonenumber=national_digits(number),
            callerid=national_digits(shown) if shown else "",
            calleridname=notification.caller_id_name,
            queueid=str(queue_id),
            extension=extension or "",
            transfer_number=transfer,
            key_seed=uuid4().hex,
            voice=order.voice,
            speech_rate=order.speech_rate,
            speech_volume=order.speech_volume,
        )
        return QueuedCall(call, notification, as_json(state.to_json()), script.program)

    async def _store(self, queued: Sequence[QueuedCall], key: LicenseKey) -> None:
        """Store all of them. NotificationRefused when the key's allowance does not reach."""
        if await self._store_some(queued, key) < len(queued):
            raise _over_allowance()

    async def _store_some(self, queued: Sequence[QueuedCall], key: LicenseKey) -> int:
        """Store as many as the key's allowance reaches for, the first ones; gives how many."""
        most = key.limits.calls_per_day
        try:
            stored = await self._queue.add(queued, most_in_day=most)
        except StoreUnreachable:
            # It may be stored all the same: the same QueueIDs again are the same calls.
            stored = await self._queue.add(queued, most_in_day=most)
        if stored:
            self._tell_queued(queued[:stored])
        return stored

    def _tell_queued(self, queued: Sequence[QueuedCall]) -> None:
        first = queued[0].call
        log.info(
            "calls queued" if len(queued) > 1 else "call queued",
            call=first.queue_id,
            calls=len(queued),
            license_key=first.license_key,
            number=mask_number(first.their_number),
        )
        self._wake()

    async def call_back(self, key: LicenseKey, effect: CallBack) -> None:
        """Store a call that a routing of the key asks for: it runs a program that the routing brings along.

        NotificationRefused with the response code; StoreError, JournalFull when it cannot be stored.
        """
        at = self._log_targets.now() + timedelta(seconds=effect.delay_seconds)
        order = Order(effect.number, effect.program, caller_id=effect.caller_id, at=at)
        script = _Script(compile_source(effect.program), ())
        await self._store([await self._queued(order, key, script, self._queue_ids.take)], key)

    async def cancel(self, queue_id: int) -> bool:
        """Take back a call that waits for a try; False when it does not wait. StoreError.

        Its final post-back is stored in the same transaction.
        """
        entry = await self._queue.change_waiting(queue_id, self._cancelled)
        if entry is None:
            return False
        log.info("call cancelled", call=queue_id)
        self._metrics.ended.labels(entry.call.end_reason).inc()
        for line in entry.trace:
            self._log_targets.feed.publish(entry.call, line)
        return True

    def _cancelled(self, stored: StoredCall) -> CallEntry:
        state = stored.legible_state()
        written = WrittenCall()
        # Nobody is told before it is stored.
        quiet = replace(self._log_targets, feed=CallFeed(), mailer=None)
        CallLog(quiet, stored.call, lambda: state, journal=written).ended("cancelled", ResponseCode.CANCELLED)
        return written.entry

    def _context_of(self, key: LicenseKey) -> Context:
        destinations = self._routes.destinations(key.name)
        return replace(self._context, number_refused=destinations.refusal, open_transfers=destinations.open_transfers)

    def _transfer_number(self, text: str, key: LicenseKey) -> str:
        if not text:
            return ""
        if key.demo:
            raise NotificationRefused(ResponseCode.DEMO_NOT_ALLOWED, "the demo key transfers no calls")
        number = _number(text, ResponseCode.INVALID_TRANSFER_NUMBER, "the transfer number")
        if self._routes.inside(number) is None:
            self._route(number, key, ResponseCode.INVALID_TRANSFER_NUMBER)
        return number

    def _route(self, number: str, key: LicenseKey, code: ResponseCode) -> str:
        try:
            self._routes.endpoint_for(number, key.name)
            return self._routes.trunk_to(number)
        except PhoneNumberInvalid as error:
            raise NotificationRefused(code, str(error)) from None

    def _due_at(self, order: Order) -> datetime:
        now = self._log_targets.now()
        try:
            return max(order.at.astimezone(UTC), now) if order.at else now
        except OverflowError:  # a time of the years 1 or 9999 that another zone does not have
            return now if order.at and order.at.year < now.year else datetime.max.replace(tzinfo=UTC)


def _over_allowance() -> NotificationRefused:
    return NotificationRefused(
        ResponseCode.DEMO_ALLOWANCE_EXCEEDED, "the calls that the key may order in a day are used up"
    )


def _number(text: str, code: ResponseCode, what: str) -> str:
    try:
        number = parse_number(text)
    except PhoneNumberInvalid as error:
        raise NotificationRefused(code, f"{what}: {error}") from None
    if not is_e164(number):
        raise NotificationRefused(code, f"{what} is not a valid phone number")
    return number
