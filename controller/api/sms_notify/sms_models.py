"""What sms.svc takes and answers; members in the order of WCF, which is alphabetical."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from uuid import UUID

from controller.api.bindings.model import element, enumeration, parameters, structure
from controller.api.bindings.types import NO_GUID

NAMESPACE = "http://sms2.cdyne.com"
_REQUEST_NAMESPACE = "http://schemas.datacontract.org/2004/07/SmsWS"

_KEY = "The licence key, a GUID."
_NUMBER = "Who gets the text: 10 or 11 digits in North America, 011 and the country code elsewhere."
_MESSAGE = "The text; a long one is sent in several segments."
_MESSAGE_ID = "The MessageID that the sending operation answered."


@enumeration("SMSErrors", NAMESPACE)
class SmsError(IntEnum):
    """Why a text is not sent."""

    NoError = 0
    STOPfromPhoneNumber = 1
    LicenseKeyInvalid = 2
    PhoneNumberInvalid = 3
    MessageInvalid = 4
    ScheduledDateTimeIsNotUTC = 5
    InvalidAssignedDID = 6
    NotFound = 7
    InternalError = 8
    ContactCdyneAccountSuspended = 9
    AssignedDIDRequired = 10


@structure("SMSIncomingMessage", NAMESPACE)
class SmsIncomingMessage:
    """A text that came in. A text that answers none has the zero GUID as its match."""

    from_phone_number: str | None = element("FromPhoneNumber")
    incoming_message_id: UUID = element("IncomingMessageID")
    matched_message_id: UUID = element("MatchedMessageID")
    message: str | None = element("Message")
    response_receive_date: datetime | None = element("ResponseReceiveDate")
    to_phone_number: str | None = element("ToPhoneNumber")


@structure("SMSResponse", NAMESPACE)
class SmsResponse:
    """Where a text stands. `incoming` is None in the answer to a sending, else the replies."""

    cancelled: bool = element("Cancelled", default=False)
    message_id: UUID = element("MessageID", default=NO_GUID)
    queued: bool = element("Queued", default=False)
    reference_id: str | None = element("ReferenceID", omit_null=True, default=None)
    error: SmsError = element("SMSError", default=SmsError.NoError)
    incoming: tuple[SmsIncomingMessage, ...] | None = element("SMSIncomingMessages", default=None)
    sent: bool = element("Sent", default=False)
    sent_at: datetime | None = element("SentDateTime", default=None)


@structure("SMSRequest", NAMESPACE)
class SmsRequest:
    """One text to any number of phone numbers."""

    assigned_did: str | None = element("AssignedDID")
    message: str | None = element("Message")
    phone_numbers: tuple[str, ...] | None = element("PhoneNumbers")
    reference_id: str | None = element("ReferenceID")
    scheduled_at: datetime | None = element("ScheduledDateTime")
    status_post_back_url: str | None = element("StatusPostBackURL")


@structure("SMSAdvancedRequest", _REQUEST_NAMESPACE)
class SmsAdvancedRequest:
    """Texts of one licence key."""

    concatenate: bool = element("Concatenate")
    is_unicode: bool = element("IsUnicode")
    license_key: UUID = element("LicenseKey", credential=True)
    requests: tuple[SmsRequest, ...] | None = element("SMSRequests")


@parameters
class SimpleSend:
    """One text."""

    phone_number: str = element("PhoneNumber", documentation=_NUMBER)
    message: str = element("Message", documentation=_MESSAGE)
    license_key: UUID = element("LicenseKey", credential=True, documentation=_KEY)


@parameters
class SimpleSendWithPostback:
    """One text, and where its results are posted."""

    phone_number: str = element("PhoneNumber", documentation=_NUMBER)
    message: str = element("Message", documentation=_MESSAGE)
    license_key: UUID = element("LicenseKey", credential=True, documentation=_KEY)
    status_post_back_url: str = element("StatusPostBackURL", documentation="The URL that gets the post-backs.")


@parameters
class AdvancedSend:
    """Any number of texts."""

    advanced_request: SmsAdvancedRequest = element("AdvancedRequest")


@parameters
class ByMessage:
    """The id of one text."""

    message_id: UUID = element("MessageID", documentation=_MESSAGE_ID)


@parameters
class ByReference:
    """A customer's own id of texts."""

    reference_id: str = element("ReferenceID", documentation="The ReferenceID that the texts were sent with.")
    license_key: UUID = element("LicenseKey", credential=True, documentation=_KEY)


@parameters
class ByKey:
    """A licence key."""

    license_key: UUID = element("LicenseKey", credential=True, documentation=_KEY)
