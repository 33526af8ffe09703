"""The structures of Phone Notify!: names, order and types as in the vendor's WSDL."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from controller.api.bindings.model import element, structure
from controller.api.bindings.types import Long, Short, UnsignedByte

NAMESPACE = "http://ws.cdyne.com/NotifyWS/"


@structure("Variable", NAMESPACE)
class Variable:
    """A variable of a call's script."""

    name: str | None = element("VariableName")
    value: str | None = element("VariableValue")


@structure("NotifyReturn", NAMESPACE)
class NotifyReturn:
    """What has become of a call."""

    response_code: int = element("ResponseCode", default=0)
    response_text: str | None = element("ResponseText", default=None)
    call_answered: bool = element("CallAnswered", default=False)
    queue_id: Long = element("QueueID", default=0)
    try_count: int = element("TryCount", default=0)
    demo: bool = element("Demo", default=False)
    digits_pressed: str | None = element("DigitsPressed", default=None)
    machine_detection: str | None = element("MachineDetection", default=None)
    duration: int = element("Duration", default=0)
    start_time: datetime | None = element("StartTime", default=None)
    end_time: datetime | None = element("EndTime", default=None)
    minute_rate: Decimal = element("MinuteRate", default=Decimal(0))
    country: str | None = element("Country", default=None)
    call_complete: bool = element("CallComplete", default=False)
    text_to_say: str | None = element("TextToSay", default=None)
    variables: tuple[Variable, ...] | None = element("VariableArray", default=None)


@structure("AdvancedNotifyRequest", NAMESPACE)
class AdvancedNotifyRequest:
    """A call that is asked for, with everything that can be said about it."""

    number: str | None = element("PhoneNumberToDial", default=None)
    transfer_number: str | None = element("TransferNumber", default=None)
    voice: int = element("VoiceID", default=0)
    caller_id: str | None = element("CallerIDNumber", default=None)
    caller_id_name: str | None = element("CallerIDName", default=None)
    text: str | None = element("TextToSay", default=None)
    license_key: str | None = element("LicenseKey", default=None, credential=True)
    try_count: int = element("TryCount", default=0)
    next_try_seconds: int = element("NextTryInSeconds", default=0)
    scheduled: datetime | None = element("UTCScheduledDateTime", default=None)
    rate: UnsignedByte = element("TTSrate", default=0)
    volume: UnsignedByte = element("TTSvolume", default=0)
    max_call_length: int = element("MaxCallLength", default=0)
    status_post_url: str | None = element("StatusChangePostUrl", default=None)
    reference_id: str | None = element("ReferenceID", default=None)


@structure("LM_Functions", NAMESPACE)
class ListDial:
    """The dialling of a list, with everything that can be said about it."""

    caller_id: str | None = element("CallerID", default=None)
    caller_id_name: str | None = element("CallerIDName", default=None)
    voice: UnsignedByte = element("VoiceID", default=0)
    text: str | None = element("TextToSay", default=None)
    try_count: UnsignedByte = element("TryCount", default=0)
    license_key: str | None = element("Licensekey", default=None, credential=True)
    extension: str | None = element("Extension", default=None)
    transfer_number: str | None = element("TransferNumber", default=None)
    next_try_seconds: Short = element("NextTryInSeconds", default=0)
    rate: UnsignedByte = element("TTSRate", default=0)
    volume: UnsignedByte = element("TTSVolume", default=0)
    scheduled: datetime | None = element("ScheduledUTCDatetime", default=None)
    list_id: int = element("ListID", default=0)
    recursive: bool = element("DialRecursiveLists", default=False)


@structure("LM_DialReturn", NAMESPACE)
class ListDialReturn:
    """Whether the members of a list are called."""

    success: bool = element("Success", default=False)
    batch_id: int = element("BatchID", default=0)
    response_code: int = element("ResponseCode", default=0)
    error_text: str | None = element("ErrorText", default=None)


@structure("LM_ListIDs", NAMESPACE, value_type=True)
class ListName:
    """A list of people to call. ParentListID: the list that it is in, 0 for none."""

    list_id: int = element("ListID")
    parent_id: int = element("ParentListID")
    name: str | None = element("ListName")


@structure("LM_ListMembers", NAMESPACE, value_type=True)
class ListMember:
    """Somebody on a list."""

    member_id: int = element("ListMemberID")
    number: str | None = element("PhoneNumber")
    client_id: str | None = element("ClientID")
    first_name: str | None = element("FirstName")
    last_name: str | None = element("LastName")


@structure("Response", NAMESPACE)
class Response:
    """A response code and its text."""

    code: int = element("ResponseCode")
    text: str | None = element("ResponseText")


@structure("Voice", NAMESPACE)
class VoiceDescription:
    """A voice."""

    voice_id: int = element("VoiceID")
    name: str | None = element("VoiceName")
    gender: str | None = element("VoiceGender")
    age: int = element("VoiceAge")
    language: str | None = element("VoiceLanguage")
    summary: str | None = element("VoiceSummary")


@structure("UploadFileResponse", NAMESPACE)
class UploadFileResponse:
    """Whether a sound file was taken; its length in whole seconds."""

    successful: bool = element("UploadSuccessful", default=False)
    error: str | None = element("ErrorResponse", default=None)
    seconds: int = element("UploadedLengthInSeconds", default=0)


@structure("AreaCode", NAMESPACE)
class AreaCode:
    """An area code that has numbers to give."""

    number: str | None = element("AreaCodeNumber")
    location: str | None = element("Location")
