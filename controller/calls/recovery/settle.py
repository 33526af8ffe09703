"""Closing calls of which the end was not seen: each accepted call ends in exactly one final post-back."""

from __future__ import annotations

import json
from datetime import datetime

import structlog

from controller.asterisk.leg_log import LoggedLeg
from controller.calls.call_log import CallLog, CallLogTargets
from controller.calls.metrics import CallMetrics
from controller.calls.model.response_codes import ResponseCode
from controller.calls.model.states import CallState
from controller.calls.store.stored_calls import StoredCall
from controller.errors import StateInvalid
from controller.script.state import ProgramCutAnew

log = structlog.get_logger()

# Why a call was closed that could not be gone on with; both end with code 9.
PROGRAM_CHANGED = "program-changed"
STATE_UNREADABLE = "state-unreadable"


def settle_lost(
    log_targets: CallLogTargets, metrics: CallMetrics, stored: StoredCall, leg: LoggedLeg | None = None
) -> None:
    """A stored call that nobody drives, and that has no channel any more: it is over, and its customer is told so.

    An outgoing call of which nobody was called yet waits again; one that was not answered, as far as anybody knows, is
    tried again if it has tries left.

    leg: what Asterisk has written down of its channel. Of one that was answered it tells when it ended; where nobody
    can tell, that is when its controller last gave a sign of life, for its customer and for its usage.
    """
    ended_at = (leg.ended_at if leg else None) or _last_seen(stored)
    try:
        state = stored.state()
    except StateInvalid as error:
        settle_unreadable(log_targets, metrics, stored, error, at=ended_at)
        return
    call, notification = stored.call, stored.notification
    record = CallLog(log_targets, call, lambda: state)
    if call.outgoing and call.answered_at is None:
        if call.state is CallState.CLAIMED:
            record.given_back()
            log.warning("a call was claimed and not dialled: it waits again", call=call.queue_id)
            return
        if call.tries < notification.most_tries:
            record.waits_again(ResponseCode.TELECOM_TIMEOUT, notification.next_try_seconds)
            log.warning("a try was lost, and another one follows", call=call.queue_id)
            return
    if leg is not None and call.answered_at is None:
        record.answered(leg.answered_at)
    code = ResponseCode.UNIVERSAL_ERROR if call.outgoing else ResponseCode.INCOMING_CALL_COMPLETE
    record.ended("lost", code, event="call.lost", at=ended_at)
    metrics.ended.labels(call.end_reason).inc()
    log.warning("call closed whose end was not seen", call=call.queue_id)


def settle_unreadable(
    log_targets: CallLogTargets,
    metrics: CallMetrics,
    stored: StoredCall,
    error: StateInvalid,
    *,
    at: datetime | None = None,
) -> None:
    """A stored call that cannot be gone on with: it is over, and its customer is told so, with what can be read of it.

    Its state stays in the store as it is, for whoever wants to know why. at: since when it is over, if that is not now.
    """
    state, as_it_is = stored.legible_state(), json.dumps(stored.engine_state, ensure_ascii=False)
    record = CallLog(log_targets, stored.call, lambda: state, state_json=lambda: as_it_is)
    record.note("error", message=str(error))
    reason = PROGRAM_CHANGED if isinstance(error, ProgramCutAnew) else STATE_UNREADABLE
    record.ended(reason, ResponseCode.UNIVERSAL_ERROR, event="call.lost", at=at)
    metrics.ended.labels(reason).inc()
    log.error("a call cannot be gone on with", call=stored.call.queue_id, reason=str(error))


def _last_seen(stored: StoredCall) -> datetime | None:
    """When a call whose controller went away was last known to stand, never before its answer; None if none did."""
    seen, answered = stored.last_seen_at, stored.call.answered_at
    return seen if seen is None or answered is None else max(seen, answered)
