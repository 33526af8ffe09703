"""sms.svc: its operations over REST, its recorded answers to the letter, and what real clients rely on."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.sms_notify import (
    KEY,
    NO_GUID,
    RECIPIENT,
    RIVAL,
    SUSPENDED,
    UNKNOWN,
    VOICE_ONLY,
    WITHOUT_DID,
    SmsNotify,
    sms_notify,
)
from tests.support.texts import DID

NS = "http://sms2.cdyne.com"
REQUEST_NS = "http://schemas.datacontract.org/2004/07/SmsWS"
ARRAYS = "http://schemas.microsoft.com/2003/10/Serialization/Arrays"
HEAD = f'xmlns="{NS}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
XML = {"Content-Type": "text/xml"}


@pytest.fixture
async def sms(postgres: str) -> AsyncIterator[SmsNotify]:
    async with sms_notify(postgres) as running:
        yield running


@pytest.fixture
async def quiet(postgres: str) -> AsyncIterator[SmsNotify]:
    """Nothing leaves: what is queued stays queued."""
    async with sms_notify(postgres, sending=False) as running:
        yield running


@pytest.fixture(scope="module")
async def shared(fresh_database: str) -> AsyncIterator[SmsNotify]:
    """For tests that look at nothing but the answer; nothing leaves."""
    async with sms_notify(fresh_database, sending=False) as running:
        yield running


def normal(text: str) -> str:
    """An answer without its ids and times, but for those that say that there is none."""
    text = re.sub(r"(?!00000000-)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", text)
    return re.sub(r"(?!0001)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?", "TIME", text)


async def test_the_answer_to_a_sending_is_the_recorded_one(shared: SmsNotify) -> None:
    path = f"/sms.svc/SimpleSMSsend?PhoneNumber={RECIPIENT}&Message=hello&LicenseKey={KEY}"
    assert normal(await shared.text(path)) == (
        f"<SMSResponse {HEAD}><Cancelled>false</Cancelled><MessageID>ID</MessageID><Queued>true</Queued>"
        '<SMSError>NoError</SMSError><SMSIncomingMessages i:nil="true"/><Sent>false</Sent>'
        "<SentDateTime>0001-01-01T00:00:00</SentDateTime></SMSResponse>"
    )


async def test_the_answer_about_a_sent_text_is_the_recorded_one(sms: SmsNotify) -> None:
    sent = await sms.send()
    await sms.until_state(sent["MessageID"], "accepted")
    assert normal(await sms.text(f"/sms.svc/GetMessageStatus?MessageID={sent['MessageID']}")) == (
        f"<SMSResponse {HEAD}><Cancelled>false</Cancelled><MessageID>ID</MessageID><Queued>false</Queued>"
        "<SMSError>NoError</SMSError><SMSIncomingMessages/><Sent>true</Sent>"
        "<SentDateTime>TIME</SentDateTime></SMSResponse>"
    )


async def test_the_answer_with_an_incoming_text_is_the_recorded_one(sms: SmsNotify) -> None:
    await sms.room.receive("Ak")
    assert normal(await sms.text(f"/sms.svc/GetUnreadIncomingMessages?&LicenseKey={KEY}")) == (
        f"<ArrayOfSMSIncomingMessage {HEAD}><SMSIncomingMessage><FromPhoneNumber>12125550123</FromPhoneNumber>"
        f"<IncomingMessageID>ID</IncomingMessageID><MatchedMessageID>{NO_GUID}</MatchedMessageID>"
        "<Message>Ak</Message><ResponseReceiveDate>TIME</ResponseReceiveDate>"
        "<ToPhoneNumber>12015550101</ToPhoneNumber></SMSIncomingMessage></ArrayOfSMSIncomingMessage>"
    )


async def test_the_answer_to_a_bad_number_is_the_documented_one(shared: SmsNotify) -> None:
    path = f"/sms.svc/SimpleSMSsend?PhoneNumber=123&Message=hello&LicenseKey={KEY}"
    assert await shared.text(path) == (
        f"<SMSResponse {HEAD}><Cancelled>false</Cancelled><MessageID>{NO_GUID}</MessageID><Queued>false</Queued>"
        '<SMSError>PhoneNumberInvalid</SMSError><SMSIncomingMessages i:nil="true"/><Sent>false</Sent>'
        "<SentDateTime>0001-01-01T00:00:00</SentDateTime></SMSResponse>"
    )


async def test_json_has_numbers_for_errors_and_dates_with_escaped_slashes(shared: SmsNotify) -> None:
    path = f"/sms.svc/SimpleSMSsend?PhoneNumber=123&Message=hello&LicenseKey={KEY}"
    assert await shared.text(path, headers={"Accept": "application/json"}) == (
        f'{{"Cancelled":false,"MessageID":"{NO_GUID}","Queued":false,"SMSError":3,"SMSIncomingMessages":null,'
        r'"Sent":false,"SentDateTime":"\/Date(-62135596800000-0000)\/"}'
    )


async def test_a_text_reaches_asterisk_and_its_result_the_url_of_the_request(sms: SmsNotify) -> None:
    path = (
        f"/sms.svc/SecureREST/simplesmssendwithpostback?PhoneNumber=1-212-555-0123&Message=caf%C3%A9+a%26b"
        f"&LicenseKey={{{KEY.upper()}}}&StatusPostBackURL=http%3A%2F%2Fcustomer.example%2Fone"
    )
    answer = await sms.get(path)
    [handed] = await sms.asterisk.until_sent(1)
    assert (handed.body, str(handed.text_id)) == ("café a&b", answer["MessageID"])
    await sms.until_state(answer["MessageID"], "accepted")
    assert [each["url"] for each in await sms.room.postbacks()] == ["http://customer.example/one"]


async def test_an_advanced_request_answers_once_for_each_number_in_order(quiet: SmsNotify) -> None:
    answer = await quiet.post(
        "/sms.svc/AdvancedSMSsend",
        {
            "Concatenate": True,
            "LicenseKey": KEY,
            "SMSRequests": [
                {"Message": "one", "PhoneNumbers": [RECIPIENT, "bad"], "ReferenceID": "r1", "AssignedDID": DID},
                {"Message": "", "PhoneNumbers": [RECIPIENT]},
                {"Message": "three", "PhoneNumbers": []},
            ],
        },
    )
    assert [(each["SMSError"], each.get("ReferenceID"), each["Queued"]) for each in answer] == [
        (0, "r1", True),
        (3, "r1", False),
        (4, None, False),
        (3, None, False),
    ]
    rows = await quiet.room.rows("SELECT sender, recipient, body, concatenate, reference_id FROM texts")
    assert rows == [
        {"sender": DID, "recipient": "+12125550123", "body": "one", "concatenate": True, "reference_id": "r1"}
    ]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({}, 0),
        ({"LicenseKey": UNKNOWN}, 2),
        ({"LicenseKey": VOICE_ONLY}, 2),
        ({"PhoneNumbers": ["911"]}, 3),
        ({"PhoneNumbers": ["+12125550123 or so"]}, 3),
        ({"Message": "x" * 1601}, 4),
        ({"ScheduledDateTime": "2026-06-02T10:00:00-04:00"}, 5),
        ({"ScheduledDateTime": "/Date(1780408800000-0400)/"}, 5),
        ({"ScheduledDateTime": "2036-06-02T10:00:00Z"}, 5),
        ({"AssignedDID": "2015550103"}, 6),
        ({"AssignedDID": "nonsense"}, 6),
        ({"LicenseKey": SUSPENDED}, 9),
        ({"LicenseKey": WITHOUT_DID}, 10),
    ],
)
async def test_every_error_of_a_sending_has_its_code(shared: SmsNotify, change: dict[str, Any], error: int) -> None:
    request = {"Message": "m", "PhoneNumbers": [RECIPIENT]} | {k: v for k, v in change.items() if k != "LicenseKey"}
    body = {"LicenseKey": change.get("LicenseKey", KEY), "SMSRequests": [request]}
    [answer] = await shared.post("/sms.svc/AdvancedSMSsend", body)
    assert answer["SMSError"] == error
    assert answer["Queued"] is (error == 0)
    assert (answer["MessageID"] == NO_GUID) is (error != 0)


async def test_a_number_that_opted_out_gets_no_text_of_this_key_only(sms: SmsNotify) -> None:
    await sms.room.receive("STOP")
    assert (await sms.send())["SMSError"] == 1
    assert (await sms.send(key=RIVAL))["SMSError"] == 0
    await sms.room.receive("resume")
    assert (await sms.send())["SMSError"] == 0


async def test_an_unknown_text_is_not_found(shared: SmsNotify) -> None:
    assert (await shared.get(f"/sms.svc/GetMessageStatus?MessageID={UNKNOWN}"))["SMSError"] == 7
    [answer] = await shared.get(f"/sms.svc/GetMessageStatusByReferenceID?ReferenceID=none&LicenseKey={KEY}")
    assert answer["SMSError"] == 7


async def test_a_store_that_is_away_is_an_internal_error(quiet: SmsNotify) -> None:
    await quiet.room.database.close()
    assert (await quiet.send())["SMSError"] == 8
    assert (await quiet.get(f"/sms.svc/GetMessageStatus?MessageID={UNKNOWN}"))["SMSError"] == 8


async def test_a_malformed_key_is_a_400_with_the_reason(shared: SmsNotify) -> None:
    path = "/sms.svc/SimpleSMSsend?PhoneNumber=2125550123&Message=m&LicenseKey=not-a-key"
    async with shared.http.get(shared.url + path) as answer:
        assert answer.status == 400
        assert "Cannot convert not-a-key to System.Guid. Parameter name: LicenseKey." in await answer.text()


async def test_a_scheduled_text_waits_and_can_be_cancelled_once(quiet: SmsNotify) -> None:
    request = {"Message": "later", "PhoneNumbers": [RECIPIENT], "ScheduledDateTime": "2026-06-03T10:00:00"}
    [answer] = await quiet.post("/sms.svc/AdvancedSMSsend", {"LicenseKey": KEY, "SMSRequests": [request]})
    [row] = await quiet.room.rows("SELECT due_at FROM texts")
    assert row["due_at"] == datetime(2026, 6, 3, 10, tzinfo=UTC)
    cancel = f"/sms.svc/CancelMessage?MessageID={answer['MessageID']}"
    assert await quiet.text(cancel) == (
        '<boolean xmlns="http://schemas.microsoft.com/2003/10/Serialization/">true</boolean>'
    )
    assert await quiet.get(cancel) is False
    status = await quiet.get(f"/sms.svc/GetMessageStatus?MessageID={answer['MessageID']}")
    assert (status["Cancelled"], status["Queued"], status["Sent"]) == (True, False, False)


async def test_a_text_that_was_refused_counts_as_cancelled(sms: SmsNotify) -> None:
    sms.asterisk.answer = lambda _sent: 404
    sent = await sms.send()
    await sms.until_state(sent["MessageID"], "refused")
    status = await sms.get(f"/sms.svc/GetMessageStatus?MessageID={sent['MessageID']}")
    assert (status["Cancelled"], status["Queued"], status["Sent"]) == (True, False, False)


async def test_a_reply_is_in_the_status_and_among_the_unread_once(sms: SmsNotify) -> None:
    body = {
        "LicenseKey": KEY,
        "SMSRequests": [{"Message": "q", "PhoneNumbers": [RECIPIENT], "ReferenceID": "ref", "AssignedDID": DID}],
    }
    [sent] = await sms.post("/sms.svc/AdvancedSMSsend", body)
    await sms.until_state(sent["MessageID"], "accepted")
    await sms.room.receive("a < b")
    [status] = await sms.get(f"/sms.svc/GetMessageStatusByReferenceID?ReferenceID=ref&LicenseKey={KEY}")
    [reply] = status["SMSIncomingMessages"]
    assert (reply["Message"], reply["MatchedMessageID"]) == ("a < b", sent["MessageID"])
    assert await sms.get(f"/sms.svc/GetUnreadIncomingMessages?LicenseKey={KEY}") == [reply]
    assert await sms.get(f"/sms.svc/GetUnreadIncomingMessages?LicenseKey={KEY}") == []


async def test_unread_texts_of_another_key_are_nobody_elses(sms: SmsNotify) -> None:
    await sms.room.receive("secret")
    assert await sms.get(f"/sms.svc/GetUnreadIncomingMessages?LicenseKey={RIVAL}") == []
    assert await sms.get(f"/sms.svc/GetUnreadIncomingMessages?LicenseKey={UNKNOWN}") == []


# What real clients send.


async def test_xml_with_the_key_first_and_without_optional_elements_is_taken(quiet: SmsNotify) -> None:
    body = (
        f'<SMSAdvancedRequest xmlns="{REQUEST_NS}"><LicenseKey>{KEY}</LicenseKey><Concatenate>true</Concatenate>'
        f'<SMSRequests><SMSRequest xmlns="{NS}"><PhoneNumbers><string xmlns="{ARRAYS}">{RECIPIENT}</string>'
        "</PhoneNumbers><Message>m</Message><AssignedDID/><StatusPostBackURL></StatusPostBackURL>"
        "<ReferenceID/></SMSRequest></SMSRequests></SMSAdvancedRequest>"
    )
    answer = await quiet.text("/sms.svc/AdvancedSMSSend", data=body, headers=XML)
    assert answer.startswith(f"<ArrayOfSMSResponse {HEAD}><SMSResponse><Cancelled>false</Cancelled>")
    assert "<SMSError>NoError</SMSError>" in answer
    assert "ReferenceID" not in answer
    [row] = await quiet.room.rows("SELECT concatenate, body FROM texts")
    assert row == {"concatenate": True, "body": "m"}


@pytest.mark.parametrize("numbers", [[2125550123], "2125550123", ["2125550123"], 2125550123])
async def test_phone_numbers_in_json_are_taken_as_lists_texts_and_numbers(shared: SmsNotify, numbers: Any) -> None:
    body = {"LicenseKey": KEY, "SMSRequests": [{"Message": "m", "PhoneNumbers": numbers, "ReferenceID": ""}]}
    [answer] = await shared.post("/sms.svc/AdvancedSMSsend", body)
    assert answer["SMSError"] == 0
    assert "ReferenceID" not in answer


async def test_misspelt_keys_are_ignored(quiet: SmsNotify) -> None:
    request = {
        "Message": "m",
        "PhoneNumbers": [RECIPIENT],
        "ScheduledDateTIme": "nonsense",
        "StatusPostbackURL": "http://ignored.example",
    }
    [answer] = await quiet.post("/sms.svc/AdvancedSMSSend", {"LicenseKey": KEY, "SMSRequests": [request], "x": 1})
    assert answer["SMSError"] == 0
    path = f"/sms.svc/SimpleSMSsendWithPostback?PhoneNumber={RECIPIENT}&Message=m&LicenseKey={KEY}&SatusPostBackURL=x"
    assert (await quiet.get(path))["SMSError"] == 0
    assert (
        await quiet.room.rows("SELECT 1 FROM texts WHERE status_post_url LIKE '%ignored%' OR due_at IS NOT NULL") == []
    )


async def test_further_parameters_and_a_form_type_on_get_are_ignored(shared: SmsNotify) -> None:
    sent = await shared.send()
    answer = await shared.text(
        f"/sms.svc/GetMessageStatus?MessageID={sent['MessageID']}&LicenseKey={KEY}",
        headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
    )
    assert json.loads(answer)["Queued"] is True


async def test_json_without_an_accept_header_is_answered_in_json(shared: SmsNotify) -> None:
    body = json.dumps({"LicenseKey": KEY, "SMSRequests": []})
    for headers in ({"Content-Type": "application/json"}, {"Content-Type": "application/json", "Accept": "*/*"}):
        assert await shared.text("/sms.svc/AdvancedSMSsend", data=body, headers=headers) == "[]"


# A request that is repeated.


async def test_a_repeated_request_with_an_idempotency_key_gets_the_first_answer(quiet: SmsNotify) -> None:
    first = await quiet.send(**{"Idempotency-Key": "once"})
    await quiet.room.rows("UPDATE texts SET state = 'accepted'")
    assert await quiet.send(**{"Idempotency-Key": "once"}) == first
    assert len(await quiet.room.rows("SELECT 1 FROM texts")) == 1
    assert (await quiet.send(**{"Idempotency-Key": "twice"}))["MessageID"] != first["MessageID"]
    assert (await quiet.send(key=RIVAL, **{"Idempotency-Key": "once"}))["MessageID"] != first["MessageID"]


async def test_an_idempotency_key_of_another_request_is_refused(quiet: SmsNotify) -> None:
    await quiet.send(**{"Idempotency-Key": "once"})
    path = f"/sms.svc/SimpleSMSsend?PhoneNumber={RECIPIENT}&Message=other&LicenseKey={KEY}"
    async with quiet.http.get(quiet.url + path, headers={"Idempotency-Key": "once"}) as answer:
        assert answer.status == 400
        assert "use a new one for each" in await answer.text()


async def test_requests_that_are_repeated_at_once_send_one_text(quiet: SmsNotify) -> None:
    answers = await asyncio.gather(*(quiet.send(**{"Idempotency-Key": "once"}) for _ in range(20)))
    assert all(answer == answers[0] for answer in answers)
    assert len(await quiet.room.rows("SELECT 1 FROM texts")) == 1


async def test_a_request_that_is_repeated_at_another_controller_sends_one_text(postgres: str) -> None:
    """A load balancer may lead the second try elsewhere, even while the first one runs."""
    async with sms_notify(postgres, sending=False) as first, sms_notify(postgres, sending=False) as second:
        once = await first.send(**{"Idempotency-Key": "once"})
        assert await second.send(**{"Idempotency-Key": "once"}) == once
        both = (first, second) * 10
        answers = await asyncio.gather(*(each.send(**{"Idempotency-Key": "at once"}) for each in both))
        assert len({answer["MessageID"] for answer in answers}) == 1
        assert all(answer["Queued"] for answer in answers)
        assert len(await first.room.rows("SELECT 1 FROM texts")) == 2


async def test_unread_texts_are_given_again_to_a_repeated_request(sms: SmsNotify) -> None:
    await sms.room.receive("hello")
    path = f"/sms.svc/GetUnreadIncomingMessages?LicenseKey={KEY}"
    first = await sms.get(path, **{"Idempotency-Key": "read"})
    assert [each["Message"] for each in first] == ["hello"]
    assert await sms.get(path, **{"Idempotency-Key": "read"}) == first
    assert await sms.get(path) == []


async def test_unread_texts_are_given_to_every_copy_of_a_request_at_two_controllers(postgres: str) -> None:
    """Whichever of them runs it first has the texts, and the others its answer: never an empty one."""
    path = f"/sms.svc/GetUnreadIncomingMessages?LicenseKey={KEY}"
    async with sms_notify(postgres, sending=False) as first, sms_notify(postgres, sending=False) as second:
        for number in range(5):
            await first.room.receive(f"hello {number}")
            once = {"Idempotency-Key": f"read {number}"}
            answers = await asyncio.gather(*(each.get(path, **once) for each in (first, second) * 5))
            assert [[text["Message"] for text in answer] for answer in answers] == [[f"hello {number}"]] * 10


async def test_a_request_that_another_controller_never_answers_is_refused_and_not_run_twice(
    quiet: SmsNotify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.api.bindings.exchange.ANSWER_SECONDS", 0.0)
    await quiet.send(**{"Idempotency-Key": "once"})
    await quiet.room.rows("UPDATE kept_answers SET answer = NULL, at = now()")
    query = urlencode({"PhoneNumber": RECIPIENT, "Message": "hello", "LicenseKey": KEY})
    path = f"/sms.svc/SimpleSMSsend?{query}"
    async with quiet.http.get(quiet.url + path, headers={"Idempotency-Key": "once"}) as answer:
        assert answer.status == 400
        assert "no answer yet" in await answer.text()
    assert len(await quiet.room.rows("SELECT 1 FROM texts")) == 1


async def test_an_internal_error_is_not_kept_for_a_repeated_request(quiet: SmsNotify) -> None:
    await quiet.room.rows("ALTER TABLE texts RENAME TO away")
    path = f"/sms.svc/SimpleSMSsend?PhoneNumber={RECIPIENT}&Message=m&LicenseKey={KEY}"
    assert (await quiet.get(path, **{"Idempotency-Key": "once"}))["SMSError"] == 8
    await quiet.room.rows("ALTER TABLE away RENAME TO texts")
    assert (await quiet.get(path, **{"Idempotency-Key": "once"}))["SMSError"] == 0
