"""Methods about texts: sent, listed and deleted. Opt-outs are enforced, as for every sender of texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.php_values import Numbered
from controller.api.bindings.refusal import Refused
from controller.api.voipms.dates import date_range, shown_date, zone_of
from controller.api.voipms.did_checks import required
from controller.api.voipms.message_media import MessageMedia
from controller.api.voipms.message_models import (
    GetMediaMms,
    GetMms,
    GetSms,
    MediaAnswer,
    MessageInfo,
    MessagesAnswer,
    MmsSent,
    OneMessage,
    SendMms,
    SendSms,
    SmsSent,
)
from controller.api.voipms.values import did_of, flag, shown, whole
from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import Did, LicenseKey
from controller.number_kinds import NORTH_AMERICA, kind_of
from controller.numbers import try_number
from controller.texts.model.order import RefusalReason, TextOrder
from controller.texts.model.order import Refused as TextRefused
from controller.texts.model.states import TextState
from controller.texts.model.text import Direction, Text
from controller.texts.service import Texts
from controller.texts.store.lookup import MessageCriteria

SOURCE = "voipms"
DAY_SECONDS = 86_400.0
LONGEST_SMS, LONGEST_MMS = 160, 2048
MOST_ROWS = 10_000
LARGEST_NUMBER = 2**62
DEFAULT_ROWS = 50

_REFUSALS = {
    RefusalReason.NUMBER_INVALID: "invalid_dst",
    RefusalReason.DID_INVALID: "invalid_did",
    RefusalReason.MESSAGE_INVALID: "sms_toolong",
    RefusalReason.ALLOWANCE: "limit_reached",
    RefusalReason.HOLD: "non_sufficient_funds",
}
_CARRIER_STATUS = {
    TextState.QUEUED: "Queued",
    TextState.HELD: "Held until the quiet hours end",
    TextState.SENDING: "Sending",
    TextState.ACCEPTED: "Delivered to the carrier",
    TextState.UNKNOWN: "Sent, without an answer",
    TextState.REFUSED: "Refused by the carrier",
    TextState.CANCELLED: "Cancelled",
    TextState.EXPIRED: "Expired",
    TextState.BLOCKED: "The recipient has opted out",
    TextState.RECEIVED: "Received",
}


class MessageMethods:
    """Texts of an account's numbers."""

    def __init__(
        self, directory: CurrentDirectory, texts: Texts, media: MessageMedia, now: Callable[[], datetime]
    ) -> None:
        """now: gives the time."""
        self._directory = directory
        self._texts = texts
        self._media = media
        self._now = now

    @operation("sendSMS")
    async def send_sms(self, request: SendSms, caller: Caller) -> SmsSent:
        """Send a text of at most 160 characters."""
        did = self._sender(request.did, caller.account)
        recipient = _recipient(request.dst)
        if not request.message:
            raise Refused("message_empty")
        if len(request.message) > LONGEST_SMS:
            raise Refused("sms_toolong")
        sent = await self._send(caller.account, self._order(caller.account, did, recipient, request.message))
        return SmsSent(sms=sent.number)

    @operation("sendMMS")
    async def send_mms(self, request: SendMms, caller: Caller) -> MmsSent:
        """Send a message with media, which travel as links at its end."""
        did = self._sender(request.did, caller.account)
        recipient = _recipient(request.dst)
        given = [text for text in (request.media1, request.media2, request.media3) if text.strip()]
        if not request.message and not given:
            raise Refused("message_empty")
        if len(request.message) > LONGEST_MMS:
            raise Refused("sms_toolong", f"The message is longer than {LONGEST_MMS} characters.")
        links = await self._media.links(caller.account, given, caller.origin.base_url)
        body = "\n".join(part for part in (request.message, *links) if part)
        order = replace(self._order(caller.account, did, recipient, body), mms=True, media=tuple(links))
        sent = await self._send(caller.account, order)
        return MmsSent(mms=sent.number)

    @operation("getSMS")
    async def sms(self, request: GetSms, caller: Caller) -> MessagesAnswer:
        """Texts that came in and were sent, the newest first; with all_messages those with media as well."""
        everything = flag(request.all_messages, "invalid_type")
        return await self._list(request, caller, number=request.sms, mms=None if everything else False)

    @operation("getMMS")
    async def mms(self, request: GetMms, caller: Caller) -> MessagesAnswer:
        """Messages with media, the newest first; with all_messages texts as well."""
        everything = flag(request.all_messages, "invalid_type")
        return await self._list(request, caller, number=request.mms or request.sms, mms=None if everything else True)

    @operation("getMediaMMS")
    async def media(self, request: GetMediaMms, caller: Caller) -> MediaAnswer:
        """The links of a message's media: an object whose keys count from 1, or a list."""
        number = whole(required(request.id, "missing_sms"), 1, LARGEST_NUMBER, "invalid_sms")
        found = await self._texts.messages(MessageCriteria(caller.account.name, number=number))
        if not found:
            raise Refused("invalid_sms")
        text = found[0]
        as_list = flag(request.media_as_array, "invalid_type")
        return MediaAnswer(
            id=str(text.number),
            date=shown_date(text.queued_at),
            media=tuple(text.media) if as_list else Numbered(text.media),
        )

    @operation("deleteSMS")
    async def delete_sms(self, request: OneMessage, caller: Caller) -> None:
        """Delete a text."""
        await self._delete(request, caller, mms=False)

    @operation("deleteMMS")
    async def delete_mms(self, request: OneMessage, caller: Caller) -> None:
        """Delete a message with media."""
        await self._delete(request, caller, mms=True)

    def _sender(self, text: str, key: LicenseKey) -> Did:
        did = did_of(self._directory.snapshot, key, required(text, "missing_did"))
        if did.sms is None or did.sms.name != key.name:
            raise Refused("invalid_did", "This number sends no texts.")
        if not did.settings.sms_enabled:
            raise Refused("sms_failed", "Texts of this number are switched off; setSMS switches them on.")
        if key.suspended:
            raise Refused("sms_failed", "This account is suspended.")
        return did

    @staticmethod
    def _order(key: LicenseKey, did: Did, recipient: str, body: str) -> TextOrder:
        return TextOrder(key.name, recipient, body, sender=did.number, source=SOURCE)

    async def _send(self, key: LicenseKey, order: TextOrder) -> Text:
        answer = await self._texts.queue_within(order, key.api.texts_per_day, DAY_SECONDS)
        if answer is None:
            raise Refused("limit_reached")
        if isinstance(answer, TextRefused):
            raise Refused(_REFUSALS.get(answer.reason, "sms_failed"), answer.message)
        text = await self._texts.get(answer.text_id)
        if text is None:
            raise Refused("sms_failed")
        return text

    async def _list(self, request: GetSms, caller: Caller, *, number: str, mms: bool | None) -> MessagesAnswer:
        key, zone = caller.account, zone_of(request.timezone)
        found = await self._texts.messages(self._criteria(request, key, zone, number, mms))
        if not found:
            raise Refused("no_sms")
        return MessagesAnswer(sms=tuple(_info(text, zone, media=mms is not False) for text in found))

    def _criteria(
        self, request: GetSms, key: LicenseKey, zone: tzinfo, number: str, mms: bool | None
    ) -> MessageCriteria:
        if number.strip() not in ("", "0"):
            return MessageCriteria(key.name, number=whole(number, 1, LARGEST_NUMBER, "invalid_sms"), mms=mms)
        days = date_range(request.date_from, request.date_to, zone, self._now())
        return MessageCriteria(
            key.name,
            mms=mms,
            direction=_direction(request.type),
            our_number=did_of(self._directory.snapshot, key, request.did).number if request.did.strip() else None,
            their_number=_contact(request.contact),
            since=days.since,
            until=days.until,
            limit=_rows(request.limit),
        )

    async def _delete(self, request: OneMessage, caller: Caller, *, mms: bool) -> None:
        number = whole(required(request.id, "missing_sms"), 1, LARGEST_NUMBER, "invalid_sms")
        if not await self._texts.delete_message(caller.account.name, number, mms=mms):
            raise Refused("invalid_sms")


def _recipient(text: str) -> str:
    """A number of the United States or Canada. Refused."""
    number = try_number(text)
    if number is None or not number.startswith("+1") or kind_of(number).region not in NORTH_AMERICA:
        raise Refused("invalid_dst")
    return number


def _rows(text: str) -> int:
    """How many rows are asked for; the vendor's default for none and for what is no number."""
    given = text.strip()[:9]
    return min(int(given), MOST_ROWS) or DEFAULT_ROWS if given.isascii() and given.isdigit() else DEFAULT_ROWS


def _direction(text: str) -> Direction | None:
    match text.strip():
        case "":
            return None
        case "1":
            return Direction.INCOMING
        case "0":
            return Direction.OUTGOING
        case _:
            raise Refused("invalid_type")


def _contact(text: str) -> str | None:
    if not text.strip():
        return None
    number = try_number(text)
    if number is None and not text.strip().isdigit():
        raise Refused("invalid_contact")
    return number or text.strip()


def _info(text: Text, zone: tzinfo, *, media: bool) -> MessageInfo:
    links: Sequence[str] = text.media
    columns = [links[place] if place < len(links) else "" for place in range(3)]
    return MessageInfo(
        id=str(text.number),
        date=shown_date(text.queued_at, zone),
        type="1" if text.direction is Direction.INCOMING else "0",
        did=shown(text.our_number),
        contact=shown(text.their_number),
        message=text.message,
        carrier_status=_CARRIER_STATUS[text.state],
        col_media1=columns[0] if media else None,
        col_media2=columns[1] if media else None,
        col_media3=columns[2] if media else None,
        media=tuple(links) if media else None,
    )
