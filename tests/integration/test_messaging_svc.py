"""Messaging.svc: messages with media, their states, settings of post-backs, opt-outs, keywords."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from controller.egress.guard import Guard
from tests.support.sms_notify import (
    KEY,
    NO_GUID,
    RECIPIENT,
    RIVAL,
    SUSPENDED,
    UNKNOWN,
    WITHOUT_DID,
    SmsNotify,
    sms_notify,
)
from tests.support.texts import DID

SVC = "/Messaging.svc"
# A date that is not set, as .NET writes it in JSON.
UNSET = "/Date(-62135596800000-0000)/"


@pytest.fixture
async def sms(postgres: str) -> AsyncIterator[SmsNotify]:
    async with sms_notify(postgres) as running:
        yield running


@pytest.fixture(scope="module")
async def shared(fresh_database: str) -> AsyncIterator[SmsNotify]:
    """For tests that look at nothing but the answer; nothing leaves."""
    async with sms_notify(fresh_database, sending=False) as running:
        yield running


@pytest.fixture
async def quiet(postgres: str) -> AsyncIterator[SmsNotify]:
    """Nothing leaves: what is queued stays queued."""
    async with sms_notify(postgres, sending=False, guard=Guard(allow=("127.0.0.0/8",))) as running:
        yield running


async def test_a_message_is_sent_to_each_number_and_its_state_is_told(sms: SmsNotify) -> None:
    body = {"LicenseKey": KEY, "Body": "b", "Subject": "s", "To": [RECIPIENT, "1"], "From": DID, "UseMMS": False}
    first, second = await sms.post(f"{SVC}/SendMessage", body)
    assert (first["MessageStatus"], first["From"], first["To"], first["SentTime"]) == (
        201,
        "12015550101",
        RECIPIENT,
        UNSET,
    )
    assert (second["MessageStatus"], second["MessageID"]) == (406, NO_GUID)
    assert [each.body for each in await sms.asterisk.until_sent(1)] == ["s\nb"]
    await sms.until_state(first["MessageID"], "accepted")
    path = f"{SVC}/ReadMessageStatus?LicenseKey={KEY}&MessageId={first['MessageID']}"
    status = await sms.get(path)
    assert (status["MessageStatus"], status["To"]) == (200, "12125550123")
    assert status["SentTime"].startswith("/Date(")
    assert "<MessageStatus>Sent</MessageStatus>" in await sms.text(path)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 201),
        ({"From": "2015550103"}, 400),
        ({"LicenseKey": UNKNOWN}, 401),
        ({"LicenseKey": SUSPENDED}, 402),
        ({"LicenseKey": WITHOUT_DID}, 404),
        ({"ScheduledDateTime": "2026-06-02T10:00:00+02:00"}, 405),
        ({"To": ["nobody"]}, 406),
        ({"To": []}, 406),
        ({"Body": ""}, 411),
        ({"Attachments": ["4711"]}, 411),
        ({"Body": "x" * 1601}, 413),
    ],
)
async def test_every_refusal_of_a_message_has_its_status(
    shared: SmsNotify, change: dict[str, Any], status: int
) -> None:
    body = {"LicenseKey": KEY, "Body": "b", "To": [RECIPIENT], "UseMMS": False} | change
    [answer] = await shared.post(f"{SVC}/SendMessage", body)
    assert answer["MessageStatus"] == status


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("held", 0),
        ("queued", 201),
        ("sending", 202),
        ("accepted", 200),
        ("unknown", 200),
        ("refused", 508),
        ("expired", 506),
        ("cancelled", 507),
        ("blocked", 403),
    ],
)
async def test_every_state_of_a_message_has_its_status(shared: SmsNotify, state: str, status: int) -> None:
    sent = await shared.send()
    await shared.room.rows("UPDATE texts SET state = $1 WHERE text_id = $2::uuid", state, sent["MessageID"])
    answer = await shared.get(f"{SVC}/ReadMessageStatus?LicenseKey={KEY}&MessageId={sent['MessageID']}")
    assert answer["MessageStatus"] == status


async def test_a_number_that_opted_out_and_a_store_that_is_away_have_their_status(sms: SmsNotify) -> None:
    await sms.room.receive("stop")
    body = {"LicenseKey": KEY, "Body": "b", "To": [RECIPIENT], "UseMMS": False}
    assert (await sms.post(f"{SVC}/SendMessage", body))[0]["MessageStatus"] == 403
    [blocked] = await sms.get(f"{SVC}/GetUnsubscribedNumbers?LicenseKey={KEY}")
    assert blocked["PhoneNumber"] == "12125550123"
    assert await sms.get(f"{SVC}/GetUnsubscribedNumbers?LicenseKey={RIVAL}") == []
    await sms.room.rows("ALTER TABLE opt_outs RENAME TO away")
    assert (await sms.post(f"{SVC}/SendMessage", body))[0]["MessageStatus"] == 506


async def test_a_message_of_another_key_is_not_told(shared: SmsNotify) -> None:
    sent = await shared.send()
    for key, status in ((RIVAL, 404), (UNKNOWN, 401)):
        answer = await shared.get(f"{SVC}/ReadMessageStatus?LicenseKey={key}&MessageId={sent['MessageID']}")
        assert (answer["MessageStatus"], answer["MessageID"]) == (status, NO_GUID)


async def test_incoming_messages_are_read_by_criteria_and_the_unread_once(sms: SmsNotify) -> None:
    body = {"LicenseKey": KEY, "Body": "q", "To": [RECIPIENT], "From": DID, "UseMMS": False, "ReferenceID": "r"}
    [sent] = await sms.post(f"{SVC}/SendMessage", body)
    await sms.until_state(sent["MessageID"], "accepted")
    await sms.room.receive("one")
    await sms.room.receive("two", sender="<sip:+12125550199@192.0.2.1>")

    async def read(**criteria: Any) -> list[str]:
        answer = await sms.post(f"{SVC}/ReadIncomingMessages", {"LicenseKey": KEY} | criteria)
        return [each["Payload"] for each in answer]

    assert sorted(await read()) == ["one", "two"]
    assert await read(OutgoingMessageID=sent["MessageID"]) == ["one"]
    assert await read(ReferenceID="r") == ["one"]
    assert await read(PageSize=1, PageNumber=3) == []
    assert await read(StartDate="2100-01-01T00:00:00") == []
    assert await read(EndDate="9999-12-31T23:59:59", LicenseKey=RIVAL) == []
    assert sorted(await read(UnreadMessagesOnly=True)) == ["one", "two"]
    assert await read(UnreadMessagesOnly=True) == []
    [message] = await sms.post(f"{SVC}/ReadIncomingMessages", {"LicenseKey": KEY, "ReferenceID": "r"})
    assert list(message) == [
        "Attachments",
        "From",
        "IncomingMessageID",
        "OutgoingMessageID",
        "Payload",
        "ReceivedDate",
        "Subject",
        "To",
        "Udh",
    ]
    assert (message["From"], message["To"]) == ("12125550123", "12015550101")
    [same] = await sms.post(
        f"{SVC}/ReadIncomingMessages", {"LicenseKey": KEY, "IncomingMessageID": message["IncomingMessageID"]}
    )
    assert same == message


async def test_media_are_stored_listed_sent_as_links_served_and_removed(quiet: SmsNotify) -> None:
    request = {
        "Base64EncodedContent": base64.b64encode(b"\x89PNG").decode(),
        "Filename": "../cat & dog.png",
        "LicenseKey": KEY,
        "Tags": ["pets", "2026"],
    }
    created = await quiet.post(f"{SVC}/CreateMediaFromContent", request)
    media_id = created["MediaId"]
    assert (created["FileName"], created["FileSize"], created["MimeType"], created["Tags"]) == (
        "_cat & dog.png",
        4,
        "image/png",
        ["pets", "2026"],
    )
    body = {"LicenseKey": KEY, "Attachments": [media_id], "To": [RECIPIENT], "UseMMS": True}
    [sent] = await quiet.post(f"{SVC}/SendMessage", body)
    [row] = await quiet.room.rows("SELECT body FROM texts")
    link = row["body"]
    assert link.startswith(f"{quiet.url}/text-media/")
    async with quiet.http.get(link) as answer:
        assert (answer.status, answer.content_type, await answer.read()) == (200, "image/png", b"\x89PNG")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
    status = await quiet.get(f"{SVC}/ReadMessageStatus?LicenseKey={KEY}&MessageId={sent['MessageID']}")
    assert status["Attachments"] == str(media_id)
    for criteria, count in (
        ({}, 1),
        ({"FilenamePattern": "*DOG*"}, 1),
        ({"FilenamePattern": "d%g"}, 0),
        ({"FileType": ".png"}, 1),
        ({"FileType": "jpg"}, 0),
        ({"Tags": ["pets"]}, 1),
        ({"Tags": ["pets", "cars"]}, 0),
        ({"MinimumFileSize": 5}, 0),
        ({"MaximumFileSize": 4}, 1),
        ({"OutgoingMessageId": sent["MessageID"]}, 1),
        ({"OutgoingMessageId": UNKNOWN}, 0),
        ({"IncomingMessageId": UNKNOWN}, 0),
        ({"MediaId": media_id, "LicenseKey": RIVAL}, 0),
    ):
        reply = await quiet.post(f"{SVC}/GetMediaInfo", {"LicenseKey": KEY} | criteria)
        assert len(reply["Media"]) == count, criteria
    get = f"{SVC}/GetMedia?LicenseKey={KEY}&MediaId={media_id}"
    assert base64.b64decode(await quiet.get(get)) == b"\x89PNG"
    assert await quiet.get(get.replace(KEY, RIVAL)) is None
    assert await quiet.get(f"{SVC}/RemoveMedia?LicenseKey={RIVAL}&MediaId={media_id}") is False
    assert await quiet.get(f"{SVC}/RemoveMedia?LicenseKey={KEY}&MediaId={media_id}") is True
    async with quiet.http.get(link) as answer:
        assert answer.status == 404


async def test_a_file_that_a_browser_could_run_is_served_as_bytes_to_be_saved(quiet: SmsNotify) -> None:
    request = {"Base64EncodedContent": "PHNjcmlwdD4=", "Filename": "x.svg", "LicenseKey": KEY}
    created = await quiet.post(f"{SVC}/CreateMediaFromContent", request)
    assert created["MimeType"] == "application/octet-stream"
    body = {"LicenseKey": KEY, "Attachments": [str(created["MediaId"])], "To": [RECIPIENT], "UseMMS": True}
    await quiet.post(f"{SVC}/SendMessage", body)
    [row] = await quiet.room.rows("SELECT body FROM texts")
    async with quiet.http.get(row["body"]) as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    "request_body",
    [
        {"Base64EncodedContent": "***", "Filename": "x", "LicenseKey": KEY},
        {"Base64EncodedContent": "", "Filename": "x", "LicenseKey": KEY},
        {"Base64EncodedContent": "YQ==", "Filename": "x", "LicenseKey": UNKNOWN},
    ],
)
async def test_a_file_that_is_not_stored_has_the_id_0(shared: SmsNotify, request_body: dict[str, str]) -> None:
    assert (await shared.post(f"{SVC}/CreateMediaFromContent", request_body))["MediaId"] == 0


async def test_media_are_fetched_from_a_url_that_the_guard_lets_through(quiet: SmsNotify) -> None:
    async def serve(request: web.Request) -> web.Response:
        large = request.path == "/large.png"
        return web.Response(body=b"x" * (2_000_000 if large else 3), content_type="image/png")

    application = web.Application()
    application.router.add_get("/{name}", serve)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        created = await quiet.post(f"{SVC}/CreateMediaFromUrl", {"LicenseKey": KEY, "Url": f"{base}/a%20b.png"})
        assert (created["FileName"], created["FileSize"]) == ("a b.png", 3)
        for url in (f"{base}/large.png", "http://10.0.0.1/x", "file:///etc/passwd", ""):
            refused = await quiet.post(f"{SVC}/CreateMediaFromUrl", {"LicenseKey": KEY, "Url": url})
            assert refused["MediaId"] == 0, url
    finally:
        await runner.cleanup()


async def test_post_backs_go_where_the_customer_set_them(sms: SmsNotify) -> None:
    number = f"LicenseKey={RIVAL}&PhoneNumber=201-555-0103&Country=us"
    assert (
        await sms.get(f"{SVC}/SetPostbackUrlForLicenseKey?LicenseKey={RIVAL}&PostbackType=All&Url=http://a.example/k")
        == 0
    )
    assert await sms.get(f"{SVC}/SetPostbackUrlForPhoneNumber?{number}&PostbackType=2&Url=http://a.example/in") == 0
    await sms.room.receive("x", did="12015550103")
    sent = await sms.send(key=RIVAL)
    await sms.until_state(sent["MessageID"], "accepted")
    assert [each["url"] for each in await sms.room.postbacks()] == ["http://a.example/in", "http://a.example/k"]
    assert (
        await sms.get(f"{SVC}/SetPostbackEnabledForPhoneNumber?{number}&PostbackType=IncomingMessage&Enabled=false")
        == 0
    )
    await sms.room.receive("y", did="12015550103", sender="<sip:+12125550199@192.0.2.1>")
    assert len(await sms.room.postbacks()) == 2
    [setting] = await sms.get(f"{SVC}/GetPostbackSettingsForPhoneNumber?{number}")
    assert setting == {
        "Country": "US",
        "PhoneNumber": "12015550103",
        "PostbackEnabled": False,
        "PostbackType": 2,
        "PostbackUrl": "http://a.example/in",
        "ReturnCode": 0,
    }


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"SetPostbackUrlForLicenseKey?LicenseKey={UNKNOWN}&PostbackType=All&Url=http://a.example/", 1),
        (f"SetPostbackUrlForLicenseKey?LicenseKey={RIVAL}&PostbackType=All&Url=nonsense", 2),
        (
            f"SetPostbackUrlForPhoneNumber?LicenseKey={RIVAL}&PhoneNumber=1&Country=US&PostbackType=All&Url=http://a.example",
            3,
        ),
        (f"SetPostbackEnabledForLicenseKey?LicenseKey={RIVAL}&PostbackType=DeliveryReceipt&Enabled=false", 4),
        (f"SetPostbackEnabledForPhoneNumber?LicenseKey={RIVAL}&PhoneNumber=2015550101&Country=US&Enabled=true", 5),
        (f"SetPostbackEnabledForLicenseKey?LicenseKey={KEY}&PostbackType=All&Enabled=false", 5),
        (f"SetPostbackEnabledForPhoneNumber?LicenseKey={RIVAL}&PhoneNumber=2015550103&Country=XX&Enabled=true", 6),
    ],
)
async def test_every_refusal_of_a_setting_has_its_code(shared: SmsNotify, path: str, code: int) -> None:
    assert await shared.get(f"{SVC}/{path}") == code


async def test_what_the_yaml_states_is_told(shared: SmsNotify) -> None:
    [setting] = await shared.get(f"{SVC}/GetPostbackSettingsForLicenseKey?LicenseKey={KEY}")
    assert setting["PostbackUrl"] == "http://customer.example/postbacks"
    [setting] = await shared.get(f"{SVC}/GetPostbackSettingsForLicenseKey?LicenseKey={RIVAL}")
    assert setting["ReturnCode"] == 5


async def test_keywords_are_refused_for_there_are_no_short_codes(shared: SmsNotify) -> None:
    def keyword(text: str, code: str = "12345") -> dict[str, str]:
        return {"Keyword": text, "ShortCode": code}

    wanted = [keyword("pizza"), keyword("ab"), keyword("Stop"), keyword("yes"), keyword("pizza", "2015550101")]
    answer = await shared.post(f"{SVC}/AssignKeyword", {"LicenseKey": KEY, "SMSKeywords": wanted})
    assert [each["ReturnCode"] for each in answer["SMSKeyword"]] == [3, 5, 5, 5, 6]
    answer = await shared.post(f"{SVC}/RemoveKeyword", {"LicenseKey": KEY, "SMSKeywords": wanted[:1]})
    assert answer["ReturnCode"] == 8
    assert await shared.get(f"{SVC}/GetKeywords?LicenseKey={KEY}") == {"ReturnCode": 0, "SMSKeyword": []}
    assert (await shared.post(f"{SVC}/GetKeywordsWebPost", {"LicenseKey": UNKNOWN}))["ReturnCode"] == 4


async def test_the_post_twins_answer_as_the_operations_do(shared: SmsNotify) -> None:
    sent = await shared.send()
    status = await shared.get(f"{SVC}/GetMessageStatus?MessageID={sent['MessageID']}")
    for body in ({"MessageID": sent["MessageID"]}, sent["MessageID"]):
        assert await shared.post(f"{SVC}/GetMessageStatusWebPost", body) == status
    guid = f'<guid xmlns="http://schemas.microsoft.com/2003/10/Serialization/">{sent["MessageID"]}</guid>'
    assert "true" in await shared.text(f"{SVC}/CancelMessageWebPost", data=guid)
    assert await shared.post(f"{SVC}/GetUnreadIncomingMessagesWebPost", KEY) == []
