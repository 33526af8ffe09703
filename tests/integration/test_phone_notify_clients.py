"""All 53 operations of Phone Notify! as clients of each kind use them: zeep on the WSDL, GET, form POST."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests.support.outgoing import THEM
from tests.support.phone_notify import KEY, NAMESPACE, TWO_SECONDS, PhoneNotify, phone_notify, snapshot

CALL = {"PhoneNumberToDial": THEM, "TextToSay": "Hello"}
SHOWN = {"CallerID": "2015550101", "CallerIDname": "Ann", "VoiceID": "0"}
SEVERAL = {"PhoneNumbersToDial": "2015550180;2015550181", "TextToSay": "Hello", **SHOWN}
ADVANCED = {
    **CALL,
    "VoiceID": 0,
    "LicenseKey": KEY,
    "TryCount": 1,
    "NextTryInSeconds": 60,
    "UTCScheduledDateTime": "2099-01-01T00:00:00",
    "TTSrate": 0,
    "TTSvolume": 0,
    "MaxCallLength": 0,
}
DIAL = {
    "VoiceID": 0,
    "TextToSay": "Hello",
    "TryCount": 1,
    "Licensekey": KEY,
    "NextTryInSeconds": 60,
    "TTSRate": 0,
    "TTSVolume": 0,
    "ScheduledUTCDatetime": "0001-01-01T00:00:00",
    "ListID": 1,
    "DialRecursiveLists": False,
}
LIST_DIAL = {
    "ListID": 1,
    "DialRecursiveLists": False,
    "CallerID": "",
    "CallerIDName": "",
    "VoiceID": 0,
    "TextToSay": "Hello",
    "LicenseKey": KEY,
}
PERSON = {"PhoneNumber": "2015550180", "ClientID": "1", "FirstName": "Ann", "LastName": "Lee"}
WITH_KEY = {"LicenseKey": KEY}
SOUND = {"SoundFileID": "greeting", **WITH_KEY}
SPEECH = {"TextToSay": "Hello", "VoiceID": 0, "TTSrate": 0, "TTSvolume": 0, **WITH_KEY}

# In the order of the vendor's description.
OPERATIONS: dict[str, dict[str, Any]] = {
    "NotifyPhoneEnglishBasic": {**CALL, **WITH_KEY},
    "NotifyPhoneBasic": {**CALL, **SHOWN, **WITH_KEY},
    "NotifyPhoneBasicWithTryCount": {"TryCount": 2, **CALL, **SHOWN, **WITH_KEY},
    "NotifyPhoneBasicWithTransfer": {"TransferNumber": "2015550110", **CALL, **SHOWN, **WITH_KEY},
    "NotifyPhoneAdvanced": {"anr": ADVANCED},
    "NotifyMultiplePhoneBasic": {**SEVERAL, **WITH_KEY},
    "NotifyMultiplePhoneBasicWithCPM": {**SEVERAL, "CallsPerMinute": 60, **WITH_KEY},
    "NotifyMultiplePhoneBasicWithCPMandReferenceID": {
        **SEVERAL,
        "CallsPerMinute": 60,
        "ReferenceID": "r",
        **WITH_KEY,
    },
    "NotifyMultiplePhoneAdvanced": {"MultipleANR": {"AdvancedNotifyRequest": [ADVANCED]}},
    "CancelNotify": {"QueueID": 1, **WITH_KEY},
    "CancelNotifyByReferenceID": {"ReferenceID": "none", **WITH_KEY},
    "CancelConference": {"ConferenceKey": "7f6c1a52-0000-4000-8000-000000000009"},
    "GetQueueIDStatus": {"QueueID": 1},
    "GetQueueIDStatusWithAdvancedInfo": {"QueueID": 1, **WITH_KEY},
    "GetQueueIDStatusesByPhoneNumber": {"PhoneNumber": "2015550199", **WITH_KEY},
    "GetMultipleQueueIdStatus": {"QueueIDs": "1;2;x", **WITH_KEY},
    "GetResponseCodes": {},
    "getVoices": {},
    "GetVersion": {},
    "UploadSoundFile": {"FileBinary": TWO_SECONDS, "SoundFileID": "uploaded", **WITH_KEY},
    "ReturnSoundFileIDs": WITH_KEY,
    "RemoveSoundFile": {"SoundFileID": "none", **WITH_KEY},
    "RenameSoundFile": {"SoundFileID": "none", "NewSoundFileID": "other", **WITH_KEY},
    "GetSoundFile": SOUND,
    "GetSoundFileInMP3": {"SoundFileID": "greeting", "BitRate": 32, **WITH_KEY},
    "GetSoundFileInUlaw": SOUND,
    "GetSoundFileURL": SOUND,
    "GetSoundFileLength": SOUND,
    "GetTTSInMP3": {**SPEECH, "BitRate": 32},
    "GetTTSInULAW": SPEECH,
    "RecordSoundViaPhoneCall": {"PhoneNumberToDial": "2015550110", "SoundFileID": "memo", **WITH_KEY},
    "ScriptList": {"IncludeGlobalScripts": True, **WITH_KEY},
    "ScriptSave": {"ScriptName": "s", "ScriptText": "Hello", **WITH_KEY},
    "ScriptLoad": {"ScriptName": "s", **WITH_KEY},
    "ScriptDelete": {"ScriptName": "none", **WITH_KEY},
    "LicenseKeyVariableLoad": {"VariableName": "none", **WITH_KEY},
    "LicenseKeyVariableSave": {"VariableName": "v", "VariableValue": "1", **WITH_KEY},
    "LM_GetListIDsByLicensekey": {"licensekey": KEY},
    "LM_GetListMembersByListID": {"ListID": 1, "Licensekey": KEY},
    "LM_AddNewList": {"ListName": "x", "ParentListID": 999, "LicenseKey": KEY},
    "LM_AddListMember": {"ListID": 999, "LicenseKey": KEY, **PERSON},
    "LM_AlterListMember": {"ListMemberID": 999, "licensekey": KEY, **PERSON},
    "LM_AlterListID": {"ListID": 999, "ParentListID": -1, "ListName": "x", "Licensekey": KEY},
    "LM_DeleteList": {"ListID": 999, **WITH_KEY},
    "LM_DeleteListMember": {"ListMemberID": 999, **WITH_KEY},
    "LM_DialList": LIST_DIAL,
    "LM_DialListAdvanced": {"lmFunctions": DIAL},
    "GetAvailableAreaCodes": {},
    "GetAvailableIncomingNumbers": {"AreaCodeFilter": "201"},
    "GetAssignedNumbers": WITH_KEY,
    "AssignIncomingNumber": {"IncomingPhoneNumber": "2015550101", **WITH_KEY},
    "SetIncomingCallScript": {"PhoneNumber": "2015550101", "Script": "Hello", **WITH_KEY},
    "GetIncomingCallScript": {"PhoneNumber": "2015550102", **WITH_KEY},
}
VOID = "CancelConference"


@pytest.fixture
async def room(postgres: str, tmp_path: Path) -> AsyncIterator[PhoneNotify]:
    file = tmp_path / "greeting.wav"
    file.write_bytes(TWO_SECONDS)
    async with phone_notify(postgres, tmp_path / "media", snapshot(greeting=file)) as running:
        yield running


def flat(parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters for GET and form POST: those of structures stand by themselves, bytes are base64."""
    found: dict[str, Any] = {}
    for name, given in parameters.items():
        if isinstance(given, dict):
            inner = given.get("AdvancedNotifyRequest", [given])[0]
            found |= flat(inner)
        elif isinstance(given, bytes):
            found[name] = base64.b64encode(given).decode()
        else:
            found[name] = str(given).lower() if isinstance(given, bool) else given
    return found


def told(document: str) -> list[tuple[str, str]]:
    """Every element that has a text, by its local name, but for the ids that each request gets anew."""
    root = etree.fromstring(document.encode())
    return [
        (etree.QName(each).localname, each.text.strip())
        for each in root.iter()
        if each.text and each.text.strip() and etree.QName(each).localname != "QueueID"
    ]


async def test_the_description_has_all_53_operations_in_the_vendors_order(room: PhoneNotify) -> None:
    soap = await room.soap()
    described = [each.name for each in soap.service._binding.port_type.operations.values()]  # noqa: SLF001
    assert len(OPERATIONS) == 53
    assert sorted(described) == sorted(OPERATIONS)
    async with room.http.get(room.url.lower() + "?wsdl") as answer:
        assert answer.status == 200
    async with room.http.get(room.url) as answer:
        page = await answer.text()
    assert all(f"?op={name}" in page for name in OPERATIONS)


@pytest.mark.parametrize("version", [11, 12])
async def test_zeep_runs_every_operation_and_get_and_post_agree_with_it(room: PhoneNotify, version: int) -> None:
    soap = await room.soap(version)
    for name, parameters in OPERATIONS.items():
        await soap.call(name, **parameters)
        if name == VOID:
            continue
        posted = await room.post(name, **flat(parameters))
        if name in ("UploadSoundFile", "SetIncomingCallScript"):
            continue  # too long for a URL; done once
        got = await room.get(name, **flat(parameters))
        assert told(got) == told(posted), name


async def test_answers_are_valid_by_the_descriptions_own_schema(room: PhoneNotify) -> None:
    async with room.http.get(f"{room.url}?WSDL") as answer:
        wsdl = etree.fromstring(await answer.read())
    (schema,) = wsdl.iter("{http://www.w3.org/2001/XMLSchema}schema")
    checked = await asyncio.to_thread(etree.XMLSchema, etree.fromstring(etree.tostring(schema)))
    for name, parameters in OPERATIONS.items():
        if name == VOID:
            continue
        body = await room.post(name, **flat(parameters))
        inner = etree.fromstring(body.encode())
        response = etree.Element(f"{{{NAMESPACE}}}{name}Response", nsmap={None: NAMESPACE})
        result = etree.SubElement(response, f"{{{NAMESPACE}}}{name}Result")
        result.text = inner.text
        result.extend(inner)
        if inner.get("{http://www.w3.org/2001/XMLSchema-instance}nil"):
            response.remove(result)
        assert checked.validate(response), (name, checked.error_log, body[:500])


async def test_a_parameter_that_is_missing_or_wrong_is_told_as_asp_net_does(room: PhoneNotify) -> None:
    for query, status, text in (
        ("NotifyPhoneEnglishBasic?PhoneNumberToDial=1", 500, "Missing parameter: TextToSay."),
        ("GetQueueIDStatus?QueueID=x", 500, "Cannot convert x to System.Int64."),
        ("Bogus", 500, "Bogus Web Service method name is not valid."),
    ):
        async with room.http.get(f"{room.url}/{query}") as answer:
            assert answer.status == status
            assert (await answer.text()).startswith(text)


async def test_a_soap_12_client_without_an_action_is_understood_and_its_white_space_kept(room: PhoneNotify) -> None:
    envelope = (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
        f'<NotifyPhoneAdvanced xmlns="{NAMESPACE}"><anr><PhoneNumberToDial>{THEM}</PhoneNumberToDial>'
        f"<TextToSay>\n    Hello\n    </TextToSay><LicenseKey>{KEY}</LicenseKey>"
        "<UTCScheduledDateTime>2099-01-01T00:00:00</UTCScheduledDateTime></anr></NotifyPhoneAdvanced></s:Body></s:Envelope>"
    )
    headers = {"Content-Type": "application/soap+xml", "SOAPAction": f"{NAMESPACE}NotifyPhoneAdvanced"}
    async with room.http.post(room.url, data=envelope, headers=headers) as answer:
        body = await answer.text()
    assert answer.status == 200
    assert "<ResponseText>Queued</ResponseText>" in body
    (queue_id,) = re.findall("<QueueID>([0-9]+)</QueueID>", body)
    kept = await room.get("GetQueueIDStatusWithAdvancedInfo", QueueID=queue_id, LicenseKey=KEY)
    assert "<TextToSay>\n    Hello\n    </TextToSay>" in kept.replace("\r\n", "\n")


@pytest.mark.parametrize("path", ["//NotifyWS/PhoneNotify.asmx", "/notifyws/phonenotify.asmx/"])
async def test_a_base_url_that_ends_in_a_slash_works(room: PhoneNotify, path: str) -> None:
    host = room.url.removesuffix("/NotifyWS/PhoneNotify.asmx")
    async with room.http.get(f"{host}{path}/GetQueueIDStatus?QueueID=1") as answer:
        assert "<CallComplete>true</CallComplete>" in await answer.text()
    async with room.http.get(f"{host}{path.removesuffix('/')}?disco") as answer:
        assert f'ref="{room.url}?wsdl"' in await answer.text()
