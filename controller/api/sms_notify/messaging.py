"""The operations of Messaging.svc that send and read messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.exchange import Temporary
from controller.api.bindings.types import NO_GUID
from controller.api.sms_notify.media import MediaLinks
from controller.api.sms_notify.messaging_models import (
    IncomingMessageCriteria,
    IncomingMessageResponse,
    MessageStatus,
    OutgoingMessageRequest,
    OutgoingMessageResponse,
    ReadIncomingMessages,
    ReadMessageStatus,
    SendMessage,
    UnsubscribedNumber,
)
from controller.api.sms_notify.sending import send
from controller.api.sms_notify.sms import SmsOperations
from controller.api.sms_notify.sms_models import ByKey, ByMessage, SmsError, SmsIncomingMessage, SmsResponse
from controller.api.sms_notify.vocabulary import as_utc, given, is_outgoing, milliseconds, sender_of, whole_second
from controller.directory.snapshot import LicenseKey
from controller.errors import StoreError
from controller.texts.consent import OptOuts
from controller.texts.model.order import Queued, RefusalReason, TextOrder
from controller.texts.model.states import TextState
from controller.texts.model.text import Direction, Text
from controller.texts.postback import shown_number
from controller.texts.service import Texts
from controller.texts.store.lookup import Criteria

PAGE = 100
LARGEST_PAGE = 1000
_LAST_PAGE = 1_000_000

_STATES = {
    TextState.QUEUED: MessageStatus.Ready,
    TextState.HELD: MessageStatus.Hold,
    TextState.SENDING: MessageStatus.Processing,
    TextState.ACCEPTED: MessageStatus.Sent,
    TextState.UNKNOWN: MessageStatus.Sent,
    TextState.REFUSED: MessageStatus.FailedByProvider,
    TextState.EXPIRED: MessageStatus.Failed,
    TextState.CANCELLED: MessageStatus.Cancelled,
    TextState.BLOCKED: MessageStatus.StopOnPhoneNumber,
}
_REFUSALS = {
    RefusalReason.BLOCKED: MessageStatus.StopOnPhoneNumber,
    RefusalReason.KEY_INVALID: MessageStatus.InvalidLicenseKey,
    RefusalReason.NUMBER_INVALID: MessageStatus.InvalidDestination,
    RefusalReason.NOT_UTC: MessageStatus.InvalidDateTime,
    RefusalReason.DID_INVALID: MessageStatus.InvalidDid,
    RefusalReason.DID_REQUIRED: MessageStatus.MissingDidOrInvalidMessageId,
    RefusalReason.ALLOWANCE: MessageStatus.AccountSuspended,
    RefusalReason.HOLD: MessageStatus.AccountSuspended,
}
_KEY_ERRORS = {
    SmsError.LicenseKeyInvalid: MessageStatus.InvalidLicenseKey,
    SmsError.ContactCdyneAccountSuspended: MessageStatus.AccountSuspended,
}

log = structlog.get_logger(__name__)


class MessagingOperations(SmsOperations):
    """Everything of sms.svc, its POST twins, and messages with media."""

    def __init__(self, texts: Texts, opt_outs: OptOuts, media: MediaLinks) -> None:
        super().__init__(texts)
        self._opt_outs = opt_outs
        self._media = media

    @operation("GetMessageStatusWebPost", verb="POST")
    async def message_status_web_post(self, request: ByMessage, caller: Caller) -> SmsResponse:
        """Where a text stands, with the replies to it: GetMessageStatus by POST."""
        return await self.message_status(request, caller)

    @operation("GetUnreadIncomingMessagesWebPost", verb="POST")
    async def unread_messages_web_post(self, request: ByKey, caller: Caller) -> tuple[SmsIncomingMessage, ...]:
        """The texts that came in and were not read yet: GetUnreadIncomingMessages by POST."""
        return await self.unread_messages(request, caller)

    @operation("CancelMessageWebPost", verb="POST")
    async def cancel_web_post(self, request: ByMessage, caller: Caller) -> bool:
        """Cancel a text that has not been sent yet: CancelMessage by POST."""
        return await self.cancel(request, caller)

    @operation("SendMessage", verb="POST")
    async def send_message(self, request: SendMessage, caller: Caller) -> tuple[OutgoingMessageResponse, ...]:
        """Send a message to any number of phone numbers.

        Attachments are media ids or URLs. They travel as links at the end of the text: SIP MESSAGE carries no media.
        The answer has one entry for each phone number, in order.
        """
        wanted = request.request
        recipients = wanted.recipients or ("",)
        customer = sender_of(caller, wanted.license_key)
        if isinstance(customer, SmsError):
            return _refusals(wanted, recipients, _KEY_ERRORS[customer])
        try:
            links = await self._media.links(customer, wanted.attachments or (), caller)
            if links is None:
                return _refusals(wanted, recipients, MessageStatus.NoMessage)
            body = "\n".join(part for part in (wanted.subject, wanted.body, *links) if part)
            orders = [_order(customer, wanted, body, number) for number in recipients]
            answers = await send(self._texts, customer, caller, orders)
            queued = [answer.text_id for answer in answers if isinstance(answer, Queued)]
            await self._media.carried(queued, wanted.attachments or ())
        except StoreError as error:
            log.warning("messages were not queued", license_key=customer.name, reason=str(error))
            raise Temporary(_refusals(wanted, recipients, MessageStatus.Failed)) from None
        return tuple(
            _accepted(wanted, number, answer)
            if isinstance(answer, Queued)
            else _refused(wanted, number, _reason(answer.reason, body))
            for number, answer in zip(recipients, answers, strict=True)
        )

    @operation("ReadMessageStatus")
    async def read_message_status(self, request: ReadMessageStatus, caller: Caller) -> OutgoingMessageResponse:
        """Where a message stands."""
        customer = caller.customer(request.license_key)
        if customer is None:
            return OutgoingMessageResponse(message_id=NO_GUID, status=MessageStatus.InvalidLicenseKey)
        try:
            text = await self._texts.get(request.message_id)
            if not is_outgoing(text) or text.license_key != customer.name:
                return OutgoingMessageResponse(message_id=NO_GUID, status=MessageStatus.MissingDidOrInvalidMessageId)
            attachments = await self._media.of_text(text.text_id)
        except StoreError as error:
            log.warning("a message's status was not read", reason=str(error))
            raise Temporary(OutgoingMessageResponse(message_id=NO_GUID, status=MessageStatus.Failed)) from None
        return _status(text, attachments)

    @operation("ReadIncomingMessages", verb="POST")
    async def read_incoming_messages(
        self, request: ReadIncomingMessages, caller: Caller
    ) -> tuple[IncomingMessageResponse, ...]:
        """The messages that came in, the newest first; with UnreadMessagesOnly the unread ones, which are read then."""
        wanted = request.criteria
        customer = caller.customer(wanted.license_key)
        if customer is None:
            return ()
        if message_id := given(wanted.incoming_message_id):
            text = await self._texts.get(message_id)
            own = text is not None and text.direction is Direction.INCOMING and text.license_key == customer.name
            return (_incoming(text),) if own and text is not None else ()
        if wanted.unread_only and not _narrows(wanted):
            return tuple(map(_incoming, await self._texts.unread(customer.name)))
        return tuple(map(_incoming, await self._texts.search(_criteria(customer, wanted))))

    @operation("GetUnsubscribedNumbers")
    async def unsubscribed_numbers(self, request: ByKey, caller: Caller) -> tuple[UnsubscribedNumber, ...]:
        """The phone numbers that opted out of this licence key's texts."""
        customer = caller.customer(request.license_key)
        if customer is None:
            return ()
        return tuple(
            [
                UnsubscribedNumber(entered_at=whole_second(each.at), phone_number=shown_number(each.number))
                async for each in self._opt_outs.every(customer.name)
            ]
        )


def _order(customer: LicenseKey, wanted: OutgoingMessageRequest, body: str, number: str) -> TextOrder:
    return TextOrder(
        license_key=customer.name,
        recipient=number,
        body=body,
        sender=wanted.sender or "",
        reference_id=wanted.reference_id or "",
        at=as_utc(wanted.scheduled_at),
        status_post_url=wanted.postback_url or "",
        concatenate=wanted.concatenate,
        unicode=wanted.is_unicode,
    )


def _listed(attachments: Sequence[str] | None) -> str | None:
    return ",".join(attachments) if attachments else None


def _reason(reason: RefusalReason, body: str) -> MessageStatus:
    if reason is RefusalReason.MESSAGE_INVALID:
        return MessageStatus.MessageExceedsLimit if body else MessageStatus.NoMessage
    return _REFUSALS[reason]


def _refusals(
    wanted: OutgoingMessageRequest, recipients: Sequence[str], status: MessageStatus
) -> tuple[OutgoingMessageResponse, ...]:
    return tuple(_refused(wanted, number, status) for number in recipients)


def _refused(wanted: OutgoingMessageRequest, number: str, status: MessageStatus) -> OutgoingMessageResponse:
    return OutgoingMessageResponse(
        attachments=_listed(wanted.attachments),
        sender=wanted.sender,
        message_id=NO_GUID,
        status=status,
        recipient=number,
    )


def _accepted(wanted: OutgoingMessageRequest, number: str, answer: Queued) -> OutgoingMessageResponse:
    return OutgoingMessageResponse(
        attachments=_listed(wanted.attachments),
        sender=shown_number(answer.sender),
        message_id=answer.text_id,
        status=MessageStatus.Ready,
        recipient=number,
    )


def _status(text: Text, attachments: Sequence[str]) -> OutgoingMessageResponse:
    return OutgoingMessageResponse(
        attachments=_listed(attachments),
        sender=shown_number(text.our_number),
        message_id=text.text_id,
        status=_STATES[text.state],
        sent_at=whole_second(text.sent_at),
        recipient=shown_number(text.their_number),
    )


def _incoming(text: Text) -> IncomingMessageResponse:
    return IncomingMessageResponse(
        sender=shown_number(text.their_number),
        incoming_message_id=text.text_id,
        outgoing_message_id=text.matched_text_id or NO_GUID,
        payload=text.body,
        received_at=milliseconds(text.queued_at),
        recipient=shown_number(text.our_number),
    )


def _narrows(wanted: IncomingMessageCriteria) -> bool:
    """Whether a request asks for some of the unread messages: then none is marked as read, or the rest would be."""
    matched = given(wanted.outgoing_message_id)
    return bool(wanted.start or wanted.end or matched or wanted.reference_id or wanted.page_number)


def _criteria(customer: LicenseKey, wanted: IncomingMessageCriteria) -> Criteria:
    size = min(max(wanted.page_size or PAGE, 1), LARGEST_PAGE)
    page = min(max(wanted.page_number or 1, 1), _LAST_PAGE)
    end = as_utc(wanted.end)
    return Criteria(
        license_key=customer.name,
        direction=Direction.INCOMING,
        since=as_utc(wanted.start),
        # Theirs is inclusive.
        until=end + timedelta(microseconds=1) if end and end.year < 9999 else None,
        unread=True if wanted.unread_only else None,
        reference_id=wanted.reference_id,
        matched_text_id=given(wanted.outgoing_message_id),
        limit=size,
        offset=(page - 1) * size,
    )
