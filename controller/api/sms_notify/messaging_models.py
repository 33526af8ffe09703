"""What Messaging.svc takes and answers beside sms.svc: messages and their states, and who has opted out."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from uuid import UUID

from controller.api.bindings.model import element, enumeration, parameters, structure
from controller.api.bindings.types import Long
from controller.api.sms_notify.sms_models import NAMESPACE


@enumeration("MessageStatus", NAMESPACE)
class MessageStatus(IntEnum):
    """Where a message stands, or why there is none."""

    Hold = 0
    Sent = 200
    Ready = 201
    Processing = 202
    InvalidDid = 400
    InvalidLicenseKey = 401
    AccountSuspended = 402
    StopOnPhoneNumber = 403
    MissingDidOrInvalidMessageId = 404
    InvalidDateTime = 405
    InvalidDestination = 406
    NoMessage = 411
    MessageExceedsLimit = 413
    Failed = 506
    Cancelled = 507
    FailedByProvider = 508


@structure("OutgoingMessageRequest", NAMESPACE)
class OutgoingMessageRequest:
    """One message to any number of phone numbers. Attachments are media ids or URLs."""

    attachments: tuple[str, ...] | None = element("Attachments")
    body: str | None = element("Body")
    concatenate: bool = element("Concatenate")
    sender: str | None = element("From")
    is_unicode: bool = element("IsUnicode")
    license_key: UUID = element("LicenseKey", credential=True)
    postback_url: str | None = element("PostbackUrl")
    reference_id: str | None = element("ReferenceID")
    scheduled_at: datetime | None = element("ScheduledDateTime")
    subject: str | None = element("Subject")
    recipients: tuple[str, ...] | None = element("To")
    use_mms: bool = element("UseMMS")


@structure("OutgoingMessageResponse", NAMESPACE)
class OutgoingMessageResponse:
    """A message to one phone number. Attachments: media ids and URLs, with commas between them."""

    attachments: str | None = element("Attachments", default=None)
    sender: str | None = element("From", default=None)
    message_id: UUID = element("MessageID")
    status: MessageStatus = element("MessageStatus")
    sent_at: datetime | None = element("SentTime", default=None)
    recipient: str | None = element("To", default=None)


@structure("IncomingMessageCriteria", NAMESPACE)
class IncomingMessageCriteria:
    """Which incoming messages; a page has 100 unless PageSize says otherwise, 1,000 at most.

    .NET's programs send every element: a date of the year 1, the zero GUID and 0 say nothing.
    """

    end: datetime | None = element("EndDate")
    incoming_message_id: UUID = element("IncomingMessageID")
    license_key: UUID = element("LicenseKey", credential=True)
    outgoing_message_id: UUID = element("OutgoingMessageID")
    page_number: int = element("PageNumber")
    page_size: int = element("PageSize")
    reference_id: str | None = element("ReferenceID")
    start: datetime | None = element("StartDate")
    unread_only: bool = element("UnreadMessagesOnly")


@structure("IncomingMessageResponse", NAMESPACE)
class IncomingMessageResponse:
    """A message that came in; one that answers none has the zero GUID. SIP MESSAGE carries text: no attachments."""

    attachments: tuple[Long, ...] | None = element("Attachments", default=None)
    sender: str | None = element("From")
    incoming_message_id: UUID = element("IncomingMessageID")
    outgoing_message_id: UUID = element("OutgoingMessageID")
    payload: str | None = element("Payload")
    received_at: datetime | None = element("ReceivedDate")
    subject: str | None = element("Subject", default=None)
    recipient: str | None = element("To")
    udh: bytes | None = element("Udh", default=None)


@structure("UnsubscribedNumber", NAMESPACE)
class UnsubscribedNumber:
    """A phone number that opted out."""

    entered_at: datetime | None = element("EntryDate")
    phone_number: str | None = element("PhoneNumber")


@parameters
class SendMessage:
    """A message."""

    request: OutgoingMessageRequest = element("Request")


@parameters
class ReadMessageStatus:
    """A message."""

    license_key: UUID = element("LicenseKey", credential=True, documentation="The licence key, a GUID.")
    message_id: UUID = element("MessageId", documentation="The MessageID that SendMessage answered.")


@parameters
class ReadIncomingMessages:
    """Which messages."""

    criteria: IncomingMessageCriteria = element("Criteria")
