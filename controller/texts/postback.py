"""A text as a post-back: the fields of SMS Notify!, to the letter.

Names and their order are those of the vendor's pages SMS_Message_Sent_Postback, SMS_Message_Response_Postback,
SMS_Message_Received_Postback and SMS_Delivery_Receipt_Postback. Numbers have eleven digits in North America, times are
UTC and written as .NET does in the United States.

The vendor knows sent and not sent. A text without an answer is neither: it is reported as sent, for whoever reads "not
sent" sends it again, and a delivery receipt with the code 999 (unknown) follows.
"""

from __future__ import annotations

from datetime import UTC, datetime

from controller.postbacks.encoding import form_time
from controller.texts.model.states import TextState
from controller.texts.model.text import Text

Form = tuple[tuple[str, str], ...]

SENT_STATES = frozenset({TextState.ACCEPTED, TextState.UNKNOWN})

# The codes of the vendor's list of delivery receipts, and the words of SMPP 3.4 appendix B.
_DELIVERED, _AT_CARRIER, _UNDELIVERABLE, _EXPIRED, _REJECTED, _BAD_ADDRESS, _UNKNOWN = (
    ("000", "DELIVRD"),
    ("004", "ACCEPTD"),
    ("005", "UNDELIV"),
    ("008", "EXPIRED"),
    ("015", "REJECTD"),
    ("090", "UNDELIV"),
    ("999", "UNKNOWN"),
)
_BAD_ADDRESS_STATUSES = frozenset({404, 410, 416, 484, 485, 604})


def sent_form(text: Text) -> Form:
    """What became of an outgoing text that is over: SMSSent is 1 when it left and was not refused, else 0."""
    return (
        ("SMSSent", "1" if text.state in SENT_STATES else "0"),
        ("MessageID", str(text.text_id)),
        ("ReferenceID", text.reference_id),
        ("FromPhoneNumber", shown_number(text.our_number)),
        ("ToPhoneNumber", shown_number(text.their_number)),
        ("SentTime", _time(text.sent_at or text.result_at)),
    )


def received_form(text: Text, matched_reference_id: str) -> Form:
    """An incoming text: the reply to the text that it was matched to, or one that nothing was sent before.

    A text that may be an opt-out in words of one's own has the field OptOutReview at its end.
    """
    matched: Form = ()
    if text.matched_text_id is not None:
        matched = (("MatchedMessageID", str(text.matched_text_id)), ("ReferenceID", matched_reference_id))
    return (
        ("SMSResponse", "1"),
        ("MessageID", str(text.text_id)),
        *matched,
        ("FromPhoneNumber", shown_number(text.their_number)),
        ("ToPhoneNumber", shown_number(text.our_number)),
        ("ResponseReceiveDate", _time(text.queued_at)),
        ("Message", text.body),
        *((("OptOutReview", "1"),) if text.for_review else ()),
    )


def receipt_form(text: Text, *, to_phone: bool) -> Form:
    """The delivery receipt of an outgoing text that is over; `to_phone`: it went to the phone itself, not to a
    trunk."""
    code, word = _receipt_code(text, to_phone)
    done = code in (_DELIVERED[0], _AT_CARRIER[0])
    line = (
        f"id:{text.text_id} sub:001 dlvrd:{'001' if done else '000'} "
        f"submit date:{_short_time(text.sent_at or text.queued_at)} done date:{_short_time(text.result_at)} "
        f"stat:{word} err:{text.sip_status:03d} text:{text.body[:20]}"
    )
    return (
        ("DeliveryReceipt", "1"),
        ("MessageID", str(text.text_id)),
        ("ReferenceID", text.reference_id),
        ("FromPhoneNumber", shown_number(text.our_number)),
        ("ToPhoneNumber", shown_number(text.their_number)),
        ("DeliveryReceiptMessage", line),
        ("Code", code),
    )


def _receipt_code(text: Text, to_phone: bool) -> tuple[str, str]:
    match text.state:
        case TextState.ACCEPTED:
            return _DELIVERED if to_phone else _AT_CARRIER
        case TextState.EXPIRED:
            return _EXPIRED
        case TextState.UNKNOWN:
            return _UNKNOWN
        case TextState.REFUSED if text.sip_status in _BAD_ADDRESS_STATUSES:
            return _BAD_ADDRESS
        case TextState.REFUSED if text.sip_status >= 600 or text.sip_status == 403:
            return _REJECTED
        case _:
            return _UNDELIVERABLE


def shown_number(number: str) -> str:
    """A number as post-backs have it: its digits with the country code. What is no number stays as it is."""
    return number.removeprefix("+")


def _time(moment: datetime | None) -> str:
    return form_time(moment, "us")


def _short_time(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%y%m%d%H%M}" if moment else "0000000000"
