"""Numbers over the VoIP.ms interface: shown, changed, searched, ordered and given back, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.voipms_room import CANADIAN, DID, SECOND, STATED, STOCK, TOLL_FREE, VoipmsRoom, voipms_room

INFO = {"did": DID, "routing": "sys:busy", "pop": 5, "dialtime": 30, "cnam": 1, "billing_type": 2}


@pytest.fixture
async def room(postgres: str, tmp_path: Path) -> AsyncIterator[VoipmsRoom]:
    async with voipms_room(postgres, tmp_path / "media") as running:
        yield running


async def test_numbers_are_shown_with_the_types_that_strict_clients_need(room: VoipmsRoom) -> None:
    answer = await room.client.call("getDIDsInfo", content_type="json")
    assert [did["did"] for did in answer["dids"]] == [DID, STATED, SECOND]
    shown = answer["dids"][0]
    assert shown["sms_available"] == 1
    assert shown["sms_enabled"] == "1"
    assert shown["description"] == "Jersey City"
    assert {type(value) for name, value in shown.items() if name not in ("sms_available", "mms_available")} == {str}
    assert shown["routing"] == "none:"
    assert answer["dids"][1]["routing"] == "account:acme"
    assert answer["dids"][1]["sms_available"] == 0
    one = await room.client.call("getDIDsInfo", did=f"1{SECOND}", client="")
    assert [did["did"] for did in one["dids"]] == [SECOND]
    assert await room.client.status("getDIDsInfo", did="2015550103") == "invalid_did"
    assert await room.client.status("getDIDsInfo", did="x") == "invalid_did"


async def test_a_number_is_changed_and_every_controller_knows(room: VoipmsRoom) -> None:
    note = {"note": "front door", "callerid_prefix": "GATE ", "failover_busy": "sys:hangup", "voicemail_threshold": 5}
    assert await room.client.call("setDIDInfo", **INFO, **note) == {"status": "success"}
    shown = (await room.client.call("getDIDsInfo", did=DID))["dids"][0]
    assert shown["routing"] == "sys:busy"
    assert (shown["failover_busy"], shown["failover_noanswer"]) == ("sys:hangup", "none:")
    assert (shown["note"], shown["callerid_prefix"], shown["pop"], shown["cnam"]) == ("front door", "GATE ", "5", "1")
    # An absent value stays, an empty one is taken away.
    assert await room.client.status("setDIDInfo", **INFO, note="") == "success"
    shown = (await room.client.call("getDIDsInfo", did=DID))["dids"][0]
    assert (shown["note"], shown["callerid_prefix"]) == ("", "GATE ")
    assert await room.client.status("setDIDRouting", did=DID, routing="account:alice") == "success"
    assert await room.client.status("setDIDPOP", did=DID, pop="3") == "success"
    assert await room.client.status("setDIDBillingType", did=DID, billing_type="1") == "success"
    did = room.texts.directory.snapshot.dids[f"+1{DID}"]
    assert (did.settings.routing, did.settings.pop, did.settings.billing_type) == ("account:alice", "3", "1")


WRONG_VALUES: list[tuple[dict[str, Any], str]] = [
    ({"did": ""}, "missing_did"),
    ({"did": "2015550103"}, "invalid_did"),
    ({"routing": ""}, "missing_routing"),
    ({"routing": "nonsense"}, "invalid_routing_header"),
    ({"routing": "sys:nonsense"}, "invalid_route"),
    ({"routing": "ivr:99"}, "invalid_route"),
    ({"routing": "account:nobody"}, "invalid_route"),
    ({"routing": f"fwd:{DID}"}, "invalid_forwarding_did"),
    ({"routing": "seq:1"}, "invalid_route"),
    ({"failover_busy": "nonsense:1"}, "invalid_failover_header"),
    ({"pop": ""}, "missing_serverpop"),
    ({"pop": "x"}, "invalid_serverpop"),
    ({"dialtime": ""}, "missing_dialtime"),
    ({"dialtime": "0"}, "invalid_dialtime"),
    ({"cnam": ""}, "missing_cnam"),
    ({"cnam": "2"}, "invalid_cnam"),
    ({"billing_type": ""}, "missing_billingtype"),
    ({"billing_type": "3"}, "invalid_billingtype"),
    ({"callerid_prefix": "x" * 20}, "invalid_calleridprefix"),
    ({"note": "x" * 50}, "invalid_note"),
    ({"record_calls": "x"}, "invalid_record_calls"),
    ({"voicemail_threshold": "7"}, "Invalid_threshold"),
]


async def test_each_wrong_value_has_the_vendors_status(room: VoipmsRoom) -> None:
    for change, status in WRONG_VALUES:
        assert await room.client.status("setDIDInfo", **{**INFO, **change}) == status, change


async def test_the_configuration_owns_what_it_states(room: VoipmsRoom) -> None:
    answer = await room.client.call("setDIDRouting", did=STATED, routing="sys:busy")
    assert answer["status"] == "invalid_route"
    assert "configuration" in answer["message"]
    # What counts already may be sent back, and the rest is stored.
    same = {**INFO, "did": STATED, "routing": "account:acme", "note": "x"}
    assert await room.client.status("setDIDInfo", **same) == "success"
    assert (await room.client.call("getDIDsInfo", did=STATED))["dids"][0]["note"] == "x"
    assert await room.client.status("cancelDID", did=STATED) == "cancel_failed"
    assert await room.client.status("setDIDRouting", did=SECOND, routing="sys:busy") == "invalid_route"


async def test_switches_of_texts_are_kept(room: VoipmsRoom) -> None:
    switches = {
        "enable": 1,
        "email_enabled": 1,
        "email_address": "it@acme.example",
        "sms_forward_enable": 1,
        "sms_forward": CONTACT_NUMBER,
        "url_callback_enable": 1,
        "url_callback": "https://acme.example/in?from={FROM}&text={MESSAGE}",
        "url_callback_retry": 1,
        "webhook_enabled": 1,
        "webhook": "https://acme.example/hook",
    }
    assert await room.client.call("setSMS", did=DID, **switches) == {"status": "success"}
    shown = (await room.client.call("getDIDsInfo", did=DID))["dids"][0]
    assert shown["sms_email"] == "it@acme.example"
    assert shown["sms_forward"] == CONTACT_NUMBER
    assert shown["sms_url_callback"] == "https://acme.example/in?from={FROM}&text={MESSAGE}"
    assert shown["webhook"] == "https://acme.example/hook"
    flags = ("sms_email_enabled", "sms_forward_enabled", "sms_url_callback_enabled", "sms_url_callback_retry")
    assert {shown[name] for name in (*flags, "webhook_enabled")} == {"1"}
    assert await room.client.status("setSMS", did=DID, enable=0) == "success"
    assert (await room.client.call("getDIDsInfo", did=DID))["dids"][0]["sms_enabled"] == "0"


CONTACT_NUMBER = "2125550123"


WRONG_SWITCHES: list[tuple[dict[str, Any], str]] = [
    ({}, "missing_enable"),
    ({"enable": "x"}, "invalid_enable"),
    ({"enable": 1, "email_enabled": "x"}, "invalid_email_enable"),
    ({"enable": 1, "email_enabled": 1}, "invalid_email"),
    ({"enable": 1, "email_address": "nobody"}, "invalid_email"),
    ({"enable": 1, "email_address": "a@b.example, c@d.example"}, "invalid_email"),
    ({"enable": 1, "sms_forward_enable": "x"}, "invalid_forward_enable"),
    ({"enable": 1, "sms_forward": "x"}, "invalid_sms_forward"),
    ({"enable": 1, "url_callback_enable": "x"}, "invalid_callback_enable"),
    ({"enable": 1, "url_callback_retry": "x"}, "invalid_callback_retry"),
    ({"enable": 1, "url_callback": "ftp://x.example"}, "invalid_callback"),
    ({"enable": 1, "webhook_enable": 1}, "invalid_webhook"),
    ({"enable": 1, "dialmode": 3}, "invalid_dialmode"),
    ({"enable": 1, "smpp_enabled": 1}, "invalid_smpp_url"),
    ({"enable": 1, "did": STATED}, "sms_apply_regulations"),
]


async def test_each_wrong_switch_has_its_status(room: VoipmsRoom) -> None:
    for switches, status in WRONG_SWITCHES:
        assert await room.client.status("setSMS", **{"did": DID, **switches}) == status, switches


async def test_texts_are_switched_on_and_off_and_who_does_it_too_often_waits(room: VoipmsRoom) -> None:
    answers = [await room.client.status("setSMS", did=DID, enable=turn % 2) for turn in (0, 1, 2, 3, 3, 4)]
    assert answers == ["success"] * 5 + ["sms_wait_message"]
    assert await room.client.status("setSMS", did=DID, enable=1, email_address="") == "success"


async def test_the_stock_is_searched(room: VoipmsRoom) -> None:
    found = await room.client.call("searchDIDsUSA", state="NJ", type="starts", query="201")
    assert [did["did"] for did in found["dids"]] == [STOCK[2:]]
    assert (found["dids"][0]["state"], found["dids"][0]["ratecenter"]) == ("NJ", "Hackensack")
    assert "province" not in found["dids"][0]
    assert found["dids"][0]["sms"] == 1
    for kind, query in (("contains", "555"), ("ends", "0107"), ("contains", "JKL")):
        assert await room.client.status("searchDIDsUSA", type=kind, query=query) == "success"
    assert await room.client.status("searchDIDsUSA", type="ends", query="9999") == "no_did"
    assert await room.client.status("searchDIDsUSA", type="like", query="1") == "invalid_type"
    assert await room.client.status("searchDIDsUSA", type="ends") == "missing_query"
    canadian = await room.client.call("searchDIDsCAN", type="starts", query="416")
    assert [(did["did"], did["province"]) for did in canadian["dids"]] == [(CANADIAN[2:], "ON")]
    toll_free = await room.client.call("searchTollFreeCanUS")
    assert [did["did"] for did in toll_free["dids"]] == [TOLL_FREE[2:]]
    assert await room.client.status("getDIDsUSA", state="NJ", ratecenter="hackensack") == "success"
    assert await room.client.status("getDIDsUSA", state="ZZ") == "invalid_state"
    assert await room.client.status("getDIDsCAN", province="QC") == "no_did"
    assert (await room.client.call("getRateCentersUSA", state="NJ"))["ratecenters"] == [
        {"ratecenter": "Hackensack", "available": "yes"}
    ]
    assert {"state": "NJ", "description": "New Jersey"} in (await room.client.call("getStates"))["states"]
    assert {"province": "ON", "description": "Ontario"} in (await room.client.call("getProvinces"))["provinces"]


async def test_a_number_is_ordered_once_and_given_back(room: VoipmsRoom) -> None:
    order = {**INFO, "did": STOCK[2:]}
    assert await room.client.status("orderDID", **order, test=1) == "success"
    assert await room.client.status("getDIDsInfo", did=STOCK[2:]) == "invalid_did"
    answers = await asyncio.gather(room.client.status("orderDID", **order), room.rival.status("orderDID", **order))
    assert sorted(answers) == ["did_in_use", "success"]
    owner, other = (room.client, room.rival) if answers[0] == "success" else (room.rival, room.client)
    shown = (await owner.call("getDIDsInfo", did=STOCK[2:]))["dids"][0]
    assert (shown["routing"], shown["sms_available"]) == ("sys:busy", 1)
    assert len(shown["order_date"]) == len("2026-11-27 12:00:00")
    assert await other.status("cancelDID", did=STOCK[2:]) == "invalid_did"
    assert await owner.status("cancelDID", did=STOCK[2:], test="true") == "success"
    assert await owner.status("cancelDID", did=STOCK[2:]) == "success"
    assert await owner.status("getDIDsInfo", did=STOCK[2:]) == "invalid_did"
    assert await room.client.status("orderTollFree", **{**order, "did": TOLL_FREE[2:]}) == "success"
    assert await room.client.status("orderTollFree", **order) == "invalid_did"
    assert await room.client.status("orderDID", **{**order, "did": "2025550199"}) == "invalid_did"


async def test_numbers_abroad_are_ordered_by_country(room: VoipmsRoom) -> None:
    (country,) = (await room.client.call("getDIDCountries", type="GEO"))["countries"]
    assert country["description"] == "United Kingdom"
    (place,) = (await room.client.call("getDIDsInternationalGeographic", country_id=country["value"]))["locations"]
    assert (place["stock"], place["country"]) == ("1", "United Kingdom")
    order = {**INFO, "did": "", "location_id": place["location_id"], "quantity": 1}
    for changes, status in (
        ({"location_id": "x"}, "invalid_location"),
        ({"quantity": 0}, "invalid_quantity"),
        ({"quantity": 2}, "unsifficient_stock"),
        ({"routing": ""}, "missing_routing"),
    ):
        assert await room.client.status("orderDIDInternationalGeographic", **{**order, **changes}) == status
    assert await room.client.status("orderDIDInternationalTollFree", **order) == "unsifficient_stock"
    assert await room.client.status("orderDIDInternationalGeographic", **order) == "success"
    assert await room.client.status("getDIDsInfo", did="011442071838750") == "success"
    assert await room.client.status("getDIDCountries", type="GEO") == "no_did"


async def test_vanity_numbers_are_found_by_their_letters(room: VoipmsRoom) -> None:
    for query in ("555", "JJJ", "5*5"):
        assert await room.client.status("searchVanity", type="8**", query=query) == "success"
    assert await room.client.status("searchVanity", type="8**", query="ZZZ") == "no_did"
    assert await room.client.status("searchVanity", type="9", query="ZZZ") == "invalid_type"
    assert await room.client.status("searchVanity", type="8**", query="(") == "invalid_query"
    assert await room.client.status("orderVanity", **{**INFO, "did": TOLL_FREE[2:]}) == "success"
