"""Taking outgoing calls: what a licence key's program asks for is checked, and stored until it is dialled."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
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
from controller.calls.store.call_entries import CallEntry, WrittenCall
from controller.calls.store.call_queue import CallQueue
from controller.calls.store.queue_ids import QueueIds
from controller.calls.store.stored_calls import StoredCall
from controller.directory.routes import Routes
from controller.directory.script_cache import as_mistakes
from controller.directory.script_examination import examine
from controller.directory.snapshot import LicenseKey
from controller.errors import Mistake, NotificationRefused, PhoneNumberInvalid, StoreUnreachable
from controller.numbers import is_e164, mask_number, national_digits, parse_number
from controller.script.analysis.checker import Context
from controller.script.analysis.transfers import TRANSFER_CODES
from controller.script.state import State

log = structlog.get_logger()

_SCRIPT = Path("script")


@dataclass(frozen=True, slots=True)
class Taken:
    """An outgoing call that is stored and will be made. `mistakes`: what is wrong or doubtful in its script."""

    queue_id: int
    mistakes: tuple[Mistake, ...] = ()


class Notifications:
    """Takes outgoing calls, and takes back those that wait.

    context: what scripts are checked against. wake: told of each call that may be due. forbids_call: whether a
    number has opted out of a key's calls.
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

    async def take(self, order: Order, key: LicenseKey, *, strict: bool = False) -> Taken:
        """Store a call that `key` asks for; it is dialled when its time has come and the paces allow.

        strict: a script with errors is refused. Customers' scripts run as they are, and what cannot be done in them is
        passed over: so it was with the vendor.

        NotificationRefused with the response code; StoreError, JournalFull when it cannot be stored.
        """
        if "phone" not in key.products:
            raise NotificationRefused(ResponseCode.KEY_INVALID, "this licence key is not for calls")
        number = _number(order.number, ResponseCode.INVALID_PHONE_NUMBER, "the number to call")
        shown = _number(order.caller_id, ResponseCode.INVALID_CALLER_ID, "the caller id") if order.caller_id else ""
        if shown == number:
            raise NotificationRefused(
                ResponseCode.CALLER_ID_IS_PHONE_NUMBER, "the caller id is the number that is to be called"
            )
        transfer = self._transfer_number(order.transfer_number, key)
        route = self._route(number, key, ResponseCode.CALL_FORBIDDEN)
        if await self._forbids_call(key.name, number):
            raise NotificationRefused(ResponseCode.CALL_FORBIDDEN, OPTED_OUT)
        examined = examine(order.script, self._context_of(key))
        mistakes = tuple(as_mistakes(_SCRIPT, examined.diagnostics))
        if any(each.code in TRANSFER_CODES and each.severity == "error" for each in examined.diagnostics):
            reason = "the script transfers calls to where its licence key may not call"
            raise NotificationRefused(ResponseCode.CALL_FORBIDDEN, reason, mistakes)
        if strict and not examined.accepted:
            raise NotificationRefused(ResponseCode.UNIVERSAL_ERROR, "there are mistakes in the script", mistakes)
        missing = await self._prompts_of(key.name).missing_sound(examined.program)
        if missing is not None:
            raise NotificationRefused(ResponseCode.SOUND_FILE_NOT_FOUND, f"there is no sound “{missing}”")
        notification = Notification.of(order)
        queue_id = self._queue_ids.take()
        call = Call.queued(
            queue_id,
            license_key=key.name,
            our_number=shown,
            their_number=number,
            program=examined.program.content_hash,
            at=self._log_targets.now(),
            due_at=self._due_at(order),
            status_post_url=examined.program.status_post_url or order.status_post_url or key.status_post_url or "",
            route=route,
        )
        state = State.for_outgoing(
            phonenumber=national_digits(number),
            callerid=national_digits(shown) if shown else "",
            calleridname=notification.caller_id_name,
            queueid=str(queue_id),
            transfer_number=transfer,
            key_seed=uuid4().hex,
            voice=order.voice,
        )
        state_json = json.dumps(state.to_json(), ensure_ascii=False)
        try:
            await self._queue.add(call, notification, state_json, examined.program)
        except StoreUnreachable:
            # It may be stored all the same: the same QueueID again is the same call.
            await self._queue.add(call, notification, state_json, examined.program)
        log.info("call queued", call=queue_id, license_key=key.name, number=mask_number(number))
        self._wake()
        return Taken(queue_id, mistakes)

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
        number = _number(text, ResponseCode.INVALID_TRANSFER_NUMBER, "the transfer number")
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


def _number(text: str, code: ResponseCode, what: str) -> str:
    try:
        number = parse_number(text)
    except PhoneNumberInvalid as error:
        raise NotificationRefused(code, f"{what}: {error}") from None
    if not is_e164(number):
        raise NotificationRefused(code, f"{what} is not a valid phone number")
    return number
