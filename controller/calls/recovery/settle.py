"""Closing calls of which the end was not seen: each accepted call ends in exactly one final post-back."""

from __future__ import annotations

import structlog
from asyncpg import Record

from controller.calls.call_log import CallLog, CallLogTargets
from controller.calls.metrics import CallMetrics
from controller.calls.model.call import Call
from controller.calls.model.order import Notification
from controller.calls.model.response_codes import ResponseCode
from controller.errors import StateInvalid
from controller.script.state import State

log = structlog.get_logger()


def settle_lost(log_targets: CallLogTargets, metrics: CallMetrics, row: Record) -> None:
    """A stored call that nobody drives, and that has no channel any more: it is over, and its customer is told so.

    An outgoing call of which nobody was called yet waits again; one that was not answered, as far as anybody knows, is
    tried again if it has tries left.
    """
    call = Call.of(row)
    state = stored_state(row)
    record = CallLog(log_targets, call, lambda: state or State())
    if state is not None and call.outgoing and call.answered_at is None:
        notification = Notification.of(row)
        if call.response_code is ResponseCode.QUEUED:
            record.given_back()
            log.warning("a call was claimed and not dialled: it waits again", call=call.queue_id)
            return
        if call.tries < notification.most_tries:
            record.waits_again(ResponseCode.TELECOM_TIMEOUT, notification.next_try_seconds)
            log.warning("a try was lost, and another one follows", call=call.queue_id)
            return
    code = ResponseCode.UNIVERSAL_ERROR if call.outgoing else ResponseCode.INCOMING_CALL_COMPLETE
    record.ended("lost", code, event="call.lost")
    metrics.ended.labels(call.end_reason).inc()
    log.warning("call closed whose end was not seen", call=call.queue_id)


def stored_state(row: Record) -> State | None:
    """The engine's state of a stored call; None when it cannot be read."""
    try:
        return State.from_json(row["state"])
    except StateInvalid:
        return None
