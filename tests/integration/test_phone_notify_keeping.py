"""What customers' programs keep by Phone Notify!: sounds, scripts, variables, lists; and their incoming numbers."""

from __future__ import annotations

import asyncio
import base64
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import soundfile  # type: ignore[import-untyped]

from tests.support.patience import until
from tests.support.phone_notify import (
    KEY,
    RIVAL,
    TWO_SECONDS,
    UNKNOWN,
    PhoneNotify,
    phone_notify,
    snapshot,
)


@pytest.fixture
async def room(postgres: str, tmp_path: Path) -> AsyncIterator[PhoneNotify]:
    file = tmp_path / "greeting.wav"
    file.write_bytes(TWO_SECONDS)
    async with phone_notify(postgres, tmp_path / "media", snapshot(greeting=file)) as running:
        yield running


def strings(document: str) -> list[str]:
    return re.findall("<string>([^<]*)</string>", document)


def value(document: str) -> str:
    """The text of a document of one element."""
    found = re.search(r'<\w+ [^>]*xmlns="[^"]*">([^<]*)</\w+>$', document)
    return found.group(1) if found else ""


async def upload(room: PhoneNotify, data: bytes, sound_id: str, key: str = KEY) -> str:
    return await room.post(
        "UploadSoundFile", FileBinary=base64.b64encode(data).decode(), SoundFileID=sound_id, LicenseKey=key
    )


async def test_a_sound_is_kept_and_fetched_in_every_form(room: PhoneNotify) -> None:
    answer = await upload(room, TWO_SECONDS, "Hello")
    assert "<UploadSuccessful>true</UploadSuccessful>" in answer
    assert "<UploadedLengthInSeconds>2</UploadedLengthInSeconds>" in answer
    assert strings(await room.get("ReturnSoundFileIDs", LicenseKey=KEY)) == ["greeting", "hello"]
    wav = base64.b64decode(value(await room.get("GetSoundFile", SoundFileID="HELLO", LicenseKey=KEY)))
    assert soundfile.info(io.BytesIO(wav)).frames == 16_000
    for kbit in (32, 64, 128):
        parameters = {"SoundFileID": "hello", "BitRate": kbit, "LicenseKey": KEY}
        mp3 = base64.b64decode(value(await room.get("GetSoundFileInMP3", **parameters)))
        assert soundfile.info(io.BytesIO(mp3)).format == "MP3"
        assert 0.8 * kbit < len(mp3) * 8 / 2000 < 1.2 * kbit
    ulaw = base64.b64decode(value(await room.get("GetSoundFileInUlaw", SoundFileID="hello", LicenseKey=KEY)))
    assert len(ulaw) == 16_000
    assert value(await room.get("GetSoundFileLength", SoundFileID="hello", LicenseKey=KEY)) == "2"
    url = value(await room.get("GetSoundFileURL", SoundFileID="hello", LicenseKey=KEY))
    async with room.http.get(url) as fetched:
        assert fetched.headers["Content-Type"] == "audio/mpeg"
        assert soundfile.info(io.BytesIO(await fetched.read())).format == "MP3"


async def test_sounds_are_renamed_and_removed_but_not_those_of_the_configuration(room: PhoneNotify) -> None:
    await upload(room, TWO_SECONDS, "one")
    for operation, parameters, done in (
        ("RenameSoundFile", {"SoundFileID": "one", "NewSoundFileID": "two"}, True),
        ("RenameSoundFile", {"SoundFileID": "one", "NewSoundFileID": "three"}, False),
        ("RenameSoundFile", {"SoundFileID": "two", "NewSoundFileID": "greeting"}, False),
        ("RenameSoundFile", {"SoundFileID": "greeting", "NewSoundFileID": "three"}, False),
        ("RemoveSoundFile", {"SoundFileID": "greeting"}, False),
        ("RemoveSoundFile", {"SoundFileID": "two"}, True),
        ("RemoveSoundFile", {"SoundFileID": "two"}, False),
    ):
        answer = await room.get(operation, LicenseKey=KEY, **parameters)
        assert value(answer) == str(done).lower(), (operation, parameters)
    assert strings(await room.get("ReturnSoundFileIDs", LicenseKey=KEY)) == ["greeting"]


@pytest.mark.parametrize(
    ("data", "sound_id", "key", "reason"),
    [
        (b"no sound", "x", KEY, "not audio"),
        (TWO_SECONDS, "", KEY, "sound file id"),
        (TWO_SECONDS, "a/b", KEY, "sound file id"),
        (TWO_SECONDS, "greeting", KEY, "belongs to the configuration"),
        (b"\0" * (2 * 1024 * 1024 + 1), "x", KEY, "2 MB"),
        (TWO_SECONDS, "x", UNKNOWN, "Invalid License Key"),
    ],
)
async def test_a_sound_that_is_refused_is_told_why(
    room: PhoneNotify, data: bytes, sound_id: str, key: str, reason: str
) -> None:
    answer = await upload(room, data, sound_id, key)
    assert "<UploadSuccessful>false</UploadSuccessful>" in answer
    assert reason in answer


async def test_recording_by_phone_queues_a_call_that_keeps_the_sound(room: PhoneNotify) -> None:
    parameters = {"PhoneNumberToDial": "2015550110", "LicenseKey": KEY}
    assert value(await room.get("RecordSoundViaPhoneCall", SoundFileID="memo", **parameters)) == "true"
    assert value(await room.get("RecordSoundViaPhoneCall", SoundFileID="greeting", **parameters)) == "false"
    assert value(await room.get("RecordSoundViaPhoneCall", SoundFileID="a|b", **parameters)) == "false"
    told = await room.get("GetQueueIDStatusesByPhoneNumber", PhoneNumber="2015550110", LicenseKey=KEY)
    assert len(re.findall("<NotifyReturn>", told)) == 1


async def test_scripts_and_variables_are_kept_under_names(room: PhoneNotify) -> None:
    key = {"LicenseKey": KEY}
    assert value(await room.get("ScriptSave", ScriptName="Menu", ScriptText="Hello <b>", **key)) == "true"
    assert value(await room.get("ScriptSave", ScriptName="menu", ScriptText="Bye", **key)) == "true"
    assert value(await room.get("ScriptSave", ScriptName="x" * 51, ScriptText="Bye", **key)) == "false"
    assert strings(await room.get("ScriptList", IncludeGlobalScripts="true", **key)) == ["menu"]
    assert value(await room.get("ScriptLoad", ScriptName="MENU", **key)) == "Bye"
    assert 'xsi:nil="true"' in await room.get("ScriptLoad", ScriptName="menu", LicenseKey=RIVAL)
    assert value(await room.get("ScriptDelete", ScriptName="menu", **key)) == "true"
    assert value(await room.get("ScriptDelete", ScriptName="menu", **key)) == "false"
    assert value(await room.get("LicenseKeyVariableSave", VariableName="Open", VariableValue="yes", **key)) == "true"
    assert value(await room.get("LicenseKeyVariableLoad", VariableName="open", **key)) == "yes"
    assert value(await room.get("LicenseKeyVariableSave", VariableName="open", VariableValue="", **key)) == "true"
    assert 'xsi:nil="true"' in await room.get("LicenseKeyVariableLoad", VariableName="open", **key)


async def test_lists_are_kept_changed_and_dialled_with_the_lists_in_them(room: PhoneNotify) -> None:
    soap = await room.soap(12)
    top = await soap.call("LM_AddNewList", ListName="All", ParentListID=0, LicenseKey=KEY)
    inner = await soap.call("LM_AddNewList", ListName="Some", ParentListID=top, LicenseKey=KEY)
    assert await soap.call("LM_AddNewList", ListName="x", ParentListID=inner + 100, LicenseKey=KEY) == 0
    assert await soap.call("LM_AddNewList", ListName="x", ParentListID=top, LicenseKey=RIVAL) == 0
    person = {"ClientID": "7", "FirstName": "Ann", "LastName": "Lee"}
    ann = await soap.call("LM_AddListMember", ListID=top, LicenseKey=KEY, PhoneNumber="2015550180", **person)
    bob = await soap.call("LM_AddListMember", ListID=inner, LicenseKey=KEY, PhoneNumber="2015550181x9", **person)
    assert await soap.call("LM_AddListMember", ListID=inner, LicenseKey=RIVAL, PhoneNumber="1", **person) == 0
    assert await soap.call("LM_AlterListMember", ListMemberID=ann, licensekey=KEY, PhoneNumber="2015550182", **person)
    members = await soap.call("LM_GetListMembersByListID", ListID=top, Licensekey=KEY)
    assert [(each.ListMemberID, each.PhoneNumber, each.FirstName) for each in members] == [(ann, "2015550182", "Ann")]
    assert not await soap.call("LM_AlterListID", ListID=top, ParentListID=inner, ListName="", Licensekey=KEY)
    assert await soap.call("LM_AlterListID", ListID=inner, ParentListID=-1, ListName="Few", Licensekey=KEY)
    lists = await soap.call("LM_GetListIDsByLicensekey", licensekey=KEY)
    assert [(each.ListID, each.ParentListID, each.ListName) for each in lists] == [(top, 0, "All"), (inner, top, "Few")]
    dialled = await soap.call(
        "LM_DialList",
        ListID=top,
        DialRecursiveLists=True,
        CallerID="",
        CallerIDName="",
        VoiceID=0,
        TextToSay="Hello",
        LicenseKey=KEY,
    )
    assert (dialled.Success, dialled.ResponseCode, dialled.ErrorText) == (True, 0, None)
    assert dialled.BatchID > 0
    for number in ("2015550182", "2015550181"):
        told = await room.get("GetQueueIDStatusesByPhoneNumber", PhoneNumber=number, LicenseKey=KEY)
        assert len(re.findall("<NotifyReturn>", told)) == 1
    refused = await soap.call("LM_DialListAdvanced", lmFunctions=_functions(inner, RIVAL))
    assert (refused.Success, refused.ResponseCode) == (False, 9)
    assert (await soap.call("LM_DialListAdvanced", lmFunctions=_functions(inner, UNKNOWN))).ResponseCode == 14
    assert await soap.call("LM_DeleteListMember", ListMemberID=bob, LicenseKey=KEY)
    assert await soap.call("LM_DeleteList", ListID=top, LicenseKey=KEY)
    assert await soap.call("LM_GetListIDsByLicensekey", licensekey=KEY) in (None, [])


def _functions(list_id: int, key: str) -> dict[str, Any]:
    return {
        "VoiceID": 0,
        "TextToSay": "Hello",
        "TryCount": 2,
        "Licensekey": key,
        "NextTryInSeconds": 60,
        "TTSRate": 0,
        "TTSVolume": 0,
        "ScheduledUTCDatetime": "0001-01-01T00:00:00",
        "ListID": list_id,
        "DialRecursiveLists": False,
    }


async def test_a_number_that_nobody_has_is_assigned_and_gets_a_script(room: PhoneNotify) -> None:
    codes = await room.get("GetAvailableAreaCodes")
    assert re.findall("<AreaCodeNumber>([^<]*)<", codes) == ["201", "800"]
    assert re.findall("<Location>([^<]*)<", codes) == ["Jersey City", "Toll Free"]
    assert strings(await room.get("GetAvailableIncomingNumbers", AreaCodeFilter="201")) == ["2015550107"]
    assert strings(await room.get("GetAvailableIncomingNumbers", AreaCodeFilter="")) == ["8005550108"]
    given = {"IncomingPhoneNumber": "2015550107"}
    assert value(await room.get("AssignIncomingNumber", LicenseKey=KEY, **given)) == "true"
    assert value(await room.get("AssignIncomingNumber", LicenseKey=RIVAL, **given)) == "false"
    assert value(await room.get("AssignIncomingNumber", LicenseKey=RIVAL, IncomingPhoneNumber="2015550101")) == "false"
    assigned = strings(await room.get("GetAssignedNumbers", LicenseKey=KEY))
    assert sorted(assigned) == ["2015550101", "2015550102", "2015550107"]
    script = {"PhoneNumber": "2015550107", "Script": r"Welcome. ~\EndCall()~"}
    assert value(await room.get("SetIncomingCallScript", LicenseKey=RIVAL, **script)) == "false"
    assert value(await room.get("SetIncomingCallScript", LicenseKey=KEY, **script)) == "true"
    assert value(await room.get("GetIncomingCallScript", PhoneNumber="2015550107", LicenseKey=KEY)) == script["Script"]
    did = room.room.directory.snapshot.did("+12015550107")
    assert did is not None
    assert did.program is not None
    assert did.program.source == script["Script"]


async def test_a_script_with_errors_or_of_a_number_that_the_configuration_answers_is_refused(room: PhoneNotify) -> None:
    for number, script in (
        ("2015550101", r"~\Bogus()~"),
        ("2015550101", r"~\GetDigits(n|9)~ ~\TransferTo([n])~"),
        ("2015550101", r"~\TransferTo(18765550100)~"),
        ("2015550101", "~^nothere~"),
        ("2015550102", "Hello"),
        ("2015550103", "Hello"),
        ("2015550999", "Hello"),
    ):
        given = {"PhoneNumber": number, "Script": script, "LicenseKey": KEY}
        assert value(await room.get("SetIncomingCallScript", **given)) == "false", script
    given = {"PhoneNumber": "2015550101", "Script": "~^greeting~", "LicenseKey": KEY}
    assert value(await room.get("SetIncomingCallScript", **given)) == "true"


async def test_of_two_controllers_one_gives_a_number_away_and_the_other_hears_of_it(
    postgres: str, tmp_path: Path
) -> None:
    async with (
        phone_notify(postgres, tmp_path / "one") as one,
        phone_notify(postgres, tmp_path / "two") as two,
    ):
        given = {"IncomingPhoneNumber": "2015550107"}
        answers = await asyncio.gather(
            one.get("AssignIncomingNumber", LicenseKey=KEY, **given),
            two.get("AssignIncomingNumber", LicenseKey=RIVAL, **given),
        )
        assert sorted(map(value, answers)) == ["false", "true"]
        owner = {"true": "acme", "false": "rival"}[value(answers[0])]

        def owner_in(room: PhoneNotify) -> str:
            did = room.room.directory.snapshot.did("+12015550107")
            return did.voice.name if did and did.voice else ""

        await until(lambda: owner_in(one) and owner_in(two))
        assert owner_in(one) == owner_in(two) == owner


async def test_a_reload_keeps_what_is_granted(room: PhoneNotify) -> None:
    await room.get("AssignIncomingNumber", LicenseKey=KEY, IncomingPhoneNumber="2015550107")
    room.room.directory.replace(snapshot())
    did = room.room.directory.snapshot.did("+12015550107")
    assert did is not None
    assert did.voice is not None
