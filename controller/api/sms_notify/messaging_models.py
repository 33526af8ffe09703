"""What Messaging.svc takes and answers beside sms.svc: messages and their states, and who has opted out."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from uuid import UUID

from controller.api.bindings.model import element, enumeration, parameters, structure
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
    concatenate: bool | None = element("Concatenate")
    sender: str | None = element("From")
    is_unicode: bool | None = element("IsUnicode")
    license_key: UUID = element("LicenseKey", credential=True)
    postback_url: str | None = element("PostbackUrl")
    reference_id: str | None = element("ReferenceID")
    scheduled_at: datetime | None = element("ScheduledDateTime", nullable=True)
    subject: str | None = element("Subject")
    recipients: tuple[str, ...] | None = element("To")
    use_mms: bool = element("UseMMS")


@structure("OutgoingMessageResponse", NAMESPACE)
class OutgoingMessageResponse:
    """A message to one phone number."""

    attachments: tuple[str, ...] | None = element("Attachments", default=None)
    sender: str | None = element("From", default=None)
    message_id: UUID = element("MessageID")
    status: MessageStatus = element("MessageStatus")
    sent_at: datetime | None = element("SentTime", nullable=True, default=None)
    recipient: str | None = element("To", default=None)


@structure("IncomingMessageCriteria", NAMESPACE)
class IncomingMessageCriteria:
    """Which incoming messages; a page has 100 unless PageSize says otherwise, 1,000 at most."""

    end: datetime | None = element("EndDate", nullable=True)
    incoming_message_id: UUID | None = element("IncomingMessageID")
    license_key: UUID = element("LicenseKey", credential=True)
    outgoing_message_id: UUID | None = element("OutgoingMessageID")
    page_number: int | None = element("PageNumber")
    page_size: int | None = element("PageSize")
    reference_id: str | None = element("ReferenceID")
    start: datetime | None = element("StartDate", nullable=True)
    unread_only: bool | None = element("UnreadMessagesOnly")


@structure("IncomingMessageResponse", NAMESPACE)
class IncomingMessageResponse:
    """A message that came in. There are never attachments: SIP MESSAGE carries text."""

    attachments: tuple[str, ...] | None = element("Attachments", default=None)
    sender: str | None = element("From")
    incoming_message_id: UUID = element("IncomingMessageID")
    outgoing_message_id: UUID | None = element("OutgoingMessageID")
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
