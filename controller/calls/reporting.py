"""A call's state as its customer is told of it: the post-back."""

from __future__ import annotations

from uuid import UUID

from controller.calls.call import Call
from controller.postbacks.form import CallStatus, phone_form
from controller.postbacks.outbox import Postback
from controller.script.state import State


def call_postback(
    postback_id: UUID, call: Call, state: State, *, event: str, url: str, final: bool, date_format: str
) -> Postback:
    """The post-back of what has just become of the call; takes the call's next sequence number.

    date_format: "us" or "iso", see `postbacks.form`.
    """
    status = CallStatus(
        queue_id=call.queue_id,
        response_code=int(call.response_code),
        start_time=call.started_at,
        end_time=call.ended_at,
        duration_seconds=call.duration_seconds,
        machine_detection=state.machine_detection,
        digits_dialed=state.digits_dialled,
        incoming=call.direction == "incoming",
        caller_id=state.variables.get("callerid", call.caller),
        phone_number=state.variables.get("phonenumber", call.did),
        variables=state.variables,
    )
    return Postback(
        id=postback_id,
        subject=f"call:{call.queue_id}",
        sequence=call.next_sequence(),
        event=event,
        final=final,
        license_key=call.license_key,
        url=url,
        form=phone_form(status, date_format="iso" if date_format == "iso" else "us"),
    )
