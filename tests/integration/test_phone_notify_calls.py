"""Phone Notify!'s operations of calls and of their status, as customers' programs use them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from controller.calls.store.call_lookup import CallFilter
from tests.support.fake_ari import FakeAri
from tests.support.outgoing import THEM, over
from tests.support.phone_notify import (
    KEY,
    NAMESPACE,
    RIVAL,
    TEXTS_ONLY,
    UNKNOWN,
    PhoneNotify,
    Soap,
    phone_notify,
    snapshot,
)

LATER = "2099-01-01T00:00:00"
SCHEMAS = 'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
NOT_NOW = {"UTCScheduledDateTime": LATER}


@pytest.fixture
async def room(postgres: str, tmp_path: Path) -> AsyncIterator[PhoneNotify]:
    async with phone_notify(postgres, tmp_path) as running:
        yield running


def member(document: str, name: str) -> str | None:
    """The text of an element, as clients of the wild find it."""
    found = re.search(f"<{name}>([^<]*)</{name}>", document)
    return found.group(1) if found else None


def queue_id(document: str) -> int:
    return int(member(document, "QueueID") or 0)


async def test_a_call_that_was_just_queued_is_answered_as_the_vendor_did(room: PhoneNotify) -> None:
    answer = await room.get("NotifyPhoneAdvanced", PhoneNumberToDial=THEM, TextToSay="Hi", LicenseKey=KEY, **NOT_NOW)
    assert answer.replace("\r\n", "\n") == (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<NotifyReturn {SCHEMAS} xmlns="{NAMESPACE}">\n'
        "  <ResponseCode>0</ResponseCode>\n"
        "  <ResponseText>Queued</ResponseText>\n"
        "  <CallAnswered>false</CallAnswered>\n"
        f"  <QueueID>{queue_id(answer)}</QueueID>\n"
        "  <TryCount>0</TryCount>\n"
        "  <Demo>false</Demo>\n"
        "  <Duration>0</Duration>\n"
        "  <StartTime>0001-01-01T00:00:00</StartTime>\n"
        "  <EndTime>0001-01-01T00:00:00</EndTime>\n"
        "  <MinuteRate>0</MinuteRate>\n"
        "  <CallComplete>false</CallComplete>\n"
        "</NotifyReturn>"
    )
    assert re.fullmatch(r"\d{10}", str(queue_id(answer)))
    assert await room.get("GetQueueIDStatus", QueueID=queue_id(answer)) == answer


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("NotifyPhoneEnglishBasic", {}),
        ("NotifyPhoneBasic", {"CallerID": "2015550101", "CallerIDname": "Ann", "VoiceID": "1"}),
        ("NotifyPhoneBasic", {}),
        ("NotifyPhoneBasicWithTryCount", {"TryCount": 3}),
        ("NotifyPhoneBasicWithTransfer", {"TransferNumber": "2015550110"}),
    ],
)
async def test_each_way_to_place_a_call_queues_one(
    room: PhoneNotify, operation: str, parameters: dict[str, str]
) -> None:
    given = {"PhoneNumberToDial": "(201) 555-0188", "TextToSay": "Hello", "LicenseKey": KEY.upper(), **parameters}
    for ask in (room.get, room.post):
        answer = await ask(operation, **given)
        assert (member(answer, "ResponseCode"), member(answer, "ResponseText")) == ("0", "Queued")


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"PhoneNumberToDial": "555"}, 3),
        ({"CallerIDNumber": "12"}, 4),
        ({"VoiceID": 14}, 5),
        ({"TransferNumber": "x"}, 6),
        ({"CallerIDNumber": THEM}, 13),
        ({"LicenseKey": UNKNOWN}, 14),
        ({"LicenseKey": ""}, 14),
        ({"LicenseKey": TEXTS_ONLY}, 14),
        ({"UTCScheduledDateTime": "2099-01-01T00:00:00+02:00"}, 16),
        ({"TextToSay": "Hello ~^nothere~"}, 23),
        ({"PhoneNumberToDial": "+4590123456"}, 28),
        ({"PhoneNumberToDial": "18765550100"}, 28),
        ({"TextToSay": r"~\GetDigits(n|9)~ ~\TransferTo([n])~"}, 28),
    ],
)
async def test_each_mistake_is_answered_with_its_code(
    room: PhoneNotify, parameters: dict[str, str | int], code: int
) -> None:
    room.room.prompts.missing.add("sound:nothere")
    given = {"PhoneNumberToDial": THEM, "TextToSay": "Hello", "LicenseKey": KEY, **NOT_NOW, **parameters}
    answer = await room.get("NotifyPhoneAdvanced", **given)
    assert (member(answer, "ResponseCode"), member(answer, "CallComplete")) == (str(code), "true")


async def test_why_something_was_refused_stands_beside_the_answer(room: PhoneNotify) -> None:
    refused = {"PhoneNumberToDial": "+4590123456", "TextToSay": "Hello", "LicenseKey": KEY}
    async with room.http.get(f"{room.url}/NotifyPhoneBasic?{urlencode(refused)}") as answer:
        assert answer.headers["Ringpost-Reason"].startswith("28: ")
    script = {"PhoneNumber": "2015550101", "Script": "~\\Goto(größe)~", "LicenseKey": KEY}
    async with room.http.post(f"{room.url}/SetIncomingCallScript", data=script) as answer:
        assert ">false<" in await answer.text()
        assert answer.headers["Ringpost-Reason"].startswith("line 1: ")
        assert "gr%C3%B6" in answer.headers["Ringpost-Reason"]
    envelope = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<SetIncomingCallScript xmlns="{NAMESPACE}"><PhoneNumber>2015550199</PhoneNumber><Script>Hi</Script>'
        f"<LicenseKey>{KEY}</LicenseKey></SetIncomingCallScript></s:Body></s:Envelope>"
    )
    headers = {"Content-Type": "text/xml", "SOAPAction": f"{NAMESPACE}SetIncomingCallScript"}
    async with room.http.post(room.url, data=envelope, headers=headers) as answer:
        assert answer.headers["Ringpost-Reason"] == "the licence key does not have this number"
    async with room.http.get(f"{room.url}/GetVersion") as answer:
        assert "Ringpost-Reason" not in answer.headers


async def test_the_demo_key_places_calls_where_the_operator_has_one(postgres: str, tmp_path: Path) -> None:
    call = {"PhoneNumberToDial": THEM, "TextToSay": "Hello", "LicenseKey": "0"}
    known = snapshot()
    async with phone_notify(postgres, tmp_path / "without", known) as room:
        assert member(await room.get("NotifyPhoneBasic", **call), "ResponseCode") == "14"
    keys = {name: replace(key, demo=name == "acme") for name, key in known.license_keys.items()}
    async with phone_notify(postgres, tmp_path / "with", replace(known, license_keys=keys)) as room:
        answer = await room.get("NotifyPhoneBasic", **call)
        assert (member(answer, "ResponseCode"), member(answer, "Demo")) == ("0", "true")
        answer = await room.get("NotifyPhoneBasicWithTransfer", TransferNumber="2015550110", **call)
        assert (member(answer, "ResponseCode"), member(answer, "ResponseText")) == ("11", "Demo not allowed")
        taken = await room.get("AssignIncomingNumber", IncomingPhoneNumber="2015550107", LicenseKey="0")
        assert ">false<" in taken


async def test_a_wrong_voice_is_told_by_the_basic_operations_too(room: PhoneNotify) -> None:
    given = {"PhoneNumberToDial": THEM, "TextToSay": "Hello", "LicenseKey": KEY}
    for voice in ("Diane", "14", "-1"):
        assert member(await room.get("NotifyPhoneBasic", VoiceID=voice, **given), "ResponseCode") == "5"


async def test_several_numbers_are_answered_in_their_order(room: PhoneNotify) -> None:
    numbers = "2015550180; 555 ;2015550182;9005550100;"
    answer = await room.post(
        "NotifyMultiplePhoneBasicWithCPMandReferenceID",
        PhoneNumbersToDial=numbers,
        TextToSay="Hello",
        CallsPerMinute=1,
        ReferenceID="batch",
        LicenseKey=KEY,
    )
    assert re.findall(r"<ResponseCode>(\d+)<", answer) == ["0", "3", "0", "28"]
    second = [int(each) for each in re.findall(r"<QueueID>(\d+)<", answer)][2]
    (row,) = await room.room.lookup.find(CallFilter(queue_id=second))
    assert row.due_at is not None
    assert (row.due_at - row.started_at).total_seconds() > 60, "the third number is due two minutes later"
    cancelled = await room.get("CancelNotifyByReferenceID", ReferenceID="batch", LicenseKey=KEY)
    assert ">1<" in cancelled or ">2<" in cancelled
    assert member(await room.get("GetQueueIDStatus", QueueID=second), "ResponseCode") == "22"


async def test_ten_thousand_numbers_are_taken_in_one_request(room: PhoneNotify) -> None:
    numbers = ";".join(f"201{200 + number // 10_000}{number % 10_000:04}" for number in range(10_000))
    soap = await room.soap()
    made = await soap.call(
        "NotifyMultiplePhoneAdvanced",
        MultipleANR={"AdvancedNotifyRequest": [_advanced(soap, number) for number in numbers.split(";")[:20]]},
    )
    assert [each.ResponseCode for each in made] == [0] * 20
    answer = await room.post(
        "NotifyMultiplePhoneBasicWithCPM",
        PhoneNumbersToDial=numbers,
        TextToSay="Hello",
        CallsPerMinute=1,
        LicenseKey=KEY,
    )
    ids = [int(each) for each in re.findall(r"<QueueID>(\d+)<", answer)]
    assert len(set(ids)) == 10_000
    assert ids == sorted(ids)
    assert set(re.findall(r"<ResponseCode>(\d+)<", answer)) == {"0"}
    several = await room.post("GetMultipleQueueIdStatus", QueueIDs=";".join(map(str, ids[-100:])), LicenseKey=KEY)
    assert [int(each) for each in re.findall(r"<QueueID>(\d+)<", several)] == ids[-100:]


def _advanced(soap: Soap, number: str) -> Any:
    kind = soap.client.get_type(f"{{{NAMESPACE}}}AdvancedNotifyRequest")
    return kind(
        PhoneNumberToDial=number,
        TextToSay="Hello",
        LicenseKey=KEY,
        VoiceID=0,
        TryCount=0,
        NextTryInSeconds=0,
        UTCScheduledDateTime=LATER,
        TTSrate=0,
        TTSvolume=0,
        MaxCallLength=0,
    )


async def test_only_the_own_key_cancels_a_call_and_sees_what_is_in_it(room: PhoneNotify) -> None:
    given = {"PhoneNumberToDial": THEM, "TextToSay": "Secret", "LicenseKey": KEY, **NOT_NOW}
    queued = queue_id(await room.get("NotifyPhoneAdvanced", **given))
    assert ">false<" in await room.get("CancelNotify", QueueID=queued, LicenseKey=RIVAL)
    told = await room.get("GetQueueIDStatusWithAdvancedInfo", QueueID=queued, LicenseKey=RIVAL)
    assert (member(told, "ResponseCode"), member(told, "TextToSay")) == ("9", None)
    told = await room.get("GetQueueIDStatusWithAdvancedInfo", QueueID=queued, LicenseKey=KEY)
    assert (member(told, "ResponseCode"), member(told, "TextToSay")) == ("0", "Secret")
    assert ">true<" in await room.get("CancelNotify", QueueID=queued, LicenseKey=KEY)
    assert ">false<" in await room.get("CancelNotify", QueueID=queued, LicenseKey=KEY)
    assert member(await room.get("GetQueueIDStatus", QueueID=queued, LicenseKey=KEY), "ResponseText") == "Cancelled"


async def test_an_answered_call_tells_its_digits_and_variables(postgres: str, tmp_path: Path) -> None:
    fake = FakeAri()
    fake.on_originate = lambda channel: (fake.ringing(channel.id), fake.answer(channel.id))  # type: ignore[assignment,func-returns-value]
    async with phone_notify(postgres, tmp_path, fake=fake) as room:
        script = r"~\QuickStart()~ ~\SetVar(Colour|red)~ Hello."
        given = {"PhoneNumberToDial": f"{THEM}x3025", "TextToSay": script, "CallerID": "", "LicenseKey": KEY}
        queued = queue_id(await room.post("NotifyPhoneBasic", **given))
        await over(room.room, queued)
        told = await room.get("GetQueueIDStatusWithAdvancedInfo", QueueID=queued, LicenseKey=KEY)
        assert (member(told, "ResponseCode"), member(told, "CallAnswered")) == ("1", "true")
        assert (member(told, "CallComplete"), member(told, "TryCount"), member(told, "Country")) == ("true", "1", "US")
        assert "<VariableName>colour</VariableName>" in told
        assert "<VariableValue>red</VariableValue>" in told
        assert "0001-01-01" not in told
        assert member(told, "MinuteRate") == "0.0129"
        newest = await room.get("GetQueueIDStatusesByPhoneNumber", PhoneNumber=THEM, LicenseKey=KEY)
        assert re.findall(r"<QueueID>(\d+)<", newest) == [str(queued)]
        assert "3025" in [channel.sent_digits for channel in fake.gone.values()], (
            "the extension is dialled after the answer"
        )


@pytest.mark.parametrize(
    ("rate", "volume", "manner"),
    [
        (0, 0, (10, 100)),  # what .NET sends for bytes that were not set
        (15, 40, (15, 40)),
        (200, 255, (20, 100)),
    ],
)
async def test_rate_and_volume_are_those_of_the_call(
    postgres: str, tmp_path: Path, rate: int, volume: int, manner: tuple[int, int]
) -> None:
    fake = FakeAri()
    fake.on_originate = lambda channel: fake.answer(channel.id)
    async with phone_notify(postgres, tmp_path, fake=fake) as room:
        call = {"PhoneNumberToDial": THEM, "TextToSay": r"~\QuickStart()~ Hello", "LicenseKey": KEY}
        queued = queue_id(await room.post("NotifyPhoneAdvanced", **call, TTSrate=rate, TTSvolume=volume))
        await over(room.room, queued)
        assert room.room.prompts.manners == [manner]


async def test_what_nobody_queued_is_complete_so_that_nobody_asks_for_ever(room: PhoneNotify) -> None:
    answer = await room.get("GetQueueIDStatus", QueueID=12345)
    assert (member(answer, "ResponseCode"), member(answer, "QueueID"), member(answer, "CallComplete")) == (
        "9",
        "12345",
        "true",
    )


async def test_codes_voices_and_version_are_the_vendors(room: PhoneNotify) -> None:
    codes = await room.get("GetResponseCodes")
    assert len(re.findall("<Response>", codes)) == 47
    assert "<ResponseText>Key Invalid.  IP Address has been suspended.</ResponseText>" in codes
    voices = await room.get("getVoices")
    assert len(re.findall("<Voice>", voices)) == 18
    assert "<VoiceSummary>Diane - US English (Female - 35)</VoiceSummary>" in voices
    assert "<string" in await room.get("GetVersion")


async def test_a_conference_that_nobody_is_in_is_ended_without_an_answer(room: PhoneNotify) -> None:
    assert await room.get("CancelConference", ConferenceKey="7f6c1a52-0000-4000-8000-000000000009") == ""
    assert await room.get("CancelConference", ConferenceKey="board") == ""
