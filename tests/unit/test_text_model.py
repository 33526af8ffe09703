"""A text's states, and its post-backs to the letter."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from controller.texts.model.states import RETRY_SECONDS, TRIES_AT_MOST, TextState, after_refusal, may_become
from controller.texts.model.text import Direction, Text
from controller.texts.postback import receipt_form, received_form, sent_form

TEXT = Text(
    text_id=UUID("00000000-0000-0000-0000-00000000abcd"),
    license_key="demo",
    direction=Direction.OUTGOING,
    our_number="+12015550101",
    their_number="+12125550123",
    body="Hello & good-bye",
    state=TextState.ACCEPTED,
    queued_at=datetime(2026, 5, 8, 2, 42, 30, tzinfo=UTC),
    sent_at=datetime(2026, 5, 8, 2, 42, 36, tzinfo=UTC),
    result_at=datetime(2026, 5, 8, 2, 42, 37, tzinfo=UTC),
    reference_id="order 7",
)
INCOMING = replace(
    TEXT,
    direction=Direction.INCOMING,
    state=TextState.RECEIVED,
    sent_at=None,
    queued_at=datetime(2026, 5, 8, 14, 0, 5, tzinfo=UTC),
)


def test_a_text_that_is_over_stays_as_it_is() -> None:
    over = {state for state in TextState if state.is_final}
    waiting = {TextState.QUEUED, TextState.HELD, TextState.SENDING}
    assert over == set(TextState) - waiting
    assert all(not may_become(state, following) for state in over for following in TextState)


def test_what_was_handed_over_can_not_be_cancelled() -> None:
    assert may_become(TextState.QUEUED, TextState.CANCELLED)
    assert may_become(TextState.HELD, TextState.CANCELLED)
    assert not may_become(TextState.SENDING, TextState.CANCELLED)


def test_a_text_is_sent_only_from_where_it_waits() -> None:
    assert {state for state in TextState if may_become(state, TextState.SENDING)} == {
        TextState.QUEUED,
        TextState.HELD,
    }


@pytest.mark.parametrize("status", [480, 486, 503, 408])
def test_a_refusal_for_now_is_tried_three_times_in_all(status: int) -> None:
    assert [after_refusal(status, tries) for tries in (1, 2, 3)] == [*RETRY_SECONDS, None]
    assert TRIES_AT_MOST == 3


@pytest.mark.parametrize("status", [400, 403, 404, 415, 488, 603])
def test_a_refusal_for_good_is_not_tried_again(status: int) -> None:
    assert after_refusal(status, 1) is None


def test_a_sent_text_has_the_fields_of_the_vendor_in_their_order() -> None:
    assert sent_form(TEXT) == (
        ("SMSSent", "1"),
        ("MessageID", "00000000-0000-0000-0000-00000000abcd"),
        ("ReferenceID", "order 7"),
        ("FromPhoneNumber", "12015550101"),
        ("ToPhoneNumber", "12125550123"),
        ("SentTime", "5/8/2026 2:42:36 AM"),
    )


@pytest.mark.parametrize(
    ("state", "sent"),
    [
        (TextState.ACCEPTED, "1"),
        (TextState.UNKNOWN, "1"),
        (TextState.REFUSED, "0"),
        (TextState.CANCELLED, "0"),
        (TextState.EXPIRED, "0"),
        (TextState.BLOCKED, "0"),
    ],
)
def test_sent_is_what_left_and_was_not_refused(state: TextState, sent: str) -> None:
    assert dict(sent_form(replace(TEXT, state=state)))["SMSSent"] == sent


def test_a_reply_names_the_text_that_it_answers() -> None:
    text = replace(INCOMING, matched_text_id=UUID(int=7))
    assert received_form(text, "order 7") == (
        ("SMSResponse", "1"),
        ("MessageID", "00000000-0000-0000-0000-00000000abcd"),
        ("MatchedMessageID", "00000000-0000-0000-0000-000000000007"),
        ("ReferenceID", "order 7"),
        ("FromPhoneNumber", "12125550123"),
        ("ToPhoneNumber", "12015550101"),
        ("ResponseReceiveDate", "5/8/2026 2:00:05 PM"),
        ("Message", "Hello & good-bye"),
    )


def test_a_text_out_of_the_blue_names_none() -> None:
    names = [name for name, _ in received_form(INCOMING, "")]
    assert names == ["SMSResponse", "MessageID", "FromPhoneNumber", "ToPhoneNumber", "ResponseReceiveDate", "Message"]


def test_a_possible_opt_out_says_so_at_the_end() -> None:
    assert received_form(replace(INCOMING, for_review=True), "")[-1] == ("OptOutReview", "1")


@pytest.mark.parametrize(
    ("state", "status", "to_phone", "code"),
    [
        (TextState.ACCEPTED, 200, True, "000"),
        (TextState.ACCEPTED, 202, False, "004"),
        (TextState.UNKNOWN, 0, False, "999"),
        (TextState.EXPIRED, 0, True, "008"),
        (TextState.REFUSED, 404, False, "090"),
        (TextState.REFUSED, 603, False, "015"),
        (TextState.REFUSED, 500, False, "005"),
        (TextState.BLOCKED, 0, False, "005"),
    ],
)
def test_a_delivery_receipt_has_the_code_of_its_result(
    state: TextState, status: int, to_phone: bool, code: str
) -> None:
    form = receipt_form(replace(TEXT, state=state, sip_status=status), to_phone=to_phone)
    assert [name for name, _ in form] == [
        *("DeliveryReceipt", "MessageID", "ReferenceID", "FromPhoneNumber", "ToPhoneNumber"),
        *("DeliveryReceiptMessage", "Code"),
    ]
    assert dict(form)["Code"] == code


def test_a_delivery_receipt_has_a_line_as_smpp_writes_it() -> None:
    line = dict(receipt_form(replace(TEXT, sip_status=202), to_phone=False))["DeliveryReceiptMessage"]
    assert line == (
        "id:00000000-0000-0000-0000-00000000abcd sub:001 dlvrd:001 submit date:2605080242 done date:2605080242 "
        "stat:ACCEPTD err:202 text:Hello & good-bye"
    )
