"""Between the words of the texts' room and those of the interface: states, refusals, numbers, times."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeGuard
from uuid import UUID

from controller.api.auth import Caller
from controller.api.bindings.types import NO_GUID
from controller.api.sms_notify.sms_models import SmsError, SmsIncomingMessage, SmsResponse
from controller.directory.snapshot import LicenseKey
from controller.texts.model.order import RefusalReason
from controller.texts.model.states import TextState
from controller.texts.model.text import Direction, Text
from controller.texts.postback import SENT_STATES, shown_number

REFUSALS = {
    RefusalReason.BLOCKED: SmsError.STOPfromPhoneNumber,
    RefusalReason.KEY_INVALID: SmsError.LicenseKeyInvalid,
    RefusalReason.NUMBER_INVALID: SmsError.PhoneNumberInvalid,
    RefusalReason.MESSAGE_INVALID: SmsError.MessageInvalid,
    RefusalReason.NOT_UTC: SmsError.ScheduledDateTimeIsNotUTC,
    RefusalReason.DID_INVALID: SmsError.InvalidAssignedDID,
    RefusalReason.DID_REQUIRED: SmsError.AssignedDIDRequired,
    RefusalReason.ALLOWANCE: SmsError.ContactCdyneAccountSuspended,
    RefusalReason.HOLD: SmsError.ContactCdyneAccountSuspended,
}

_ON_ITS_WAY = frozenset({TextState.QUEUED, TextState.HELD, TextState.SENDING})


def sender_of(caller: Caller, license_key: object) -> LicenseKey | SmsError:
    """The customer who may send texts with a licence key, or why nobody may."""
    customer = caller.customer(license_key)
    if customer is None or "sms" not in customer.products:
        return SmsError.LicenseKeyInvalid
    return SmsError.ContactCdyneAccountSuspended if customer.suspended else customer


def as_utc(moment: datetime | None) -> datetime | None:
    """A time that a customer gave; one without a zone is UTC, for .NET's clients write it so."""
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


def given(guid: UUID) -> UUID | None:
    """An id that a customer gave; .NET's programs send the zero GUID for one that they did not set."""
    return None if guid == NO_GUID else guid


def whole_second(moment: datetime | None) -> datetime | None:
    """A time without its fraction, which a client in Python cannot read."""
    return moment.replace(microsecond=0) if moment else None


def milliseconds(moment: datetime) -> datetime:
    """A time as exact as the vendor's."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def status(text: Text, replies: tuple[Text, ...]) -> SmsResponse:
    """Where an outgoing text stands. One that will never arrive is cancelled, as the vendor's SMSSent=0 says."""
    sent = text.state in SENT_STATES
    on_its_way = text.state in _ON_ITS_WAY
    return SmsResponse(
        cancelled=not sent and not on_its_way,
        message_id=text.text_id,
        queued=on_its_way,
        reference_id=text.reference_id or None,
        error=SmsError.STOPfromPhoneNumber if text.state is TextState.BLOCKED else SmsError.NoError,
        incoming=tuple(map(incoming, replies)),
        sent=sent,
        sent_at=whole_second(text.sent_at) if sent else None,
    )


def incoming(text: Text) -> SmsIncomingMessage:
    """A text that came in."""
    return SmsIncomingMessage(
        from_phone_number=shown_number(text.their_number),
        incoming_message_id=text.text_id,
        matched_message_id=text.matched_text_id or NO_GUID,
        message=text.body,
        response_receive_date=milliseconds(text.queued_at),
        to_phone_number=shown_number(text.our_number),
    )


def is_outgoing(text: Text | None) -> TypeGuard[Text]:
    """Whether there is such a text, and it is one that was sent."""
    return text is not None and text.direction is Direction.OUTGOING
