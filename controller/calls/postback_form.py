"""The form of a phone post-back: the fields of Phone Notify!'s StatusChangePostURL, to the letter.

Names, their mixture of cases and which call has which field are CDYNE's (documentation of OutgoingPostback and
IncomingPostback, and the vendor's article on StatusChangePostURL).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from controller.postbacks.encoding import DateFormat, form_time


@dataclass(frozen=True, slots=True)
class NumberLookup:
    """What is known of the dialled number; every field may be empty."""

    wireless: bool = False
    lata: str = ""
    ocn: str = ""
    carrier_name: str = ""
    carrier_type: str = ""
    lrn: str = ""
    switch_name: str = ""


class CallStatus(NamedTuple):
    """A call as its customer is told of it. Times are aware, durations in seconds, numbers as they shall appear.

    `machine_detection`: HUMAN, MACHINE, FAX, UNKNOWN or empty; `internal_code`: the vendor's AC; `in_call_rings`:
    rings heard after the call was connected; `transfer_caller_id_name` is an outgoing call's, `transfer_caller_id` an
    incoming one's; `variables`: the script's, of which those named like a field are left out.
    (A frozen dataclass of so many fields takes longer to make than the form itself.)
    """

    queue_id: int
    response_code: int
    start_time: datetime | None
    end_time: datetime | None
    duration_seconds: float
    machine_detection: str
    digits_dialed: str
    incoming: bool
    caller_id: str
    phone_number: str
    extension: str = ""
    last_record_seconds: float = 0
    internal_code: str = ""
    transfer_caller_id_name: str = ""
    transfer_caller_id: str = ""
    in_call_rings: int = 0
    recording_sound_id: str = ""
    lookup: NumberLookup = NumberLookup()
    variables: Mapping[str, str] = MappingProxyType({})


def phone_form(status: CallStatus, *, date_format: DateFormat) -> tuple[tuple[str, str], ...]:
    """The fields in the documented order, the script's variables at the end with lower-case names."""
    fields = [
        ("QueueID", str(status.queue_id)),
        ("ResponseCode", str(status.response_code)),
        ("StartTime", form_time(status.start_time, date_format)),
        ("EndTime", form_time(status.end_time, date_format)),
        ("Duration", str(int(status.duration_seconds))),
        ("machinedetection", status.machine_detection),
    ]
    if not status.incoming:
        fields.append(("AC", status.internal_code))
    fields.append(("digitsdialed", status.digits_dialed))
    if status.incoming:
        fields.append(("incoming", "True"))
    fields += [
        ("callerid", status.caller_id),
        ("phonenumber", status.phone_number),
        ("extension", status.extension),
        ("lastrecordlength", str(int(status.last_record_seconds))),
    ]
    fields += _incoming_fields(status) if status.incoming else _outgoing_fields(status)
    if not status.variables:
        return tuple(fields)
    variables = {name.lower(): value for name, value in status.variables.items()}
    return (*fields, *((name, value) for name, value in variables.items() if name not in _RESERVED))


def _incoming_fields(status: CallStatus) -> list[tuple[str, str]]:
    return [("transfercallerid", status.transfer_caller_id)]


def _outgoing_fields(status: CallStatus) -> list[tuple[str, str]]:
    rings = [("incallringcount", str(status.in_call_rings))] if status.in_call_rings >= 1 else []
    return [
        ("transfercalleridname", status.transfer_caller_id_name),
        *rings,
        ("qasoundid", status.recording_sound_id),
        ("isWireless", str(status.lookup.wireless)),
        ("telcoLATA", status.lookup.lata),
        ("telcoOCN", status.lookup.ocn),
        ("telcoCarrierName", status.lookup.carrier_name),
        ("telcoCarrierType", status.lookup.carrier_type),
        ("telcoLRN", status.lookup.lrn),
        ("telcoSwitchName", status.lookup.switch_name),
    ]


_RESERVED = frozenset(
    {
        "queueid",
        "responsecode",
        "starttime",
        "endtime",
        "duration",
        "machinedetection",
        "ac",
        "digitsdialed",
        "incoming",
        "callerid",
        "phonenumber",
        "extension",
        "lastrecordlength",
        "transfercalleridname",
        "transfercallerid",
        "incallringcount",
        "qasoundid",
        "iswireless",
        "telcolata",
        "telcoocn",
        "telcocarriername",
        "telcocarriertype",
        "telcolrn",
        "telcoswitchname",
    }
)
