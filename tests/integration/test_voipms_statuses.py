"""The vendor's statuses that no other test of the interface comes by: each is reached by a request."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.phone_notify import TWO_SECONDS
from tests.support.voipms import KEY
from tests.support.voipms_room import CONTACT, DID, STOCK, VoipmsRoom, snapshot, voipms_room

WAV = base64.b64encode(TWO_SECONDS).decode()
ORDER = {"did": STOCK[2:], "routing": "sys:busy", "pop": 1, "dialtime": 60, "cnam": 0, "billing_type": 1}
EMPTY = {
    "getCallbacks": "no_callback",
    "getCallerIDFiltering": "no_filter",
    "getDISAs": "no_disa",
    "getForwardings": "no_forwarding",
    "getIVRs": "no_ivr",
    "getPhonebook": "no_phonebook",
    "getPhonebookGroups": "no_phonebook_group",
    "getQueues": "no_queue",
    "getRecordings": "no_recording",
    "getRingGroups": "no_ringgroup",
    "getSequences": "no_sequences",
    "getSMS": "no_sms",
    "getMMS": "no_sms",
    "getTimeConditions": "no_timecondition",
    "getVoicemails": "no_mailbox",
}


@pytest.fixture
async def room(postgres: str, tmp_path: Path) -> AsyncIterator[VoipmsRoom]:
    async with voipms_room(postgres, tmp_path / "media", sending=False) as running:
        yield running


async def test_an_empty_list_is_a_status_and_no_list(room: VoipmsRoom) -> None:
    for method, status in EMPTY.items():
        answer = await room.client.call(method)
        assert answer == {"status": status, "message": answer["message"]}, method


async def test_what_is_no_request_at_all_lacks_its_parameters(room: VoipmsRoom) -> None:
    query = {**room.client.log_in, "method": "getIP"}
    async with room.client.session.post(room.client.url, params=query, data=json.dumps([1]).encode()) as answer:
        assert json.loads(await answer.text())["status"] == "success", "no JSON is said to be there"
    headers = {"Content-Type": "application/json"}
    for body in (b"[1]", b"{", b'"x"'):
        async with room.client.session.post(room.client.url, data=body, headers=headers) as answer:
            assert answer.status == 200
            assert json.loads(await answer.text())["status"] in ("missing_params", "missing_method")


async def test_a_recording_that_leads_somewhere_is_not_deleted(room: VoipmsRoom) -> None:
    async def made(method: str, **values: Any) -> dict[str, Any]:
        answer = await room.client.call(method, **values)
        assert answer["status"] == "success", answer
        return answer

    sound = (await made("setRecording", name="menu", file=WAV))["recording"]
    led = f"recording:{sound}"
    span = {"starthour": 8, "startminute": 0, "endhour": 17, "endminute": 0, "weekdaystart": "mon", "weekdayend": "fri"}
    condition = await made("setTimeCondition", name="day", routing_match=led, routing_nomatch="sys:busy", **span)
    assert await room.client.status("delRecording", recording=sound) == "recording_in_use_caller_timecondition"
    await made("delTimeCondition", timecondition=condition["timecondition"])
    assert await room.client.status("delRecording", recording=sound) == "success"
    assert await room.client.status("setRecording", name="big", file="A" * 14_100_000) == "exceeds_file_size"


async def test_a_key_that_reached_a_limit_has_no_funds_and_a_suspended_one_buys_nothing(
    postgres: str, tmp_path: Path
) -> None:
    text = {"did": DID, "dst": CONTACT, "message": "hi"}
    async with voipms_room(postgres, tmp_path, sending=False, holds_key=lambda name: name == "acme") as room:
        assert await room.client.status("sendSMS", **text) == "non_sufficient_funds"
        assert await room.client.status("sendMMS", **text) == "non_sufficient_funds"
    known = snapshot(replace(KEY, suspended=True))
    async with voipms_room(postgres, tmp_path, known, sending=False) as room:
        assert await room.client.status("orderDID", **ORDER) == "Unable_to_purchase"
        assert await room.client.status("sendSMS", **text) == "sms_failed"


async def test_what_is_to_be_deleted_is_named_and_an_account_without_phones_has_no_account(
    postgres: str, tmp_path: Path
) -> None:
    without_phones = replace(snapshot(), phones={})
    async with voipms_room(postgres, tmp_path, without_phones, sending=False) as room:
        assert await room.client.status("delIVR") == "missing_ivr"
        assert await room.client.status("delIVR", ivr="77") == "invalid_ivr"
        answer = await room.client.call("getSubAccounts")
        assert (answer["status"], "accounts" in answer) == ("no_account", False)
