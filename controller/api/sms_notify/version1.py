"""The first version, SMS.asmx: deprecated by its vendor, still used."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import structlog

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.exchange import Temporary
from controller.api.bindings.model import element, parameters, structure
from controller.api.bindings.types import GUID
from controller.api.sms_notify.sending import send
from controller.api.sms_notify.sms_models import SmsError
from controller.api.sms_notify.vocabulary import as_utc, is_outgoing, sender_of, whole_second
from controller.directory.snapshot import LicenseKey
from controller.errors import StoreError
from controller.texts.model.order import Queued, RefusalReason, TextOrder
from controller.texts.model.states import TextState
from controller.texts.model.text import Text
from controller.texts.service import Texts

NAMESPACE = "http://ws.cdyne.com/SmsWS/"

QUEUED, TRYING, INVALID_NUMBER, SUCCESSFUL, RESPONDED, CANCELLED, ABUSE, NOT_UTC = 1, 2, 3, 5, 6, 7, 8, 9
UNIVERSAL_ERROR, INVALID_KEY, UNKNOWN_ERROR = 12, 13, 14
STATUS_TEXTS = {
    QUEUED: "Queued",
    TRYING: "Trying to Send SMS",
    INVALID_NUMBER: "Invalid Number",
    SUCCESSFUL: "Successful",
    RESPONDED: "Responded",
    CANCELLED: "Cancelled",
    ABUSE: "SMS Abuse",
    NOT_UTC: "Scheduled Time not UTC",
    UNIVERSAL_ERROR: "Universal Error",
    INVALID_KEY: "Invalid License key",
    UNKNOWN_ERROR: "Unknown Error",
}
_REFUSALS = {
    RefusalReason.BLOCKED: ABUSE,
    RefusalReason.KEY_INVALID: INVALID_KEY,
    RefusalReason.NUMBER_INVALID: INVALID_NUMBER,
    RefusalReason.NOT_UTC: NOT_UTC,
}
_STATES = {
    TextState.QUEUED: QUEUED,
    TextState.HELD: QUEUED,
    TextState.SENDING: TRYING,
    TextState.ACCEPTED: SUCCESSFUL,
    TextState.UNKNOWN: SUCCESSFUL,
    TextState.REFUSED: CANCELLED,
    TextState.EXPIRED: CANCELLED,
    TextState.CANCELLED: CANCELLED,
    TextState.BLOCKED: ABUSE,
}

_KEY = "The licence key, a GUID."
_TEXT_ID = "The TextID that the sending operation answered."

log = structlog.get_logger(__name__)


@structure("SmsReturn", NAMESPACE)
class SmsReturn:
    """Where a text stands."""

    code: int = element("StatusCode")
    text: str | None = element("StatusText")
    completed: bool = element("Completed", default=False)
    text_id: str | None = element("TextID", default=None)
    demo: bool = element("Demo", default=False)
    scheduled_at: datetime | None = element("ScheduledTime", default=None)
    responded: bool = element("Responded", default=False)
    received_at: datetime | None = element("ReceivedDate", default=None)


@structure("SmsResponse", NAMESPACE)
class SmsReply:
    """A reply to a text."""

    response_id: str | None = element("ResponseID")
    text_id: str | None = element("TextID")
    code: int = element("StatusCode")
    received_at: datetime | None = element("ReceivedDate")
    message: str | None = element("Message")


@structure("AdvancedSMS", NAMESPACE)
class AdvancedSms:
    """A text, with everything that can be said of it. Response: 1 or true for replies at ResponsePostURL."""

    phone_number: str | None = element("PhoneNumber")
    message: str | None = element("Message")
    license_key: str | None = element("Licensekey", credential=True)
    scheduled_at: datetime | None = element("ScheduledTime")
    response: bool = element("Response")
    response_post_url: str | None = element("ResponsePostURL")


@parameters
class SendBasic:
    """A text."""

    phone_number: str = element("PhoneNumber", documentation="Who gets the text.")
    message: str = element("Message", documentation="The text.")
    license_key: str = element("LicenseKey", credential=True, documentation=_KEY)


@parameters
class SendAdvanced:
    """A text."""

    request: AdvancedSms = element("Request")


@parameters
class ByText:
    """A text of a licence key."""

    text_id: str = element("TextID", documentation=_TEXT_ID)
    license_key: str = element("LicenseKey", credential=True, documentation=_KEY)


class Version1Operations:
    """Sends texts, tells where they stand, and gives the replies."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    @operation("SendSMSBasic")
    async def send_basic(self, request: SendBasic, caller: Caller) -> SmsReturn:
        """Send a text to one phone number."""
        order = TextOrder("", request.phone_number, request.message, concatenate=False)
        return await self._send(order, request.license_key, caller)

    @operation("SendSMSAdvanced")
    async def send_advanced(self, request: SendAdvanced, caller: Caller) -> SmsReturn:
        """Send a text to one phone number, at a time in UTC; its results and replies are posted to a URL."""
        wanted = request.request
        order = TextOrder(
            license_key="",
            recipient=wanted.phone_number or "",
            body=wanted.message or "",
            at=as_utc(wanted.scheduled_at),
            status_post_url=(wanted.response_post_url or "") if wanted.response else "",
            concatenate=False,
        )
        return await self._send(order, wanted.license_key or "", caller)

    @operation("GetSMSStatus")
    async def sms_status(self, request: ByText, caller: Caller) -> SmsReturn:
        """Where a text stands."""
        customer = caller.customer(request.license_key)
        if customer is None:
            return _failed(INVALID_KEY)
        try:
            text = await self._find(request.text_id, customer)
            replies = await self._texts.replies_to(text.text_id) if text else []
        except StoreError as error:
            log.warning("a text's status was not read", reason=str(error))
            raise Temporary(_failed(UNIVERSAL_ERROR)) from None
        return _status(text, replies) if text else _failed(UNKNOWN_ERROR)

    @operation("GetSMSResponse")
    async def sms_response(self, request: ByText, caller: Caller) -> tuple[SmsReply, ...]:
        """The replies to a text, the oldest first."""
        customer = caller.customer(request.license_key)
        text = await self._find(request.text_id, customer) if customer else None
        replies = await self._texts.replies_to(text.text_id) if text else []
        return tuple(
            SmsReply(
                response_id=str(reply.text_id),
                text_id=str(reply.matched_text_id),
                code=RESPONDED,
                received_at=whole_second(reply.queued_at),
                message=reply.body,
            )
            for reply in replies
        )

    async def _send(self, order: TextOrder, license_key: str, caller: Caller) -> SmsReturn:
        customer = sender_of(caller, license_key)
        if isinstance(customer, SmsError):
            return _failed(INVALID_KEY if customer is SmsError.LicenseKeyInvalid else ABUSE)
        try:
            [answer] = await send(self._texts, customer, caller, [replace(order, license_key=customer.name)])
        except StoreError as error:
            log.warning("a text was not queued", license_key=customer.name, reason=str(error))
            raise Temporary(_failed(UNIVERSAL_ERROR)) from None
        if not isinstance(answer, Queued):
            return _failed(_REFUSALS.get(answer.reason, UNIVERSAL_ERROR))
        return SmsReturn(
            code=QUEUED, text=STATUS_TEXTS[QUEUED], text_id=str(answer.text_id), scheduled_at=whole_second(order.at)
        )

    async def _find(self, text_id: str, customer: LicenseKey) -> Text | None:
        try:
            wanted: UUID = GUID.parse(text_id.strip())
        except ValueError:
            return None
        text = await self._texts.get(wanted)
        return text if is_outgoing(text) and text.license_key == customer.name else None


def _failed(code: int) -> SmsReturn:
    return SmsReturn(code=code, text=STATUS_TEXTS[code], completed=True)


def _status(text: Text, replies: list[Text]) -> SmsReturn:
    code = RESPONDED if replies else _STATES[text.state]
    return SmsReturn(
        code=code,
        text=STATUS_TEXTS[code],
        completed=code not in (QUEUED, TRYING),
        text_id=str(text.text_id),
        scheduled_at=whole_second(text.due_at),
        responded=bool(replies),
        received_at=whole_second(replies[-1].queued_at) if replies else None,
    )
