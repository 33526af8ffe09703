"""The response codes of Phone Notify! (0 to 46): what has become of a call.

Source: the recorded answer of GetResponseCodes; numbers and texts are the interface's own.
"""

from __future__ import annotations

from enum import IntEnum


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
