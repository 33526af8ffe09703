"""A call's state as its customer is told of it: the post-back."""

from __future__ import annotations

from uuid import UUID

from controller.calls.model.call import Call
from controller.calls.postback_form import CallStatus, NumberLookup, phone_form
from controller.line_types.model import NOTHING_KNOWN, LineFound, LineType
from controller.postbacks.encoding import DateFormat
from controller.postbacks.outbox import Postback
from controller.script.state import State


def call_postback(
    postback_id: UUID,
    call: Call,
    state: State,
    *,
    event: str,
    url: str,
    final: bool,
    date_format: DateFormat,
    line: LineFound = NOTHING_KNOWN,
) -> Postback:
    """The post-back of what has just become of the call; takes the call's next sequence number.

    line: what is known of the number that was called.
    """
    known = state.variables
    status = CallStatus(
        queue_id=call.queue_id,
        response_code=int(call.response_code),
        start_time=call.begun_at,
        end_time=call.ended_at,
        duration_seconds=call.duration_seconds,
        machine_detection=state.machine_detection,
        digits_dialed=state.digits_dialled,
        incoming=call.direction == "incoming",
        caller_id=known.get("callerid", ""),
        phone_number=known.get("phonenumber", ""),
        extension=known.get("extension", ""),
        last_record_seconds=_number(known.get("lastrecordlength")),
        transfer_caller_id=known.get("transfercallerid", ""),
        transfer_caller_id_name=known.get("transfercalleridname", ""),
        in_call_rings=int(_number(known.get("incallringcount"))),
        lookup=_lookup(line),
        variables=state.script_variables,
    )
    return Postback(
        id=postback_id,
        subject=f"call:{call.queue_id}",
        sequence=call.next_sequence(),
        event=event,
        final=final,
        license_key=call.license_key,
        url=url,
        form=phone_form(status, date_format=date_format),
    )


def _lookup(line: LineFound) -> NumberLookup:
    """The line in the vendor's terms. Its types of carriers are not known: ours are sent."""
    if line is NOTHING_KNOWN:
        return _NOTHING
    return NumberLookup(
        wireless=line.type is LineType.MOBILE,
        lata=line.lata,
        ocn=line.carrier_id,
        carrier_name=line.carrier_name,
        carrier_type="" if line.type is LineType.UNKNOWN else line.type.value,
        switch_name=line.switch_name,
    )


_NOTHING = NumberLookup()


def _number(text: str | None) -> float:
    """A variable that a script may have set to anything, as a number."""
    if not text:
        return 0.0
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if 0 <= number < 1_000_000 else 0.0
