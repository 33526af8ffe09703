"""SMS.asmx, the first version of SMS Notify!."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from lxml import etree

from tests.support.sms_notify import (
    ENVELOPE11,
    KEY,
    RECIPIENT,
    SUSPENDED,
    UNKNOWN,
    WITHOUT_DID,
    SmsNotify,
    sms_notify,
)
from tests.support.texts import DID

NS = "http://ws.cdyne.com/SmsWS/"


@pytest.fixture(scope="module")
async def shared(fresh_database: str) -> AsyncIterator[SmsNotify]:
    """For tests that look at nothing but the answer; nothing leaves."""
    async with sms_notify(fresh_database, sending=False) as running:
        yield running


@pytest.fixture
async def sms(postgres: str) -> AsyncIterator[SmsNotify]:
    async with sms_notify(postgres) as running:
        yield running


async def call(sms: SmsNotify, name: str, **parameters: str) -> dict[str, str]:
    """An operation by form POST: the elements of its answer."""
    document = etree.fromstring((await sms.text(f"/SmsWs/SMS.asmx/{name}", data=parameters)).encode())
    return {etree.QName(each).localname: each.text or "" for each in document}


async def send(sms: SmsNotify, message: str = "hello", **change: str) -> dict[str, str]:
    return await call(sms, "SendSMSBasic", **{"PhoneNumber": RECIPIENT, "Message": message, "LicenseKey": KEY} | change)


async def test_a_text_is_sent_and_its_status_and_replies_are_told(sms: SmsNotify) -> None:
    request = (
        f'<s:Envelope xmlns:s="{ENVELOPE11}"><s:Body><SendSMSAdvanced xmlns="{NS}"><Request>'
        f"<PhoneNumber>{RECIPIENT}</PhoneNumber><Message>q</Message><Licensekey>{KEY}</Licensekey>"
        "<ScheduledTime>0001-01-01T00:00:00</ScheduledTime><Response>1</Response>"
        "<ResponsePostURL>http://customer.example/v1</ResponsePostURL></Request></SendSMSAdvanced></s:Body></s:Envelope>"
    )
    headers = {"Content-Type": "text/xml", "SOAPAction": f"{NS}SendSMSAdvanced"}
    answer = etree.fromstring((await sms.text("/SmsWS/SMS.asmx", data=request, headers=headers)).encode())
    found = {etree.QName(each).localname: each.text for each in answer.iter()}
    assert (found["StatusCode"], found["StatusText"], found["Completed"], found["Demo"]) == (
        "1",
        "Queued",
        "false",
        "false",
    )
    text_id = str(found["TextID"])
    await sms.until_state(text_id, "accepted")
    status = await call(sms, "GetSMSStatus", TextID=text_id, LicenseKey=KEY)
    assert (status["StatusCode"], status["StatusText"], status["Completed"]) == ("5", "Successful", "true")
    assert list(status) == [
        "StatusCode",
        "StatusText",
        "Completed",
        "TextID",
        "Demo",
        "ScheduledTime",
        "Responded",
        "ReceivedDate",
    ]
    [row] = await sms.room.rows("SELECT sender FROM texts")
    await sms.room.receive("a", did=row["sender"].removeprefix("+"))
    status = await call(sms, "GetSMSStatus", TextID=text_id, LicenseKey=KEY)
    assert (status["StatusCode"], status["Responded"]) == ("6", "true")
    replies = await sms.text(f"/SmsWS/SMS.asmx/GetSMSResponse?TextID={text_id}&LicenseKey={KEY}")
    assert "<ArrayOfSmsResponse" in replies
    assert "<Message>a</Message>" in replies
    assert [each["url"] for each in await sms.room.postbacks()] == ["http://customer.example/v1"] * 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"PhoneNumber": "1"}, "3"),
        ({"LicenseKey": UNKNOWN}, "13"),
        ({"LicenseKey": "nonsense"}, "13"),
        ({"LicenseKey": SUSPENDED}, "8"),
        ({"LicenseKey": WITHOUT_DID}, "12"),
        ({"Message": ""}, "12"),
    ],
)
async def test_every_refusal_has_its_code(shared: SmsNotify, change: dict[str, str], code: str) -> None:
    answer = await send(shared, **change)
    assert (answer["StatusCode"], answer["Completed"]) == (code, "true")
    assert "TextID" not in answer


async def test_a_number_that_opted_out_is_an_abuse(sms: SmsNotify) -> None:
    await sms.room.receive("STOP", did=DID.removeprefix("+"))
    assert (await send(sms))["StatusCode"] == "8"


@pytest.mark.parametrize("state_and_code", [("sending", "2"), ("cancelled", "7"), ("refused", "7"), ("blocked", "8")])
async def test_states_have_their_codes(shared: SmsNotify, state_and_code: tuple[str, str]) -> None:
    state, code = state_and_code
    sent = await send(shared)
    await shared.room.rows("UPDATE texts SET state = $1 WHERE text_id = $2::uuid", state, sent["TextID"])
    assert (await call(shared, "GetSMSStatus", TextID=sent["TextID"], LicenseKey=KEY))["StatusCode"] == code


async def test_a_time_that_is_not_utc_and_unknown_texts_have_their_codes(sms: SmsNotify) -> None:
    parameters: dict[str, Any] = {
        "PhoneNumber": RECIPIENT,
        "Message": "m",
        "Licensekey": KEY,
        "ScheduledTime": "2026-06-02T10:00:00-04:00",
    }
    assert (await call(sms, "SendSMSAdvanced", **parameters))["StatusCode"] == "9"
    assert (await call(sms, "GetSMSStatus", TextID="x", LicenseKey=KEY))["StatusCode"] == "14"
    assert (await call(sms, "GetSMSStatus", TextID=UNKNOWN, LicenseKey=UNKNOWN))["StatusCode"] == "13"
    await sms.room.rows("ALTER TABLE texts RENAME TO away")
    assert (await send(sms))["StatusCode"] == "12"
