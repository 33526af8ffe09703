"""From Ringpost's words to Phone Notify!'s: how a call stands."""

from __future__ import annotations

from decimal import Decimal

from controller.api.auth import Caller
from controller.api.phone_notify.models import NotifyReturn, Variable
from controller.api.phone_notify.response_texts import RESPONSE_TEXTS
from controller.calls.model.response_codes import ResponseCode
from controller.calls.outgoing.notifications import Taken
from controller.calls.store.call_status import CallStanding
from controller.errors import NotificationRefused
from controller.ivr.compiled import is_compiled_source
from controller.metering.prices import FREE, PriceList


def answer(code: int, queue_id: int = 0, *, complete: bool = False, demo: bool = False) -> NotifyReturn:
    """An answer with nothing but a code."""
    return NotifyReturn(
        response_code=code, response_text=RESPONSE_TEXTS[code], queue_id=queue_id, call_complete=complete, demo=demo
    )


BAD_KEY = answer(ResponseCode.KEY_INVALID, complete=True)


def unknown_call(queue_id: int) -> NotifyReturn:
    """No call has this QueueID: it is complete, so that nobody asks for it again and again."""
    return answer(ResponseCode.UNIVERSAL_ERROR, queue_id, complete=True)


def of_taken(taken: Taken | NotificationRefused, caller: Caller, *, demo: bool) -> NotifyReturn:
    """A call that was queued, or why it was not, of which the caller is told more. demo: by the demo key."""
    if isinstance(taken, NotificationRefused):
        caller.explain(f"{int(taken.code)}: {taken}")
        return answer(taken.code, complete=True, demo=demo)
    return answer(ResponseCode.QUEUED, taken.queue_id, demo=demo)


def of_standing(call: CallStanding, prices: PriceList = FREE, *, advanced: bool = False) -> NotifyReturn:
    """How a call stands. advanced: with its script and its variables. The price of a minute is told at its end."""
    ended_at = call.ended_at
    return NotifyReturn(
        response_code=call.response_code,
        response_text=RESPONSE_TEXTS.get(call.response_code),
        call_answered=call.answered_at is not None,
        queue_id=call.queue_id,
        try_count=call.tries,
        digits_pressed=call.digits or None,
        machine_detection=call.machine_detection or None,
        duration=call.duration_seconds,
        start_time=call.begun_at,
        end_time=call.ended_at,
        minute_rate=Decimal(0)
        if ended_at is None
        else prices.minute_rate(call.direction, call.their_number, call.route, ended_at),
        country=call.country or None,
        call_complete=call.ended_at is not None,
        # What an IVR, a routing or a message of the Dialer was compiled from is no text of a customer.
        text_to_say=call.script if advanced and not is_compiled_source(call.script) else None,
        variables=tuple(Variable(name=name, value=value) for name, value in call.variables.items())
        if advanced
        else None,
    )
