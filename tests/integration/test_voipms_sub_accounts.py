"""Sub-accounts over the VoIP.ms interface: phones that a customer makes, changes and deletes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.voipms_room import DID, VoipmsRoom, voipms_room

NEW = {
    "username": "gateway",
    "protocol": "1",
    "description": "the gate",
    "auth_type": "1",
    "password": "S3cret-word",
    "device_type": "2",
    "lock_international": "1",
    "international_route": "1",
    "music_on_hold": "default",
    "allowed_codecs": "ulaw;g729;gsm",
    "dtmf_mode": "auto",
    "nat": "yes",
    "callerid_number": DID,
    "internal_extension": "101",
    "max_expiry": "600",
    "rtp_timeout": "30",
    "enable_ip_restriction": "0",
    "dialing_mode": "1",
    "tfcarrier": "0",
}


@pytest.fixture
async def room(postgres: str, tmp_path: Path) -> AsyncIterator[VoipmsRoom]:
    async with voipms_room(postgres, tmp_path / "media", sending=False) as running:
        yield running


async def accounts(room: VoipmsRoom) -> dict[str, dict[str, Any]]:
    return {row["account"]: row for row in (await room.client.call("getSubAccounts"))["accounts"]}


async def test_a_phone_is_made_shown_sent_back_routed_to_and_deleted(room: VoipmsRoom) -> None:
    made = await room.client.call("createSubAccount", **NEW)
    assert made == {"status": "success", "id": made["id"], "account": "acme_gateway"}
    assert isinstance(made["id"], int)
    row = (await accounts(room))["acme_gateway"]
    assert {type(value) for value in row.values()} == {str}
    assert {name: row[name] for name in NEW if name in row} == {k: v for k, v in NEW.items() if k in row}
    for wanted in ("acme_gateway", "gateway", made["id"]):
        assert (await room.client.call("getSubAccounts", account=wanted))["accounts"] == [row]
    phone = room.texts.directory.snapshot.phones["acme_gateway"]
    assert (phone.password, phone.caller_id, phone.owner) == ("S3cret-word", f"+1{DID}", "acme")
    assert "S3cret-word" not in repr(phone)
    # Clients read a whole record, change one value of it, and send it back.
    assert await room.client.status("setSubAccount", **{**row, "description": "the door"}) == "success"
    assert (await accounts(room))["acme_gateway"] == {**row, "description": "the door"}
    assert await room.client.status("setSubAccount", id=made["id"], password="An0ther-word") == "success"
    assert room.texts.directory.snapshot.phones["acme_gateway"].password == "An0ther-word"
    assert await room.client.status("setDIDRouting", did=DID, routing="account:acme_gateway") == "success"
    assert await room.client.status("delSubAccount", id=made["id"]) == "account_with_dids"
    assert await room.client.status("setDIDRouting", did=DID, routing="sys:busy") == "success"
    assert await room.client.call("delSubAccount", id=made["id"]) == {"status": "success"}
    assert await room.client.status("delSubAccount", id=made["id"]) == "invalid_id"
    assert "acme_gateway" not in room.texts.directory.snapshot.phones
    assert await room.client.status("setDIDRouting", did=DID, routing="account:acme_gateway") == "invalid_route"


async def test_a_phone_is_its_customers_alone(room: VoipmsRoom) -> None:
    made = await room.client.call("createSubAccount", **NEW)
    assert {row["account"] for row in (await room.rival.call("getSubAccounts"))["accounts"]} == {"alice"}
    for method in ("getSubAccounts", "getRegistrationStatus"):
        assert await room.rival.status(method, account="acme_gateway") == "invalid_account"
    assert await room.rival.status("setSubAccount", id=made["id"], description="mine") == "invalid_id"
    assert await room.rival.status("delSubAccount", id=made["id"]) == "invalid_id"
    assert await room.rival.status("setDIDRouting", did="2015550103", routing="account:acme_gateway") == "invalid_route"
    # The same name within another account is another phone.
    assert (await room.rival.call("createSubAccount", **{**NEW, "callerid_number": ""}))["account"] == "plain_gateway"


async def test_what_the_configuration_states_of_a_phone_stays_and_the_rest_is_kept(room: VoipmsRoom) -> None:
    row = (await accounts(room))["alice"]
    values = {"digits": "101", "name": "Box", "password": "1234"}
    assert await room.client.status("createVoicemail", **values) == "success"
    assert await room.client.status("setSubAccount", **{**row, "internal_voicemail": "101"}) == "success"
    assert (await accounts(room))["alice"] == {**row, "internal_voicemail": "101"}
    (theirs,) = (await room.rival.call("getSubAccounts"))["accounts"]
    assert theirs["internal_voicemail"] == ""
    refused = await room.client.call("setSubAccount", id=row["id"], password="An0ther-word")
    assert (refused["status"], "configuration" in refused["message"]) == ("invalid_password", True)
    assert await room.client.status("delSubAccount", id=row["id"]) == "invalid_id"


WRONG = [
    ({"username": ""}, "missing_username"),
    ({"username": "a b"}, "invalid_username"),
    ({"username": "x" * 13}, "invalid_username"),
    ({"protocol": ""}, "missing_protocol"),
    ({"protocol": "3"}, "invalid_protocol"),
    ({"auth_type": ""}, "missing_authtype"),
    ({"auth_type": "2"}, "invalid_authtype"),
    ({"device_type": ""}, "missing_devicetype"),
    ({"device_type": "9"}, "invalid_devicetype"),
    ({"ip": "192.0.2.1"}, "invalid_ip_auth"),
    ({"password": ""}, "missing_password"),
    ({"password": "Sh0rt"}, "invalid_password_lessthan_8characters_long"),
    ({"password": "s3cret-word"}, "invalid_password_missing_uppercase"),
    ({"password": "S3CRET-WORD"}, "invalid_password_missing_lowercase"),
    ({"password": "Secret-word"}, "invalid_password_missing_number"),
    ({"password": "S3cret word"}, "invalid_password_ilegal_characters"),
    ({"password": "S3cret;\n[x]"}, "invalid_password_ilegal_characters"),
    ({"lock_international": "2"}, "invalid_lockinternational"),
    ({"international_route": "x"}, "invalid_internationalroute"),
    ({"canada_routing": "x"}, "invalid_canada_routing"),
    ({"language": "de"}, "invalid_language"),
    ({"allowed_codecs": "tin;can"}, "invalid_allowedcodecs"),
    ({"dtmf_mode": "loud"}, "invalid_dtmfmode"),
    ({"nat": "x"}, "invalid_nat"),
    ({"sip_traffic": "1"}, "invalid_sip_traffic"),
    ({"callerid_number": "2125550123"}, "invalid_callerid"),
    ({"internal_extension": "1a"}, "invalid_extension"),
    ({"internal_extension": "123456"}, "invalid_extension_length"),
    ({"internal_voicemail": "999"}, "invalid_internalvoicemail"),
    ({"max_expiry": "59"}, "invalid_max_expiry"),
    ({"rtp_timeout": "x"}, "invalid_rtp_timeout"),
    ({"enable_ip_restriction": "1"}, "invalid_enable_ip_restriction"),
    ({"internal_dialtime": "61"}, "invalid_internaldialtime"),
    ({"record_calls": "x"}, "invalid_record_calls"),
    ({"description": "x" * 101}, "invalid_description"),
]


async def test_each_wrong_value_has_the_vendors_status(room: VoipmsRoom) -> None:
    for changes, status in WRONG:
        assert await room.client.status("createSubAccount", **{**NEW, **changes}) == status, changes
    assert await room.client.status("createSubAccount", **NEW) == "success"
    assert await room.client.status("createSubAccount", **{**NEW, "username": "GATEWAY"}) == "used_username"
    other = {**NEW, "username": "other"}
    assert await room.client.status("createSubAccount", **other) == "used_extension"
    # The values that a generic client of PHP sends where nothing is set.
    unset = {"internal_extension": "0", "internal_voicemail": "0", "internal_dialtime": "0", "sip_traffic": ""}
    assert await room.client.status("createSubAccount", **{**other, **unset}) == "success"
    assert await room.client.status("setSubAccount") == "missing_id"
    assert await room.client.status("setSubAccount", id="7777") == "invalid_id"
