"""Sequences, IVRs and recordings over the VoIP.ms interface, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import soundfile  # type: ignore[import-untyped]

from controller.directory.granted_places import CALLER_FILTER, QUEUE
from controller.ivr.steps import SendTones
from tests.support.phone_notify import TWO_SECONDS
from tests.support.voipms_room import CONTACT, DID, SECOND, STATED, VoipmsRoom, voipms_room

WAV = base64.b64encode(TWO_SECONDS).decode()


@pytest.fixture
async def room(postgres: str, tmp_path: Path) -> AsyncIterator[VoipmsRoom]:
    async with voipms_room(postgres, tmp_path / "media") as running:
        yield running


async def recording(room: VoipmsRoom, name: str = "greeting") -> str:
    return str((await room.client.call("setRecording", name=name, file=WAV))["recording"])


def steps(recording: str) -> list[dict[str, Any]]:
    return [
        {"type": "dtmf", "codes": "12#"},
        {"type": "rec", "id": recording},
        {"type": "sms", "from": DID, "to": CONTACT, "msg": "The gate's open"},
    ]


async def ivr(room: VoipmsRoom, sound: str, **changes: object) -> dict[str, Any]:
    values = {"name": "Gate", "recording": sound, "timeout": 5, "language": "en", "voicemailsetup": 1}
    return await room.client.call("setIVR", **{**values, "choices": "1=sys:busy", **changes})


@pytest.mark.parametrize("write", [json.dumps, repr, lambda steps: json.dumps(steps, indent=1)])
async def test_a_sequence_is_kept_in_every_spelling_of_its_steps(room: VoipmsRoom, write: Any) -> None:
    sound = await recording(room)
    made = await room.client.call("setSequences", sequence="", name="Gate", steps=write(steps(sound)))
    number = made["sequence"]
    assert isinstance(number, int)
    expected = [{"sequence": str(number), "name": "Gate", "steps": steps(sound)}]
    for named in ({}, {"sequence": number}, {"sequences": number, "client": ""}):
        assert await room.client.call("getSequences", **named) == {"status": "success", "sequences": expected}
    changed = {"sequence": number, "name": "Door", "steps": '[{"type":"dtmf","codes":"9"}]'}
    assert (await room.client.call("setSequences", **changed))["sequence"] == number
    assert (await room.client.call("getSequences"))["sequences"][0]["name"] == "Door"
    assert await room.rival.status("getSequences", sequence=number) == "invalid_sequence"
    assert await room.rival.status("delSequences", sequence=number) == "invalid_sequence"
    assert await room.client.call("delSequences", sequence=number) == {"status": "success"}
    assert await room.client.status("getSequences") == "no_sequences"


WRONG_SEQUENCES: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "missing_name"),
    ({"steps": ""}, "missing_steps"),
    ({"steps": "[]"}, "missing_steps"),
    ({"steps": "nonsense("}, "invalid_steps"),
    ({"steps": "__import__('os')"}, "invalid_steps"),
    ({"steps": "[" * 5000 + "]" * 5000}, "invalid_steps"),
    ({"steps": '["x"]'}, "invalid_steps"),
    ({"steps": '[{"type":"wait"}]'}, "invalid_steps"),
    ({"steps": '[{"type":"dtmf","codes":"x"}]'}, "invalid_steps"),
    ({"steps": '[{"type":"rec","id":"99999"}]'}, "invalid_recording"),
    ({"steps": f'[{{"type":"sms","from":"{STATED}","to":"{CONTACT}","msg":"x"}}]'}, "invalid_did"),
    ({"steps": f'[{{"type":"sms","from":"{DID}","to":"911","msg":"x"}}]'}, "invalid_dst"),
    ({"steps": f'[{{"type":"sms","from":"{DID}","to":"{CONTACT}","msg":""}}]'}, "message_empty"),
    ({"steps": f'[{{"type":"sms","from":"{DID}","to":"{CONTACT}","msg":"{"x" * 161}"}}]'}, "sms_toolong"),
    ({"sequence": "99999"}, "invalid_sequence"),
    ({"sequence": "x"}, "invalid_sequence"),
]


async def test_a_sequence_that_cannot_run_is_refused(room: VoipmsRoom) -> None:
    for values, status in WRONG_SEQUENCES:
        asked = {"name": "Gate", "steps": '[{"type":"dtmf","codes":"1"}]', **values}
        assert await room.client.status("setSequences", **asked) == status, values
        assert await room.client.status("getSequences") == "no_sequences"


async def test_an_ivr_leads_to_a_sequence_and_answers_a_number_at_once(room: VoipmsRoom) -> None:
    sound = await recording(room)
    number = (await room.client.call("setSequences", name="Gate", steps=json.dumps(steps(sound))))["sequence"]
    made = await ivr(room, sound, choices=f" 1=seq:{number} ; 2=sys:busy;t=sys:hangup;*9=recording:{sound}; ")
    assert isinstance(made["ivr"], int)
    shown = (await room.client.call("getIVRs", ivr=made["ivr"]))["ivrs"][0]
    assert shown == {
        "ivr": str(made["ivr"]),
        "name": "Gate",
        "recording": sound,
        "timeout": "5",
        "language": "en",
        "voicemailsetup": "1",
        "choices": f"1=seq:{number};2=sys:busy;t=sys:hangup;*9=recording:{sound}",
    }
    assert await room.client.call("setIVR", **shown) == {"status": "success", "ivr": made["ivr"]}
    assert await room.client.status("setDIDRouting", did=DID, routing=f"ivr:{made['ivr']}") == "success"
    assert tones(room) == ["12#"]
    await room.client.call("setSequences", sequence=number, name="Gate", steps='[{"type":"dtmf","codes":"5"}]')
    assert tones(room) == ["5"]
    # What is in use is not deleted.
    assert await room.client.status("delSequences", sequence=number) == "sequence_in_use_ivr"
    assert await room.client.status("delRecording", recording=sound) == "recording_in_use_ivr"
    assert await room.client.status("delIVR", ivr=made["ivr"]) == "ivr_in_use_did"
    assert await room.client.status("setDIDRouting", did=DID, routing=f"recording:{sound}") == "success"
    assert await room.client.status("delIVR", ivr=made["ivr"]) == "success"
    assert await room.client.status("delRecording", recording=sound) == "recording_in_use_did"
    assert await room.client.status("getIVRs") == "no_ivr"
    assert await room.client.status("delSequences", sequence=number) == "success"


def tones(room: VoipmsRoom) -> list[str]:
    did = room.texts.directory.snapshot.did(f"+1{DID}")
    assert did is not None
    assert did.program is not None
    return [step.command.digits for step in did.program.steps if isinstance(step.command, SendTones)]


WRONG_IVRS: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "missing_name"),
    ({"recording": ""}, "missing_recording"),
    ({"recording": "99999"}, "invalid_recording"),
    ({"timeout": ""}, "missing_timeout"),
    ({"timeout": "0"}, "invalid_timeout"),
    ({"language": ""}, "missing_language"),
    ({"language": "de"}, "invalid_language"),
    ({"voicemailsetup": ""}, "missing_voicemailsetup"),
    ({"voicemailsetup": "7"}, "invalid_voicemailsetup"),
    ({"choices": ""}, "missing_choices"),
    ({"choices": ";;"}, "missing_choices"),
    ({"choices": "1"}, "invalid_choices"),
    ({"choices": "x=sys:busy"}, "invalid_choices"),
    ({"choices": "1=sys:busy;1=sys:busy"}, "invalid_choices"),
    ({"choices": "1=nonsense:1"}, "invalid_routing_header"),
    ({"choices": "1=seq:99999"}, "invalid_route"),
    ({"ivr": "99999"}, "invalid_ivr"),
]


async def test_an_ivr_that_cannot_run_is_refused(room: VoipmsRoom) -> None:
    sound = await recording(room)
    for changes, status in WRONG_IVRS:
        assert (await ivr(room, sound, **changes))["status"] == status, changes
    assert (await ivr(room, sound))["status"] == "success"
    assert (await ivr(room, sound))["status"] == "used_name"


async def test_recordings_are_uploaded_fetched_renamed_and_deleted(room: VoipmsRoom) -> None:
    sound = await recording(room, "Greeting")
    listed = await room.client.call("getRecordings")
    assert listed["recordings"] == [{"value": sound, "description": "Greeting"}]
    (music,) = (await room.client.call("getMusicOnHold", music_on_hold=sound))["music_on_hold"]
    assert (music["value"], music["description"]) == (sound, "Greeting")
    assert await room.client.status("getMusicOnHold", music_on_hold="jazz") == "invalid_musiconhold"
    file = (await room.client.call("getRecordingFile", recording=sound))["recordings"][0]
    assert file["value"] == sound
    info = soundfile.info(io.BytesIO(base64.b64decode(file["data"])))
    assert (info.samplerate, info.channels, info.subtype) == (8000, 1, "PCM_16")
    assert await room.client.status("setRecording", recording=sound, name="Welcome") == "success"
    assert await room.client.status("setRecording", recording=sound, file=WAV) == "success"
    assert (await room.client.call("getRecordings", recording=sound))["recordings"][0]["description"] == "Welcome"
    assert await room.rival.status("getRecordingFile", recording=sound) == "invalid_recording"
    assert await room.client.status("delRecording", recording=sound) == "success"
    assert await room.client.status("getRecordings") == "no_recording"


async def test_a_sound_that_came_another_way_has_a_number_too(room: VoipmsRoom) -> None:
    await room.sounds.put("acme", "hello", TWO_SECONDS)
    (first,) = (await room.client.call("getRecordings"))["recordings"]
    assert first["description"] == "hello"
    assert (await room.client.call("getRecordings"))["recordings"] == [first]
    await room.sounds.remove("acme", "hello")
    assert await room.client.status("getRecordings") == "no_recording"


async def test_a_sound_has_one_number_also_when_many_ask_at_once(room: VoipmsRoom) -> None:
    await room.sounds.put("acme", "hello", TWO_SECONDS)
    answers = await asyncio.gather(*(room.client.call("getRecordings") for _ in range(6)))
    assert all(answer["recordings"] == answers[0]["recordings"] for answer in answers)
    assert len(answers[0]["recordings"]) == 1


WRONG_RECORDINGS: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "missing_name"),
    ({"name": "bad name!"}, "invalid_name"),
    ({"name": "GREETING"}, "used_name"),
    ({"file": ""}, "missing_file"),
    ({"file": "no base64!"}, "no_base64file"),
    ({"file": base64.b64encode(b"no audio").decode()}, "invalid_file"),
    ({"recording": "99999"}, "invalid_recording"),
]


async def test_a_recording_that_cannot_be_kept_is_refused(room: VoipmsRoom) -> None:
    await recording(room)
    for values, status in WRONG_RECORDINGS:
        assert await room.client.status("setRecording", **{"name": "other", "file": WAV, **values}) == status, values


async def test_a_number_for_texts_only_is_no_sequences_business(room: VoipmsRoom) -> None:
    step = json.dumps([{"type": "sms", "from": SECOND, "to": CONTACT, "msg": "x"}])
    assert await room.client.status("setSequences", name="Text", steps=step) == "success"


async def test_a_recording_that_a_filter_or_a_queue_plays_is_kept(room: VoipmsRoom) -> None:
    sound = await recording(room)
    number = await room.entries.add("acme", CALLER_FILTER, {"name": "x", "routing": f"recording:{sound}"})
    assert await room.client.status("delRecording", recording=sound) == "recording_in_use_caller_id_filtering"
    entry = room.entries.get("acme", CALLER_FILTER, number)
    assert entry is not None
    await room.entries.remove(entry)
    await room.entries.add("acme", QUEUE, {"name": "x", "music_on_hold": sound})
    assert await room.client.status("delRecording", recording=sound) == "recording_in_use_queue"
