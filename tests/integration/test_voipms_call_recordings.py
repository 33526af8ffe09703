"""Recorded calls over the VoIP.ms interface: filed from their sounds, listed, fetched, mailed and deleted."""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import soundfile  # type: ignore[import-untyped]

from controller.calls.store.call_recordings import OWN_NUMBERS, CallRecordings, sound_id_of
from controller.errors import MailRefused, MailServerAway
from controller.speech.library import SoundLibrary
from controller.speech.prompts import Prompts
from controller.speech.voices import Voices
from tests.support.patience import until
from tests.support.phone_notify import TWO_SECONDS
from tests.support.postman import Postman
from tests.support.sql import sql
from tests.support.synthesizers import ToneSynthesizer
from tests.support.voipms import KEY
from tests.support.voipms_room import CONTACT, DID, STATED, VoipmsRoom, snapshot, voipms_room

CALL = """
INSERT INTO calls (queue_id, direction, license_key, our_number, their_number, channel_id, program, script_state, state,
                   response_code, started_at, ended_at)
VALUES ($1, $2, 'acme', $3, $4, '', '', '{}', 'ended', 30, now(), now())
"""
PHONE = {
    "username": "desk",
    "protocol": 1,
    "description": "",
    "auth_type": 1,
    "password": "S3cret-word",
    "device_type": 2,
    "lock_international": 1,
    "international_route": 1,
    "music_on_hold": "default",
    "allowed_codecs": "ulaw",
    "dtmf_mode": "auto",
    "nat": "yes",
    "record_calls": 1,
}
Recorded = Callable[..., Awaitable[None]]


@pytest.fixture
def postman() -> Postman:
    return Postman()


@pytest.fixture
async def room(postgres: str, tmp_path: Path, postman: Postman) -> AsyncIterator[VoipmsRoom]:
    known = snapshot(replace(KEY, mail_to=frozenset({"@acme.example"})))
    async with voipms_room(postgres, tmp_path / "media", known, sending=False, mail=postman) as running:
        yield running


@pytest.fixture
def recorded(room: VoipmsRoom, tmp_path: Path) -> Recorded:
    """Stores a recorded call, begun so many seconds ago."""
    library = SoundLibrary(room.texts.database, Prompts(tmp_path / "media", Voices([ToneSynthesizer("tone")], {})))

    async def record(account: str, direction: Any, queue_id: int, what: str = "did", age: float = 60.0) -> None:
        medium = await library.convert(TWO_SECONDS)
        sound_id = sound_id_of(account, direction, queue_id, what)
        await library.store("acme", sound_id, medium, recorded=True, age_seconds=age)

    return record


def days(**more: object) -> dict[str, Any]:
    today = datetime.now(UTC)
    first, last = today - timedelta(days=2), today + timedelta(days=1)
    return {"date_from": f"{first:%Y-%m-%d}", "date_to": f"{last:%Y-%m-%d}", **more}


async def listed(room: VoipmsRoom, account: str = "all", **more: object) -> list[dict[str, Any]]:
    answer = await room.client.call("getCallRecordings", account=account, **days(**more))
    rows: list[dict[str, Any]] = answer.get("recordings", [])
    assert rows or answer["status"] == "no_recording"
    return rows


async def test_recorded_calls_are_listed_by_account_and_direction_and_fetched_as_mp3(
    room: VoipmsRoom, recorded: Recorded
) -> None:
    assert await listed(room) == []
    assert await room.client.status("createSubAccount", **PHONE) == "success"
    await sql(room.texts.database, CALL, 7, "incoming", f"+1{DID}", f"+1{CONTACT}")
    await sql(room.texts.database, CALL, 8, "outgoing", f"+1{DID}", f"+1{CONTACT}")
    await recorded(OWN_NUMBERS, "incoming", 7, age=300.0)
    await recorded("acme_desk", "incoming", 7, "leg1", age=200.0)
    await recorded("acme_desk", "outgoing", 8, "phone", age=100.0)
    rows = await listed(room)
    assert [(row["subaccount"], row["type"], row["destination"]) for row in rows] == [
        ("acme_desk", "Outgoing", CONTACT),
        ("acme_desk", "Incoming", DID),
        ("acme", "Incoming", DID),
    ]
    assert {row["duration"] for row in rows} == {"00:02"}
    assert {type(value) for row in rows for value in row.values()} == {str}
    assert await listed(room, "acme") == rows[2:]
    for account in ("acme_desk", "desk", "1001"):
        assert await listed(room, account) == rows[:2]
    assert await listed(room, call_type="incoming") == rows[1:]
    assert await listed(room, call_type="outgoing") == rows[:1]
    assert await listed(room, start=1, length=1) == rows[1:2]
    fetched = await room.client.call("getCallRecording", account="desk", callrecording=rows[0]["callrecording"])
    mp3 = base64.b64decode(fetched.pop("base64file"))
    assert fetched == {"status": "success", **rows[0]}
    facts = soundfile.info(io.BytesIO(mp3))
    assert (facts.format, facts.samplerate, round(facts.duration)) == ("MP3", 8000, 2)
    # They are no recordings that an IVR could play.
    assert await room.client.status("getRecordings") == "no_recording"
    (used,) = await sql(room.texts.database, "SELECT sum(units) FROM usage_records WHERE product = 'recording'")
    assert used["sum"] == 6


async def test_a_recorded_call_is_mailed_to_whom_the_key_may_mail(
    room: VoipmsRoom, recorded: Recorded, postman: Postman
) -> None:
    await recorded(OWN_NUMBERS, "incoming", 7)
    (row,) = await listed(room)
    asked = {"account": "acme", "callrecording": row["callrecording"]}
    told = await room.client.call("sendCallRecordingEmail", **asked, email="ann@acme.example")
    assert (told["status"], bool(told["msg"])) == ("success", True)
    (mail,) = postman.mails
    assert mail["To"] == "ann@acme.example"
    (attachment,) = mail.iter_attachments()
    assert attachment.get_content_type() == "audio/mpeg"
    for email in ("", "ann@rival.example", "x", "ann@acme.example,bob@rival.example"):
        status = await room.client.status("sendCallRecordingEmail", **asked, email=email)
        assert status == ("invalid_email" if email else "missing_email")
    postman.fail(MailServerAway())
    assert await room.client.status("sendCallRecordingEmail", **asked, email="ann@acme.example") == "method_maintenance"
    postman.fail(MailRefused("no"))
    assert await room.client.status("sendCallRecordingEmail", **asked, email="ann@acme.example") == "invalid_email"


async def test_a_recorded_call_is_its_accounts_alone_and_goes_with_its_audio(
    room: VoipmsRoom, recorded: Recorded
) -> None:
    await recorded(OWN_NUMBERS, "incoming", 7)
    (row,) = await listed(room)
    asked = {"account": "acme", "callrecording": row["callrecording"]}
    for method in ("getCallRecording", "delCallRecording"):
        assert await room.rival.status(method, **{**asked, "account": "plain"}) == "invalid_callrecording"
        assert await room.rival.status(method, **asked) == "invalid_account"
        for wrong in ("x", "MDAwMDAwMDA5OTk5", "MDAw", "-1"):
            assert await room.client.status(method, account="acme", callrecording=wrong) == "invalid_callrecording"
        assert await room.client.status(method, account="acme") == "missing_callrecording"
        assert await room.client.status(method, callrecording=row["callrecording"]) == "missing_account"
    assert await room.client.call("delCallRecording", **asked) == {"status": "success"}
    assert await room.client.status("getCallRecording", **asked) == "invalid_callrecording"
    assert await sql(room.texts.database, "SELECT FROM call_recordings") == []
    assert await CallRecordings(room.texts.database).file() == 0


WRONG: list[tuple[dict[str, object], str]] = [
    ({"account": ""}, "missing_account"),
    ({"account": "nobody"}, "invalid_account"),
    ({"date_from": ""}, "missing_from_date"),
    ({"date_to": ""}, "missing_to_date"),
    ({"date_from": "yesterday"}, "invalid_date"),
    ({"date_from": "2020-01-01"}, "invalid_daterange"),
    ({"call_type": "sideways"}, "invalid_call_type"),
    ({"start": "-1"}, "invalid_start"),
    ({"length": "0"}, "invalid_length"),
]


async def test_each_wrong_value_of_the_list_has_a_status_of_its_own(room: VoipmsRoom) -> None:
    for changes, status in WRONG:
        asked = {**days(account="acme"), **changes}
        assert await room.client.status("getCallRecordings", **asked) == status, changes


async def test_without_a_mail_server_recordings_are_not_mailed(postgres: str, tmp_path: Path) -> None:
    async with voipms_room(postgres, tmp_path / "media", sending=False) as room:
        library = SoundLibrary(room.texts.database, Prompts(tmp_path / "media", Voices([ToneSynthesizer("tone")], {})))
        medium = await library.convert(TWO_SECONDS)
        await library.store("acme", sound_id_of(OWN_NUMBERS, "incoming", 7, "did"), medium, recorded=True)
        (row,) = await listed(room)
        asked = {"account": "acme", "callrecording": row["callrecording"], "email": "ann@acme.example"}
        assert await room.client.status("sendCallRecordingEmail", **asked) == "method_maintenance"


async def test_what_asks_for_recording_counts_at_the_next_call(room: VoipmsRoom) -> None:
    directory = room.texts.directory
    order = {"did": DID, "routing": "sys:busy", "pop": 1, "dialtime": 60, "cnam": 0, "billing_type": 1}
    for switch, records in ((1, True), (0, False)):
        assert await room.client.status("setDIDInfo", **order, record_calls=switch) == "success"
        await until(lambda: directory.snapshot.dids[f"+1{DID}"].records_calls is records)  # noqa: B023 (waited for here)
    created = await room.client.call("createSubAccount", **PHONE)
    await until(lambda: directory.snapshot.phones["acme_desk"].records_calls)
    assert await room.client.status("setSubAccount", id=created["id"], record_calls=0) == "success"
    await until(lambda: not directory.snapshot.phones["acme_desk"].records_calls)
    # The texts of a number give no right to its calls.
    theirs = {**order, "did": "2015550104", "routing": "none:", "record_calls": 1}
    assert await room.client.status("setDIDInfo", **theirs) == "invalid_record_calls"
    stated = {**order, "did": STATED, "routing": "account:acme", "record_calls": 1}
    assert await room.client.status("setDIDInfo", **stated) == "success"
