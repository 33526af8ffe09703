"""What customers made for their calls becomes the program of their numbers; what is gone is a notice of no service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from controller.directory.did_settings import DidSettings, settings_of
from controller.directory.entries import EntriesByKind, Entry
from controller.directory.grants import DidGrant, with_grants
from controller.directory.snapshot import Did, LicenseKey, Snapshot
from controller.ivr.pins import pin_digest
from controller.script.effects import CallBack, Effect, End, Play, Sound, Speech, TakeMessage, TellTime, Transfer
from controller.script.outcomes import TimeTold, TransferFailed
from controller.script.state import State
from tests.support.script_player import Player

KEY = LicenseKey("acme", "7f6c1a52-0000-4000-8000-000000000001", frozenset({"phone"}), time_zone="Europe/Berlin")
NUMBER, OTHER = "+12015550101", "+12015550102"

FORWARDING = {
    "phone_number": "+12015550188",
    "callerid_override": "+12015550101",
    "description": "the shop",
    "dtmf_digits": "12",
    "pause": "1.5",
}
MAILBOX = {"digits": "101", "name": "office", "greeting": "7", "language": "en"}


def entries(*made: tuple[int, str, Mapping[str, Any]]) -> EntriesByKind:
    found: dict[tuple[str, str], dict[int, Entry]] = {}
    for number, kind, content in made:
        found.setdefault(("acme", kind), {})[number] = Entry(number, "acme", kind, content)
    return found


def call(
    routing: str, *made: tuple[int, str, Mapping[str, Any]], caller: str = "2125550123", **settings: str
) -> Player:
    """A call to a number with this routing, through the snapshot that counts."""
    stated = Snapshot(license_keys={"acme": KEY}, dids={each: Did(each, voice=KEY) for each in (NUMBER, OTHER)})
    grant = DidGrant(settings_key="acme", settings=settings_of({"routing": routing, **settings}))
    did = with_grants(stated, {NUMBER: grant}, entries(*made)).dids[NUMBER]
    assert did.program is not None
    return Player(did.program, State.for_incoming(phonenumber="2015550101", callerid=caller, key_seed="seed"))


def said(effect: Effect) -> str:
    assert isinstance(effect, Play)
    return "".join(prompt.text for prompt in effect.prompts if isinstance(prompt, Speech))


def test_a_forwarding_is_dialled_with_its_digits_and_busy_goes_to_the_mailbox() -> None:
    player = call(
        "fwd:1026",
        (1026, "forwarding", FORWARDING),
        (9, "mailbox", MAILBOX),
        (7, "recording", {"sound_id": "greeting"}),
        failover_busy="vm:101",
    )
    assert player.effect == Transfer("+12015550188", caller_id="+12015550101", digits="12", digits_after=1.5)
    assert player.resume(TransferFailed("busy"), 2.0) == Play((Sound("greeting"),))
    player.resume()
    assert player.resume() == TakeMessage("101", 300.0, 10.0)


def test_what_a_routing_names_and_is_gone_is_a_notice_of_no_service() -> None:
    assert "not in service" in said(call("fwd:1026").effect)
    assert "not in service" in said(call("vm:101").effect)
    failed = call("account:alice", failover_busy="grp:77")
    assert "not in service" in said(failed.resume(TransferFailed("busy"), 1.0))


def test_filters_are_those_of_the_number_and_of_all_numbers() -> None:
    made = (
        (1, "caller_filter", {"callerid": "212*", "did": OTHER, "routing": "sys:echo"}),
        (2, "caller_filter", {"callerid": "2125550123", "did": NUMBER, "routing": "sys:busy"}),
        (3, "caller_filter", {"callerid": "p:5", "did": "all", "routing": "account:bob", "failover_noanswer": "none:"}),
        (4, "contact", {"number": "2125550199", "name": "Bob", "group": "5"}),
        (5, "contact", {"number": "2125550177", "name": "Ann", "group": "6"}),
    )
    assert call("account:alice", *made).effect == End("busy", 17)
    assert call("account:alice", *made, caller="2125550199").effect == Transfer("sip:bob")
    assert call("account:alice", *made, caller="2125550177").effect == Transfer("sip:alice")


def test_a_time_condition_is_in_the_zone_of_its_licence_key() -> None:
    condition = {
        "name": "office",
        "spans": [[540, 1020, 0, 4]],
        "routing_match": "account:alice",
        "routing_nomatch": "sys:hangup",
    }
    player = call("tc:1", (1, "time_condition", condition))
    assert player.effect == TellTime("Europe/Berlin")
    assert player.resume(TimeTold(1, 600)) == Transfer("sip:alice")


def test_a_group_leaves_out_what_cannot_ring() -> None:
    group = {"name": "sales", "members": [["account:alice", 20], ["vm:101", 20], ["fwd:1026", 25]], "voicemail": "101"}
    player = call(
        "grp:3", (3, "ring_group", group), (1026, "forwarding", FORWARDING), (9, "mailbox", {**MAILBOX, "greeting": ""})
    )
    assert player.effect == Transfer("sip:alice", ring_seconds=25.0, others=("+12015550188",))
    assert "leave a message" in said(player.resume(TransferFailed("noanswer"), 25.0))


def test_a_queue_calls_its_members_and_goes_on_after_the_longest_wait() -> None:
    queue = {
        "name": "support",
        "ring_strategy": "ringall",
        "agent_ring_timeout": "15",
        "retry_timer": "5",
        "wait_seconds": "10",
        "fail_over_routing_timeout": "sys:busy",
    }
    player = call("queue:4", (4, "queue", queue), (5, "queue_member", {"queue": "4", "routing": "account:alice"}))
    assert player.effect == Transfer("sip:alice", ring_seconds=15.0)
    assert player.resume(TransferFailed("noanswer"), 15.0) == End("busy", 17)


def test_callbacks_and_disa_are_there() -> None:
    callback = {
        "description": "me",
        "number": "+12015550188",
        "delay_before": 7,
        "response_timeout": 9,
        "digit_timeout": 4,
        "callerid_number": "",
    }
    effect = call("cb:1", (1, "callback", callback)).effect
    assert isinstance(effect, CallBack)
    assert effect.delay_seconds == 7.0
    disa = {"name": "out", "pin": "4711", "pin_digest": pin_digest("4711", "s"), "digit_timeout": "5"}
    assert "PIN" in said(call("disa:1", (1, "disa", disa)).effect)


def test_an_entry_that_cannot_be_read_spoils_no_other() -> None:
    player = call("fwd:2", (1, "forwarding", {"description": "empty"}), (2, "forwarding", FORWARDING))
    assert isinstance(player.effect, Transfer)


def test_numbers_that_are_routed_alike_run_one_program() -> None:
    stated = Snapshot(license_keys={"acme": KEY}, dids={each: Did(each, voice=KEY) for each in (NUMBER, OTHER)})
    grant = DidGrant(settings_key="acme", settings=replace(DidSettings(), routing="account:alice"))
    dids = with_grants(stated, {NUMBER: grant, OTHER: grant}, {}).dids
    assert dids[NUMBER].program is dids[OTHER].program
