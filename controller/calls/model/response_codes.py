"""The response codes of Phone Notify! (0 to 46): what has become of a call.

Source: the recorded answer of GetResponseCodes; numbers and texts are the interface's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Literal


class ResponseCode(IntEnum):
    """A call's response code; the member's value is what post-backs and status answers carry."""

    QUEUED = 0
    CALL_ANSWERED = 1
    CALL_UNANSWERED = 2
    INVALID_PHONE_NUMBER = 3
    INVALID_CALLER_ID = 4
    INVALID_VOICE_ID = 5
    INVALID_TRANSFER_NUMBER = 6
    INVALID_TRANSFER_DIGIT = 7
    BUSY = 8
    UNIVERSAL_ERROR = 9
    DEMO_ALLOWANCE_EXCEEDED = 10
    DEMO_NOT_ALLOWED = 11
    DIALING = 12
    CALLER_ID_IS_PHONE_NUMBER = 13
    KEY_INVALID = 14
    PHONE_NUMBER_ABUSE = 15
    SCHEDULED_TIME_NOT_UTC = 16
    SITE_BAN = 17
    RINGING = 18
    TRYING = 19
    FORWARDED = 20
    IN_CALL = 21
    CANCELLED = 22
    SOUND_FILE_NOT_FOUND = 23
    TRANSFERRED = 24
    TRANSFER_FAILED = 25
    HUNG_UP_DURING_TRANSFER = 26
    ADMINISTRATIVE_HOLD = 27
    CALL_FORBIDDEN = 28
    INCOMING_CALL = 29
    INCOMING_CALL_COMPLETE = 30
    INCOMING_CALL_TRANSFERRED = 31
    TTS_ERROR = 32
    TIME_RESTRICTION = 33
    CONGESTION = 34
    GLOBAL_NOT_ACCEPTABLE = 35
    NO_SUPPORTED_MEDIA = 36
    TELECOM_TIMEOUT = 37
    TELECOM_DENIED = 38
    DEMO_DENIED = 39
    TTS_BUSY = 40
    CONFERENCE_START = 41
    CONFERENCE_JOIN = 42
    VACANT_NUMBER = 43
    NUMBER_CHANGED = 44
    SOUND_FILE_PROCESSING = 45
    READY_FOR_DIALER = 46


# How the transfer of a call stands: none was asked for, it rings, both talked (or still do), the last one failed.
TransferState = Literal["", "ringing", "bridged", "failed"]

# With what a call that was answered ends. A failed transfer is final with the vendor; an incoming call has no code for
# it, and its script goes on.
INCOMING_ENDS: Mapping[TransferState, ResponseCode] = {
    "": ResponseCode.INCOMING_CALL_COMPLETE,
    "ringing": ResponseCode.HUNG_UP_DURING_TRANSFER,
    "bridged": ResponseCode.INCOMING_CALL_TRANSFERRED,
    "failed": ResponseCode.INCOMING_CALL_COMPLETE,
}
OUTGOING_ENDS: Mapping[TransferState, ResponseCode] = {
    "": ResponseCode.CALL_ANSWERED,
    "ringing": ResponseCode.HUNG_UP_DURING_TRANSFER,
    "bridged": ResponseCode.TRANSFERRED,
    "failed": ResponseCode.TRANSFER_FAILED,
}

# Why a call was not answered, by its hang-up cause (ITU-T Q.850; Asterisk makes it from the SIP status: 404 is 1,
# 486 and 600 are 17, 408 is 18, 480 is 19, 403 and 603 are 21, 410 is 22, 503 is 34, 488 is 58 …).
_NOT_ANSWERED: Mapping[int, ResponseCode] = {
    1: ResponseCode.VACANT_NUMBER,
    2: ResponseCode.CONGESTION,
    3: ResponseCode.CONGESTION,
    17: ResponseCode.BUSY,
    18: ResponseCode.CALL_UNANSWERED,
    19: ResponseCode.CALL_UNANSWERED,
    20: ResponseCode.CALL_UNANSWERED,
    21: ResponseCode.TELECOM_DENIED,
    22: ResponseCode.NUMBER_CHANGED,
    23: ResponseCode.NUMBER_CHANGED,
    28: ResponseCode.INVALID_PHONE_NUMBER,
    34: ResponseCode.CONGESTION,
    38: ResponseCode.CONGESTION,
    41: ResponseCode.CONGESTION,
    42: ResponseCode.CONGESTION,
    44: ResponseCode.CONGESTION,
    47: ResponseCode.CONGESTION,
    57: ResponseCode.TELECOM_DENIED,
    58: ResponseCode.NO_SUPPORTED_MEDIA,
    65: ResponseCode.NO_SUPPORTED_MEDIA,
    79: ResponseCode.NO_SUPPORTED_MEDIA,
    88: ResponseCode.NO_SUPPORTED_MEDIA,
    102: ResponseCode.TELECOM_TIMEOUT,
}
# What another try may change.
TRIED_AGAIN = frozenset(
    {
        ResponseCode.CALL_UNANSWERED,
        ResponseCode.BUSY,
        ResponseCode.CONGESTION,
        ResponseCode.TELECOM_TIMEOUT,
        ResponseCode.TTS_BUSY,
    }
)
# What speaks of the trunk, as long as nothing has rung: another trunk may reach the callee.
TRUNK_FAILURES = frozenset({ResponseCode.CONGESTION, ResponseCode.TELECOM_TIMEOUT})
# Where the SIP status says more than the cause that is made of it. A diverted call is not followed: who pays decides
# whom to call. Only 301 says that the number has changed for good (RFC 3261, 21.3).
# Whoever refused for good (RFC 5079, 8197, 8688) is not called again.
_REFUSED_WITH: Mapping[int, ResponseCode] = {
    300: ResponseCode.TELECOM_DENIED,
    301: ResponseCode.NUMBER_CHANGED,
    302: ResponseCode.TELECOM_DENIED,
    305: ResponseCode.TELECOM_DENIED,
    380: ResponseCode.TELECOM_DENIED,
    415: ResponseCode.NO_SUPPORTED_MEDIA,
    433: ResponseCode.INVALID_CALLER_ID,
    484: ResponseCode.INVALID_PHONE_NUMBER,
    485: ResponseCode.INVALID_PHONE_NUMBER,
    488: ResponseCode.NO_SUPPORTED_MEDIA,
    604: ResponseCode.VACANT_NUMBER,
    606: ResponseCode.GLOBAL_NOT_ACCEPTABLE,
    607: ResponseCode.TELECOM_DENIED,
    608: ResponseCode.TELECOM_DENIED,
}
# The network gave up waiting for whom it called: nobody answered if the phone rang, else there was no sign of anybody.
_TIMED_OUT = frozenset({408, 504})


def not_answered(cause: int, sip_status: int = 0, *, rang: bool = False) -> ResponseCode:
    """What a try was that ended before the answer, by its Q.850 cause and its SIP status; 0 when nobody told one.

    A `Reason: Q.850` beside the status is the cause (RFC 3326). rang: whether the phone was heard to ring.
    """
    if sip_status in _TIMED_OUT:
        return ResponseCode.CALL_UNANSWERED if rang else ResponseCode.TELECOM_TIMEOUT
    if known := _REFUSED_WITH.get(sip_status):
        return known
    return _NOT_ANSWERED.get(cause, ResponseCode.CONGESTION if cause else ResponseCode.TELECOM_TIMEOUT)
