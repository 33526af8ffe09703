"""The parameters of Phone Notify!'s operations, in the order of the vendor's WSDL.

Names are as they are there, odd spellings of the licence key included. What clients of the wild leave out over GET and
POST has a default; everything else must be there, as ASP.NET has it.
"""

from __future__ import annotations

from controller.api.bindings.model import element, parameters
from controller.api.bindings.types import Long, Short, UnsignedByte
from controller.api.phone_notify.models import AdvancedNotifyRequest


@parameters
class WithKey:
    """Nothing but the licence key."""

    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class NotifyEnglish:
    """A call in the first voice."""

    number: str | None = element("PhoneNumberToDial")
    text: str | None = element("TextToSay")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class NotifyBasic:
    """A call."""

    number: str | None = element("PhoneNumberToDial")
    text: str | None = element("TextToSay")
    caller_id: str | None = element("CallerID", default=None)
    caller_id_name: str | None = element("CallerIDname", default=None)
    voice: str | None = element("VoiceID", default=None)
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class NotifyWithTryCount:
    """A call with several tries."""

    try_count: Short = element("TryCount")
    number: str | None = element("PhoneNumberToDial")
    text: str | None = element("TextToSay")
    caller_id: str | None = element("CallerID", default=None)
    caller_id_name: str | None = element("CallerIDname", default=None)
    voice: str | None = element("VoiceID", default=None)
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class NotifyWithTransfer:
    """A call in which 0 transfers."""

    number: str | None = element("PhoneNumberToDial")
    transfer_number: str | None = element("TransferNumber")
    text: str | None = element("TextToSay")
    caller_id: str | None = element("CallerID", default=None)
    caller_id_name: str | None = element("CallerIDname", default=None)
    voice: str | None = element("VoiceID", default=None)
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class NotifyAdvanced:
    """A call with everything."""

    request: AdvancedNotifyRequest | None = element("anr")


@parameters
class NotifyMultiple:
    """Calls to several numbers."""

    numbers: str | None = element("PhoneNumbersToDial", documentation="Separated by ;")
    text: str | None = element("TextToSay")
    caller_id: str | None = element("CallerID", default=None)
    caller_id_name: str | None = element("CallerIDname", default=None)
    voice: str | None = element("VoiceID", default=None)
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class NotifyMultipleWithPace:
    """Calls to several numbers, so many a minute."""

    numbers: str | None = element("PhoneNumbersToDial", documentation="Separated by ;")
    text: str | None = element("TextToSay")
    caller_id: str | None = element("CallerID", default=None)
    caller_id_name: str | None = element("CallerIDname", default=None)
    voice: str | None = element("VoiceID", default=None)
    calls_per_minute: int = element("CallsPerMinute")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class NotifyMultipleWithReference:
    """Calls to several numbers, so many a minute, under a reference of the customer's own."""

    numbers: str | None = element("PhoneNumbersToDial", documentation="Separated by ;")
    text: str | None = element("TextToSay")
    caller_id: str | None = element("CallerID", default=None)
    caller_id_name: str | None = element("CallerIDname", default=None)
    voice: str | None = element("VoiceID", default=None)
    calls_per_minute: int = element("CallsPerMinute")
    reference_id: str | None = element("ReferenceID")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class NotifyMultipleAdvanced:
    """Several calls with everything."""

    requests: tuple[AdvancedNotifyRequest, ...] | None = element("MultipleANR")


@parameters
class CancelCall:
    """A call that waits."""

    queue_id: Long = element("QueueID")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class CancelReference:
    """The calls of a reference that wait."""

    reference_id: str | None = element("ReferenceID")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class ConferenceRoom:
    """A conference, by its key."""

    conference_key: str | None = element("ConferenceKey")


@parameters
class OneCall:
    """A call, by its QueueID."""

    queue_id: Long = element("QueueID")


@parameters
class OneCallOfKey:
    """A call of the licence key."""

    queue_id: Long = element("QueueID")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class CallsOfNumber:
    """Calls to a number."""

    number: str | None = element("PhoneNumber")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class SeveralCalls:
    """Calls, by their QueueIDs."""

    queue_ids: str | None = element("QueueIDs", documentation="Separated by ;")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class UploadSound:
    """A sound file."""

    data: bytes | None = element("FileBinary")
    sound_id: str | None = element("SoundFileID")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class OneSound:
    """A sound, by its id."""

    sound_id: str | None = element("SoundFileID")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class RenameSound:
    """A sound and its new id."""

    sound_id: str | None = element("SoundFileID")
    new_sound_id: str | None = element("NewSoundFileID")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class SoundAsMp3:
    """A sound as MP3, of 32, 64 or 128 kbit/s."""

    sound_id: str | None = element("SoundFileID")
    bit_rate: int = element("BitRate")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class SpeechAsMp3:
    """Spoken text as MP3, of 32, 64 or 128 kbit/s."""

    text: str | None = element("TextToSay")
    voice: int = element("VoiceID")
    bit_rate: int = element("BitRate")
    rate: UnsignedByte = element("TTSrate")
    volume: UnsignedByte = element("TTSvolume")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class SpeechAsUlaw:
    """Spoken text as u-law."""

    text: str | None = element("TextToSay")
    voice: int = element("VoiceID")
    rate: UnsignedByte = element("TTSrate")
    volume: UnsignedByte = element("TTSvolume")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class RecordSound:
    """A sound that is recorded on a call."""

    number: str | None = element("PhoneNumberToDial")
    sound_id: str | None = element("SoundFileID")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class ListScripts:
    """Scripts; there are no global ones here."""

    include_global: bool = element("IncludeGlobalScripts")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class SaveScript:
    """A script under a name."""

    name: str | None = element("ScriptName")
    text: str | None = element("ScriptText")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class OneScript:
    """A script, by its name."""

    name: str | None = element("ScriptName")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class OneVariable:
    """A variable of the licence key, by its name."""

    name: str | None = element("VariableName")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class SaveVariable:
    """A variable of the licence key; an empty value deletes it."""

    name: str | None = element("VariableName")
    value: str | None = element("VariableValue")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class NumbersOfAreaCode:
    """Numbers to be had in an area code; without one, toll-free ones."""

    area_code: str | None = element("AreaCodeFilter")


@parameters
class AssignNumber:
    """A number that the licence key wants."""

    number: str | None = element("IncomingPhoneNumber")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class NumberOfKey:
    """A number of the licence key."""

    number: str | None = element("PhoneNumber")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class SetScript:
    """What answers a number."""

    number: str | None = element("PhoneNumber")
    script: str | None = element("Script")
    license_key: str | None = element("LicenseKey", credential=True)
