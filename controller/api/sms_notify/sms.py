"""The operations of sms.svc; Messaging.svc has them too."""

from __future__ import annotations

import structlog

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.exchange import Temporary
from controller.api.sms_notify.sending import send
from controller.api.sms_notify.sms_models import (
    AdvancedSend,
    ByKey,
    ByMessage,
    ByReference,
    SimpleSend,
    SimpleSendWithPostback,
    SmsAdvancedRequest,
    SmsError,
    SmsIncomingMessage,
    SmsRequest,
    SmsResponse,
)
from controller.api.sms_notify.vocabulary import REFUSALS, as_utc, incoming, is_outgoing, sender_of, status
from controller.directory.snapshot import LicenseKey
from controller.errors import StoreError
from controller.texts.model.order import Queued, Refused, TextOrder
from controller.texts.model.text import Text
from controller.texts.service import Texts

CONTRACT = "Isms"

log = structlog.get_logger(__name__)


class SmsOperations:
    """Sends texts, tells where they stand, and hands out what came in."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    @operation("SimpleSMSsend", contract=CONTRACT)
    async def simple_send(self, request: SimpleSend, caller: Caller) -> SmsResponse:
        """Send a text to one phone number."""
        return await self._send_one(request, caller, "")

    @operation("SimpleSMSsendWithPostback", contract=CONTRACT)
    async def simple_send_with_postback(self, request: SimpleSendWithPostback, caller: Caller) -> SmsResponse:
        """Send a text to one phone number; its results are posted to a URL."""
        return await self._send_one(request, caller, request.status_post_back_url)

    @operation("AdvancedSMSsend", verb="POST", contract=CONTRACT)
    async def advanced_send(self, request: AdvancedSend, caller: Caller) -> tuple[SmsResponse, ...]:
        """Send texts to any number of phone numbers, from a number of choice, at a time in UTC.

        The answer has one entry for each phone number of each request, in order.
        """
        wanted = request.advanced_request
        texts = [(each, number) for each in wanted.requests or () for number in each.phone_numbers or ("",)]
        customer = sender_of(caller, wanted.license_key)
        if isinstance(customer, SmsError):
            return tuple(_refusal(customer, each.reference_id) for each, _ in texts)
        orders = [_order(customer, wanted, each, number) for each, number in texts]
        try:
            answers = await send(self._texts, customer, caller, orders) if orders else []
        except StoreError as error:
            raise Temporary(tuple(_away(error, each.reference_id) for each, _ in texts)) from None
        return tuple(_answer(answer, each.reference_id) for (each, _), answer in zip(texts, answers, strict=True))

    @operation("GetMessageStatus", contract=CONTRACT)
    async def message_status(self, request: ByMessage, _caller: Caller) -> SmsResponse:
        """Where a text stands, with the replies to it."""
        try:
            text = await self._texts.get(request.message_id)
            if not is_outgoing(text):
                return SmsResponse(error=SmsError.NotFound)
            return status(text, tuple(await self._texts.replies_to(text.text_id)))
        except StoreError as error:
            raise Temporary(_away(error)) from None

    @operation("GetMessageStatusByReferenceID", contract=CONTRACT)
    async def message_status_by_reference(self, request: ByReference, caller: Caller) -> tuple[SmsResponse, ...]:
        """Where the texts stand that were sent with a ReferenceID; one NotFound where there are none."""
        customer = caller.customer(request.license_key)
        if customer is None or "sms" not in customer.products:
            return (SmsResponse(error=SmsError.LicenseKeyInvalid),)
        try:
            found = await self._texts.by_reference(customer.name, request.reference_id) if request.reference_id else []
            replies = await self._texts.replies_to(*(text.text_id for text in found)) if found else []
        except StoreError as error:
            raise Temporary((_away(error),)) from None
        if not found:
            return (SmsResponse(error=SmsError.NotFound),)
        return tuple(status(text, _of(text, replies)) for text in found)

    @operation("GetUnreadIncomingMessages", contract=CONTRACT)
    async def unread_messages(self, request: ByKey, caller: Caller) -> tuple[SmsIncomingMessage, ...]:
        """The texts that came in and were not read yet, the oldest first; from now on they are read."""
        customer = caller.customer(request.license_key)
        if customer is None:
            return ()
        return tuple(map(incoming, await self._texts.unread(customer.name)))

    @operation("CancelMessage", contract=CONTRACT)
    async def cancel(self, request: ByMessage, _caller: Caller) -> bool:
        """Cancel a text that has not been sent yet; false for every other."""
        return await self._texts.cancel(request.message_id)

    async def _send_one(self, request: SimpleSend | SimpleSendWithPostback, caller: Caller, url: str) -> SmsResponse:
        customer = sender_of(caller, request.license_key)
        if isinstance(customer, SmsError):
            return _refusal(customer, None)
        order = TextOrder(
            license_key=customer.name,
            recipient=request.phone_number,
            body=request.message,
            status_post_url=url,
            concatenate=False,
        )
        try:
            return _answer((await send(self._texts, customer, caller, [order]))[0], None)
        except StoreError as error:
            raise Temporary(_away(error)) from None


def _order(customer: LicenseKey, wanted: SmsAdvancedRequest, request: SmsRequest, number: str) -> TextOrder:
    return TextOrder(
        license_key=customer.name,
        recipient=number,
        body=request.message or "",
        sender=request.assigned_did or "",
        reference_id=request.reference_id or "",
        at=as_utc(request.scheduled_at),
        status_post_url=request.status_post_back_url or "",
        concatenate=wanted.concatenate,
        unicode=wanted.is_unicode,
    )


def _answer(answer: Queued | Refused, reference_id: str | None) -> SmsResponse:
    if isinstance(answer, Refused):
        return _refusal(REFUSALS[answer.reason], reference_id)
    return SmsResponse(message_id=answer.text_id, queued=True, reference_id=reference_id or None)


def _refusal(error: SmsError, reference_id: str | None) -> SmsResponse:
    return SmsResponse(error=error, reference_id=reference_id or None)


def _away(error: StoreError, reference_id: str | None = None) -> SmsResponse:
    log.warning("an operation failed", reason=str(error))
    return _refusal(SmsError.InternalError, reference_id)


def _of(text: Text, replies: list[Text]) -> tuple[Text, ...]:
    return tuple(each for each in replies if each.matched_text_id == text.text_id)
