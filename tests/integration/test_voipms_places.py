"""Forwardings, time conditions, filters, groups, queues, mailboxes and the like, as programs make them."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from controller.calls.store.voicemail_messages import VoicemailMessages
from controller.script.effects import Transfer
from controller.script.state import State
from controller.speech.library import SoundLibrary
from controller.speech.prompts import Prompts
from controller.speech.voices import Voices
from tests.support.phone_notify import TWO_SECONDS
from tests.support.script_player import Player
from tests.support.synthesizers import ToneSynthesizer
from tests.support.voipms_room import DID, STATED, VoipmsRoom, voipms_room

OTHER = "2125550123"
PAIRS = {
    "forwardings": ("getForwardings", "setForwarding", "delForwarding", "forwarding", "forwarding"),
    "callbacks": ("getCallbacks", "setCallback", "delCallback", "callback", "callback"),
    "timecondition": ("getTimeConditions", "setTimeCondition", "delTimeCondition", "timecondition", "timecondition"),
    "filtering": ("getCallerIDFiltering", "setCallerIDFiltering", "delCallerIDFiltering", "filtering", "filter"),
    "ring_groups": ("getRingGroups", "setRingGroup", "delRingGroup", "ring_group", "ringgroup"),
    "queues": ("getQueues", "setQueue", "delQueue", "queue", "queue"),
    "disa": ("getDISAs", "setDISA", "delDISA", "disa", "disa"),
    "phonebooks": ("getPhonebook", "setPhonebook", "delPhonebook", "phonebook", "phonebook"),
}
VALUES: dict[str, dict[str, Any]] = {
    "forwardings": {
        "phone_number": OTHER,
        "callerid_override": DID,
        "description": "the shop",
        "dtmf_digits": "1,2#",
        "pause": "1.5",
        "diversion_header": "0",
    },
    "callbacks": {
        "description": "me",
        "number": OTHER,
        "delay_before": "5",
        "response_timeout": "10",
        "digit_timeout": "5",
        "callerid_number": DID,
    },
    "timecondition": {
        "name": "office",
        "routing_match": "account:alice",
        "routing_nomatch": "sys:hangup",
        "starthour": "8;9",
        "startminute": "30;0",
        "endhour": "17;12",
        "endminute": "0;0",
        "weekdaystart": "mon;sat",
        "weekdayend": "fri;sat",
    },
    "filtering": {
        "callerid": "214XXX00*",
        "did": DID,
        "routing": "sys:busy",
        "failover_busy": "none:",
        "failover_unreachable": "none:",
        "failover_noanswer": "none:",
        "note": "no thanks",
    },
    "ring_groups": {
        "name": "sales",
        "members": "account:alice;account:alice,20",
        "voicemail": "",
        "caller_announcement": "",
        "music_on_hold": "default",
        "language": "en",
    },
    "queues": {
        "queue_name": "support",
        "queue_number": "1",
        "ring_strategy": "ringall",
        "maximum_wait_time": "unlimited",
        "agent_ring_timeout": "15",
        "retry_timer": "5",
        "fail_over_routing_timeout": "sys:busy",
    },
    "disa": {"name": "out", "pin": "4711", "digit_timeout": "5", "callerid_override": DID},
    "phonebooks": {
        "name": "Ann",
        "number": OTHER,
        "speed_dial": "*7501",
        "callerid": "",
        "note": "a friend",
        "group": "",
    },
}
WRITTEN = {("forwardings", "dtmf_digits"): "1w2#"}
NUMBERS = {("callbacks", "delay_before"), ("callbacks", "response_timeout"), ("callbacks", "digit_timeout")}


@pytest.fixture
async def room(postgres: str, tmp_path: Path) -> AsyncIterator[VoipmsRoom]:
    async with voipms_room(postgres, tmp_path / "media") as running:
        yield running


async def made(room: VoipmsRoom, kind: str, **changes: object) -> str:
    _, setter, _, number, _ = PAIRS[kind]
    answer = await room.client.call(setter, **{**VALUES[kind], **changes})
    assert answer["status"] == "success", answer
    assert isinstance(answer[number], int)
    return str(answer[number])


async def test_every_kind_is_made_listed_sent_back_and_deleted(room: VoipmsRoom) -> None:
    for kind, (getter, setter, deleter, number, noun) in PAIRS.items():
        assert await room.client.status(getter) == f"no_{noun}"
        entry = await made(room, kind)
        listed = (await room.client.call(getter))[kind]
        assert (await room.client.call(getter, **{number: entry}))[kind] == listed
        (info,) = listed
        assert info[number] == entry
        for name, value in VALUES[kind].items():
            expected = WRITTEN.get((kind, name), value)
            assert info[name] == (int(expected) if (kind, name) in NUMBERS else expected), (kind, name)
        # Clients send back what they read.
        assert (await room.client.call(setter, **info))["status"] == "success"
        assert (await room.client.call(getter))[kind] == listed
        assert await room.rival.status(getter, **{number: entry}) == f"invalid_{noun}"
        assert await room.rival.status(deleter, **{number: entry}) == f"invalid_{noun}"
        assert await room.client.call(deleter, **{number: entry}) == {"status": "success"}
        assert await room.client.status(getter) == f"no_{noun}"


@pytest.mark.parametrize(
    ("kind", "changes", "status"),
    [
        ("forwardings", {"phone_number": ""}, "missing_phonenumber"),
        ("forwardings", {"phone_number": "911"}, "invalid_phonenumber"),
        ("forwardings", {"phone_number": "+442079460958"}, "invalid_phonenumber"),
        ("forwardings", {"phone_number": "9005550123"}, "invalid_phonenumber"),
        ("forwardings", {"callerid_override": OTHER}, "invalid_callerid_override"),
        ("forwardings", {"dtmf_digits": "hello"}, "invalid_dtmf_digits"),
        ("forwardings", {"pause": "1.2"}, "invalid_pause"),
        ("forwardings", {"pause": "11"}, "invalid_pause"),
        ("forwardings", {"forwarding": "999"}, "invalid_forwarding"),
        ("callbacks", {"number": DID}, "existing_did"),
        ("callbacks", {"description": ""}, "missing_description"),
        ("callbacks", {"delay_before": "x"}, "invalid_delay_before"),
        ("callbacks", {"digit_timeout": ""}, "missing_digit_timeout"),
        ("timecondition", {"routing_match": ""}, "missing_routing_match"),
        ("timecondition", {"routing_match": "mars:1"}, "invalid_routing_header"),
        ("timecondition", {"routing_match": "vm:999"}, "invalid_route"),
        ("timecondition", {"endhour": "17"}, "invalid_endhour"),
        ("timecondition", {"starthour": "25;1"}, "invalid_starthour"),
        ("timecondition", {"weekdayend": "fri;someday"}, "invalid_weekdayend"),
        ("filtering", {"callerid": ""}, "missing_callerid"),
        ("filtering", {"callerid": "sb"}, "invalid_callerid"),
        ("filtering", {"callerid": "p:99"}, "invalid_callerid"),
        ("filtering", {"did": OTHER}, "invalid_did"),
        ("filtering", {"routing": ""}, "missing_routing"),
        ("filtering", {"routing": f"did:{DID}"}, "invalid_forwarding_did"),
        ("filtering", {"failover_busy": "mars:1"}, "invalid_failover_header"),
        ("ring_groups", {"members": ""}, "missing_members"),
        ("ring_groups", {"members": "sys:busy"}, "invalid_members"),
        ("ring_groups", {"members": "account:nobody"}, "invalid_route"),
        ("ring_groups", {"voicemail": "999"}, "invalid_mailbox"),
        ("queues", {"queue_name": ""}, "missing_name"),
        ("queues", {"ring_strategy": "loudest"}, "invalid_strategy"),
        ("disa", {"pin": ""}, "missing_pin"),
        ("disa", {"pin": "12"}, "invalid_pin"),
        ("phonebooks", {"number": "hello"}, "invalid_number"),
        ("phonebooks", {"group": "99"}, "invalid_phonebook_group"),
    ],
)
async def test_what_is_wrong_gets_its_status(
    room: VoipmsRoom, kind: str, changes: dict[str, object], status: str
) -> None:
    assert await room.client.status(PAIRS[kind][1], **{**VALUES[kind], **changes}) == status


async def test_minutes_that_a_client_leaves_out_are_full_hours(room: VoipmsRoom) -> None:
    values = {name: value for name, value in VALUES["timecondition"].items() if "minute" not in name}
    assert await room.client.status("setTimeCondition", **values) == "success"
    (info,) = (await room.client.call("getTimeConditions"))["timecondition"]
    assert (info["startminute"], info["endminute"]) == ("0;0", "0;0")


async def test_a_mailbox_has_the_number_that_its_customer_gave_it(room: VoipmsRoom) -> None:
    values = {"digits": "101", "name": "office", "password": "4711", "email": "a@acme.example; b@acme.example"}
    assert await room.client.status("getVoicemails") == "no_mailbox"
    assert await room.client.status("createVoicemail", **{**values, "digits": ""}) == "missing_digits"
    assert await room.client.status("createVoicemail", **{**values, "email": "nobody"}) == "invalid_email"
    assert await room.client.call("createVoicemail", **values, attach_message="yes") == {"status": "success"}
    assert await room.client.status("createVoicemail", **values) == "existing_voicemail"
    (info,) = (await room.client.call("getVoicemails"))["voicemails"]
    assert (info["mailbox"], info["email"], info["attach_message"]) == ("101", "a@acme.example,b@acme.example", "yes")
    assert await room.client.status("setVoicemail", **{**info, "delete_message": "yes"}) == "success"
    (info,) = (await room.client.call("getVoicemails", mailbox="101"))["voicemails"]
    assert info["delete_message"] == "yes"
    assert await room.client.status("setDIDRouting", did=DID, routing="vm:101") == "success"
    assert await room.client.status("delVoicemail", mailbox="101") == "success"
    filtered = {**VALUES["filtering"], "routing": "vm:101"}
    assert await room.client.status("setCallerIDFiltering", **filtered) == "invalid_route"


async def test_a_callback_is_found_by_its_number_as_it_was_given(room: VoipmsRoom) -> None:
    callback = await made(room, "callbacks", number=f"+1 ({OTHER[:3]}) {OTHER[3:]}")
    (info,) = (await room.client.call("getCallbacks"))["callbacks"]
    assert info["number"] == f"1{OTHER}"
    values = {"callerid": OTHER, "did": DID, "routing": f"cb:{callback}"}
    assert await room.client.status("setCallerIDFiltering", **values) == "success"
    (found,) = (await room.client.call("getCallerIDFiltering"))["filtering"]
    assert (found["callerid"], found["did"], found["routing"]) == (OTHER, DID, f"cb:{callback}")


async def test_a_second_filter_about_the_same_callers_is_told_so(room: VoipmsRoom) -> None:
    values = {"callerid": "201555XXXX", "did": DID, "routing": "sys:hangup"}
    first = (await room.client.call("setCallerIDFiltering", **values))["filtering"]
    assert await room.client.status("setCallerIDFiltering", **values) == "used_filter"
    for other in ({"did": "all"}, {"callerid": "201556XXXX"}):
        last = (await room.client.call("setCallerIDFiltering", **{**values, **other}))["filtering"]
    assert await room.client.status("setCallerIDFiltering", **values, filter=last) == "used_filter"
    changed = {**values, "filter": first, "routing": "sys:busy"}
    assert await room.client.call("setCallerIDFiltering", **changed) == {"status": "success", "filtering": first}


async def test_members_come_to_a_queue_and_leave_it(room: VoipmsRoom) -> None:
    queue = await made(room, "queues")
    assert await room.client.status("getStaticMembers", queue=queue) == "no_member"
    answer = await room.client.call("setStaticMember", queue=queue, member_name="Alice", account="alice", priority="1")
    member = {
        "member": str(answer["member"]),
        "queue_name": "support",
        "name": "Alice",
        "account": "alice",
        "priority": "1",
    }
    assert (await room.client.call("getStaticMembers", queue=queue))["members"] == [member]
    assert await room.client.status("setStaticMember", queue=queue, member_name="B", account="bob") == "invalid_account"
    assert await room.client.status("delStaticMember", queue=queue, member=answer["member"]) == "success"
    assert await room.client.status("getStaticMembers", queue=queue) == "no_member"


async def test_groups_of_contacts_say_who_is_in_them(room: VoipmsRoom) -> None:
    ann = await made(room, "phonebooks")
    answer = await room.client.call("setPhonebookGroup", name="friends", members=ann)
    group = {"phonebook_group": str(answer["group"]), "name": "friends", "members": ann}
    assert (await room.client.call("getPhonebookGroups"))["phonebook_groups"] == [group]
    (contact,) = (await room.client.call("getPhonebook"))["phonebooks"]
    assert (contact["group"], contact["group_name"]) == (str(answer["group"]), "friends")
    assert await room.client.status("delPhonebookGroup", group=answer["group"]) == "success"
    (contact,) = (await room.client.call("getPhonebook"))["phonebooks"]
    assert contact["group"] == ""


async def test_a_routing_to_a_forwarding_answers_the_next_call(room: VoipmsRoom) -> None:
    forwarding = await made(room, "forwardings")
    assert await room.client.status("setDIDRouting", did=DID, routing=f"fwd:{forwarding}") == "success"
    did = room.texts.directory.snapshot.dids[f"+1{DID}"]
    assert did.program is not None
    player = Player(did.program, State.for_incoming(phonenumber=DID, callerid=OTHER, key_seed="seed"))
    assert player.effect == Transfer(f"+1{OTHER}", caller_id=f"+1{DID}", digits="1w2#", digits_after=1.5)
    await room.client.call("setCallerIDFiltering", **{**VALUES["filtering"], "callerid": OTHER, "did": "all"})
    did = room.texts.directory.snapshot.dids[f"+1{DID}"]
    assert did.program is not None
    assert did.program.is_routing
    assert await room.client.status("setDIDRouting", did=STATED, routing=f"fwd:{forwarding}") == "invalid_route"


async def test_messages_are_listed_fetched_moved_and_deleted(room: VoipmsRoom, tmp_path: Path) -> None:
    await room.client.call("createVoicemail", digits="101", name="office", password="4711", email="a@acme.example")
    assert await room.client.status("getVoicemailMessages", mailbox="101") == "no_messages"
    library = SoundLibrary(room.texts.database, Prompts(tmp_path / "media", Voices([ToneSynthesizer("tone")], {})))
    await library.put("acme", "voicemail/101/77-1", TWO_SECONDS)
    await VoicemailMessages(room.texts.database).file()
    (message,) = (await room.client.call("getVoicemailMessages", mailbox="101", folder="INBOX"))["messages"]
    assert (message["duration"], message["listened"], message["urgent"]) == ("00:00:02", "no", "no")
    named = {"mailbox": "101", "folder": "INBOX", "message_num": message["message_num"]}
    fetched = (await room.client.call("getVoicemailMessageFile", **named))["message"]
    assert base64.b64decode(fetched["data"]).startswith(b"RIFF")
    assert await room.client.status("markListenedVoicemailMessage", **named, listened="yes") == "success"
    assert (
        await room.client.status("moveFolderVoicemailMessage", **named, new_folder="Mars")
        == "invalid_destination_folder"
    )
    assert await room.client.status("moveFolderVoicemailMessage", **named, new_folder="Old") == "success"
    assert await room.client.status("getVoicemailMessages", mailbox="101", folder="INBOX") == "no_messages"
    (message,) = (await room.client.call("getVoicemailMessages", mailbox="101"))["messages"]
    assert (message["folder"], message["listened"]) == ("Old", "yes")
    assert await room.client.status("sendVoicemailEmail", **named, email_address="x@evil.example") == ("invalid_email")
    assert await room.client.status("sendVoicemailEmail", **named) == "success"
    assert await room.rival.status("getVoicemailMessageFile", **named) == "invalid_mailbox"
    assert await room.client.status("delMessages", **named) == "success"
    assert await room.client.status("getVoicemailMessages", mailbox="101") == "no_messages"
