"""Call records, balance, reference lists and phones over the VoIP.ms interface, on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.metering.store.records import write_usage
from controller.metering.usage import UsageProduct, UsageRecord
from tests.support.sql import sql
from tests.support.voipms_room import CONTACT, DID, VoipmsRoom, voipms_room

ENDINGS = {"answered": 1, "noanswer": 1, "busy": 1, "failed": 1}
CALL = """
INSERT INTO calls (queue_id, direction, license_key, our_number, their_number, channel_id, program, script_state, state,
                   response_code, started_at, answered_at, ended_at)
VALUES ($1, $2, $3, '+12015550101', $4, '', '', '{}', 'ended', $5, $6, $7, $8)
"""


@pytest.fixture
async def room(postgres: str, tmp_path: Path) -> AsyncIterator[VoipmsRoom]:
    async with voipms_room(postgres, tmp_path / "media", sending=False) as running:
        yield running


async def call(
    room: VoipmsRoom, queue_id: int, direction: str, code: int, seconds: int | None, key: str = "acme"
) -> None:
    began = datetime.now(UTC) - timedelta(minutes=queue_id)
    answered = None if seconds is None else began + timedelta(seconds=3)
    ended = began + timedelta(seconds=30) if answered is None else answered + timedelta(seconds=seconds or 0)
    await sql(room.texts.database, CALL, queue_id, direction, key, f"+1{CONTACT}", code, began, answered, ended)


def period(**more: object) -> dict[str, Any]:
    today = datetime.now(UTC)
    return {
        "date_from": f"{today - timedelta(days=2):%Y-%m-%d}",
        "date_to": f"{today + timedelta(days=1):%Y-%m-%d}",
        "timezone": -5,
        **more,
    }


async def test_calls_are_listed_by_their_endings_with_what_they_cost(room: VoipmsRoom) -> None:
    await call(room, 1, "incoming", 30, 61)
    await call(room, 2, "outgoing", 2, None)
    await call(room, 3, "outgoing", 8, None)
    await call(room, 4, "outgoing", 34, None)
    await call(room, 5, "incoming", 30, 10, key="plain")
    rows = (await room.client.call("getCDR", **period(**ENDINGS)))["cdr"]
    assert [row["disposition"] for row in rows] == ["ANSWERED", "NO ANSWER", "BUSY", "FAILED"]
    first = rows[0]
    assert {type(value) for value in first.values()} == {str}
    assert (first["callerid"], first["destination"]) == (f'"{CONTACT}" <{CONTACT}>', DID)
    assert (first["duration"], first["seconds"], first["uniqueid"]) == ("00:01:01", "61", "1")
    assert (float(first["rate"]), float(first["total"])) == (0.009, 0.018)
    assert first["description"] == "Inbound - USA"
    assert rows[1]["description"] == "Outbound - USA"
    for wanted, found in (
        ({"answered": 1}, ["1"]),
        ({"busy": 1, "failed": 1}, ["3", "4"]),
        ({**ENDINGS, "calltype": "incoming"}, ["1"]),
        ({**ENDINGS, "calltype": "outgoing", "callbilling": "free"}, ["2", "3", "4"]),
        ({**ENDINGS, "callbilling": "billed", "account": "acme"}, ["1"]),
        ({**ENDINGS, "calltype": DID}, ["1"]),
    ):
        answer = await room.client.call("getCDR", **period(**wanted))
        assert [row["uniqueid"] for row in answer["cdr"]] == found, wanted
    for changes, status in (
        ({}, "no_callstatus"),
        ({"answered": "x"}, "no_callstatus"),
        ({"answered": 1, "timezone": ""}, "missing_timezone"),
        ({"answered": 1, "date_from": ""}, "missing_from_date"),
        ({"answered": 1, "date_to": ""}, "missing_to_date"),
        ({"answered": 1, "date_from": "x"}, "invalid_date"),
        ({"answered": 1, "date_from": "2020-01-01"}, "invalid_daterange"),
        ({"answered": 1, "calltype": "x"}, "invalid_call_type"),
        ({"answered": 1, "account": "nobody"}, "invalid_account"),
        ({"answered": 1, "calltype": "2015550104"}, "no_cdr"),
    ):
        assert await room.client.status("getCDR", **period(**changes)) == status, changes


async def test_the_balance_has_the_types_that_strict_clients_need(room: VoipmsRoom) -> None:
    assert (await room.client.call("getBalance"))["balance"] == {"current_balance": "0.00000000"}
    balance = (await room.client.call("getBalance", advanced="true"))["balance"]
    kinds = {name: type(value) for name, value in balance.items()}
    assert kinds == {
        "current_balance": str,
        "spent_total": str,
        "calls_total": int,
        "time_total": str,
        "spent_today": str,
        "calls_today": int,
        "time_today": str,
    }


async def test_what_was_used_is_told_with_what_it_costs(room: VoipmsRoom) -> None:
    today = datetime.now(UTC)
    record = UsageRecord("call:7", "acme", UsageProduct.CALL, 61, today, "incoming", f"+1{DID}", f"+1{CONTACT}", "US")
    await write_usage(room.texts.database, [record])
    days = {name: value for name, value in period().items() if name != "timezone"}
    (row,) = (await room.client.call("getTransactionHistory", **days))["transactions"]
    assert (row["uniqueid"], row["type"], float(row["ammount"])) == ("call:7", "call", -0.018)
    assert row["description"] == f"61 seconds {CONTACT}"
    assert await room.rival.status("getTransactionHistory", **days) == "no_transactions"


LISTS = {
    "getAllowedCodecs": ("allowed_codecs", "codec", "ulaw"),
    "getAuthTypes": ("auth_types", "type", "1"),
    "getBalanceManagement": ("balance_management", "balance_management", "1"),
    "getCountries": ("countries", "country", "CA"),
    "getDTMFModes": ("dtmf_modes", "dtmf_mode", "inband"),
    "getDeviceTypes": ("device_types", "device_type", "1"),
    "getInternationalTypes": ("types", "type", "GEO"),
    "getLanguages": ("languages", "language", "fr"),
    "getLocales": ("locales", "locale", "en-US"),
    "getLockInternational": ("lock_international", "lock_international", "1"),
    "getNAT": ("nat", "nat", "yes"),
    "getProtocols": ("protocols", "protocol", "1"),
    "getRoutes": ("routes", "route", "1"),
    "getVoicemailSetups": ("voicemailsetups", "voicemailsetup", "1"),
    "getPlayInstructions": ("play_instructions", "play_instructions", "u"),
    "getVoicemailAttachmentFormats": ("email_attachment_formats", "email_attachment_format", "wav"),
    "getRingStrategies": ("strategies", "strategy", "ringall"),
    "getJoinWhenEmptyTypes": ("types", "type", "yes"),
    "getReportEstimatedHoldTime": ("types", "type", "once"),
    "getTimezones": ("timezones", "timezone", "America/New_York"),
}


async def test_every_reference_list_has_its_key_and_can_be_asked_for_one_value(room: VoipmsRoom) -> None:
    for method, (name, parameter, value) in LISTS.items():
        everything = (await room.client.call(method))[name]
        (one,) = (await room.client.call(method, **{parameter: value}))[name]
        assert one in everything
        assert one["value"] == value
        assert (await room.client.status(method, **{parameter: "nonsense"})).startswith("invalid_")
    assert [row["value"] for row in (await room.client.call("getCallTypes"))["call_types"]][:4] == [
        "all",
        "outgoing",
        "incoming",
        DID,
    ]
    assert len((await room.client.call("getCallBilling"))["call_billing"]) == 3
    assert (await room.client.call("getCallAccounts"))["accounts"][1]["value"] == "acme"
    (server,) = (await room.client.call("getServersInfo"))["servers"]
    assert (server["server_pop"], server["server_recommended"], server["server_hostname"]) == ("1", "Yes", "127.0.0.1")
    assert await room.client.status("getServersInfo", server_pop=7) == "invalid_serverpop"
    assert await room.client.status("getTerminationRates", route=1, query="44") == "no_rate"


async def test_phones_are_sub_accounts_that_are_shown_and_known_to_be_registered(room: VoipmsRoom) -> None:
    (phone,) = (await room.client.call("getSubAccounts"))["accounts"]
    assert (await room.client.call("getSubAccounts", account=phone["id"]))["accounts"] == [phone]
    assert (phone["account"], phone["callerid_number"], phone["password"]) == ("alice", "2015550110", "")
    assert await room.client.status("getSubAccounts", account="nobody") == "invalid_account"
    assert await room.client.status("getRegistrationStatus") == "missing_account"
    away = {"status": "success", "registered": "no", "registrations": []}
    assert await room.client.call("getRegistrationStatus", account="acme") == away
    room.texts.asterisk.register("alice")
    await room.texts.phones.look()
    here = await room.client.call("getRegistrationStatus", account="alice")
    assert (here["registered"], here["registrations"][0]["server_pop"]) == ("yes", "1")
