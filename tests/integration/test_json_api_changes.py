"""What programs change over the JSON interface: menus, recordings, numbers, scripts, opt-outs; and the operator's."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from controller.api.json_api.scopes import OPERATORS_SCOPES, Scope
from controller.api.store.api_tokens import ApiTokens
from tests.integration.test_json_api import Program, program
from tests.support.console import House, console_house
from tests.support.phone_notify import TWO_SECONDS
from tests.support.sql import sql

OURS, THEIRS = "+12015550101", "+12015550188"


@pytest.fixture
async def house(fresh_database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with console_house(fresh_database, tmp_path_factory.mktemp("media")) as made:
        await made.dids.load()
        yield made


async def operator(house: House) -> Program:
    token = await ApiTokens(house.database).make(None, "the operator's", list(OPERATORS_SCOPES), "ann")
    assert token is not None
    return Program(house, token)


async def post(program: Program, path: str, **body: Any) -> tuple[int, Any]:
    return await program.ask("POST", path, body)


async def test_recordings_sequences_and_ivrs_are_made_changed_routed_and_deleted(house: House) -> None:
    own, rival = await program(house), await program(house, key="rival")
    audio = base64.b64encode(TWO_SECONDS).decode()
    assert (await post(own, "/recordings", sound_id="greeting", audio=audio))[0] == 201
    assert (await post(own, "/recordings", sound_id="broken", audio="?"))[1]["code"] == "invalid"
    refused = await post(own, "/recordings", sound_id="broken", audio=base64.b64encode(b"no sound").decode())
    assert (refused[0], refused[1]["code"]) == (422, "sound-refused")
    (recording,) = (await own.get("/recordings"))[1]["recordings"]
    assert (recording["sound_id"], recording["stated"]) == ("greeting", False)
    fetched = (await own.get("/recordings/greeting"))[1]["audio"]
    assert base64.b64decode(fetched).startswith(b"RIFF")
    assert (await rival.get("/recordings/greeting"))[0] == 404

    steps = [
        {"type": "dtmf", "codes": "1w2"},
        {"type": "rec", "recording_id": recording["recording_id"]},
        {"type": "sms", "sender": OURS, "recipient": THEIRS, "message": "Hi."},
    ]
    status, kept = await post(own, "/sequences", name="tones", steps=steps)
    assert status == 201
    sequence = f"/sequences/{kept['sequence_id']}"
    status, shown = await own.get(sequence)
    assert (status, [step["type"] for step in shown["steps"]]) == (200, ["dtmf", "rec", "sms"])
    assert (await post(own, sequence, name="tones", steps=shown["steps"][:1]))[0] == 200
    assert len((await own.get(sequence))[1]["steps"]) == 1
    assert (await rival.get(sequence))[0] == 404
    assert (await post(rival, sequence, name="mine", steps=steps[:1]))[0] == 404
    assert (await post(own, "/sequences", name="x", steps=[{"type": "dtmf", "codes": "x"}]))[1][
        "code"
    ] == "invalid-steps"

    choices = [{"keys": "1", "place": f"seq:{kept['sequence_id']}"}]
    menu = {"name": "menu", "recording_id": recording["recording_id"], "choices": choices}
    status, made = await own.ask("POST", "/ivrs", menu)
    assert status == 201
    assert (await own.get("/ivrs"))[1]["ivrs"][0]["choices"] == choices
    for odd in ({"keys": "1=a;2", "place": "sys:busy"}, {"keys": "1", "place": "sys:busy;2=sys:hangup"}):
        assert (await own.ask("POST", "/ivrs", {**menu, "choices": [odd]}))[0] == 422
    in_use = await post(own, f"{sequence}/delete")
    assert (in_use[0], in_use[1]["code"]) == (422, "sequence-in-use-ivr")
    assert (await rival.ask("POST", f"/ivrs/{made['ivr_id']}", menu))[0] == 404

    assert (await post(own, f"/numbers/{OURS}/routing", routing=f"ivr:{made['ivr_id']}"))[0] == 200
    assert (await own.get(f"/numbers/{OURS}"))[1]["routing"] == f"ivr:{made['ivr_id']}"
    assert (await rival.get(f"/numbers/{OURS}"))[0] == 404
    assert (await post(own, f"/numbers/{OURS}/routing", routing="sys:busy"))[0] == 200
    assert (await post(own, f"/ivrs/{made['ivr_id']}/delete"))[0] == 200
    assert (await post(own, f"{sequence}/delete"))[0] == 200
    assert (await post(own, "/recordings/greeting/rename", new_id="hello"))[0] == 200
    assert (await post(own, "/recordings/greeting/delete"))[1]["code"] == "not-deleted"
    assert (await post(own, "/recordings/hello/delete"))[0] == 200


async def test_scripts_are_kept_checked_simulated_and_set(house: House) -> None:
    own, rival = await program(house), await program(house, key="rival")
    good = "Hello. ~\\AssignDTMF(2|again)~ ~\\WaitForDTMF(5)~ ~\\EndCall()~ ~\\Label(again)~ Again."
    assert (await post(own, "/scripts/my menu", script="Old."))[0] == 200
    assert (await post(own, "/scripts/my menu", script=good))[0] == 200
    assert (await own.get("/scripts"))[1]["names"] == ["my menu"]
    versions = (await own.get("/scripts/my menu/versions"))[1]["versions"]
    assert [(each["script"], each["saved_by"]) for each in versions] == [
        (good, "token a program"),
        ("Old.", "token a program"),
    ]
    assert (await rival.get("/scripts/my menu"))[0] == 404
    status, checked = await post(own, "/script-checks", script=good)
    assert (status, checked["accepted"], checked["marks"]) == (200, True, [])
    assert checked["shortest"] > 0
    status, checked = await post(own, "/script-checks", script="Hello.\n~\\Nothing()~")
    assert (checked["accepted"], checked["shortest"], checked["marks"][0]["line"]) == (False, None, 2)
    status, simulated = await post(own, "/script-simulations", script=good, keys="2", variables={"who": "Ann"})
    assert (status, simulated["regular"]) == (200, True)
    assert any("Again." in line["about"] for line in simulated["lines"])
    assert (await post(own, "/script-simulations", script=good, keys="?"))[0] == 422

    assert (await post(own, f"/numbers/{OURS}/routing", routing="sys:busy"))[0] == 200
    assert (await post(own, f"/numbers/{OURS}/script", script="~\\Nothing()~"))[1]["code"] == "script-refused"
    assert (await post(own, f"/numbers/{OURS}/script", script=good))[0] == 200
    assert (await own.get(f"/numbers/{OURS}"))[1]["script"] == good
    assert (await post(own, "/scripts/my menu/delete"))[0] == 200
    assert (await own.get("/scripts/my menu"))[0] == 404


async def test_numbers_are_taken_and_set_and_opt_outs_are_kept(house: House) -> None:
    own, rival = await program(house), await program(house, key="rival")
    free = (await own.get("/available-numbers"))[1]["numbers"][0]["number"]
    assert (await post(own, f"/available-numbers/{free}/take"))[0] == 200
    assert (await post(rival, f"/available-numbers/{free}/take"))[1]["code"] == "not-available"
    url = "https://me:hush-hush@example.com/calls"
    assert (await post(own, f"/numbers/{free}/call-postbacks", url=url))[0] == 200
    assert (await own.get(f"/numbers/{free}"))[1]["call_postbacks"] == "https://me:***@example.com/calls"
    assert (await post(own, f"/numbers/{free}/call-postbacks", url="ftp://example.com"))[0] == 422
    set_texts = await post(own, f"/numbers/{OURS}/texts", email_enabled=True, email="ops@example.com")
    assert set_texts[0] == 200
    assert (await own.get(f"/numbers/{OURS}"))[1]["texts"]["email"] == "ops@example.com"
    assert (await post(own, f"/numbers/{OURS}/texts", email_enabled=True, email="no mail"))[0] == 422
    texts = await post(own, f"/numbers/{OURS}/text-postbacks", kind="incoming", url=url)
    assert texts[0] in (200, 409)

    assert (await post(own, "/opt-outs", number="201 555 0177"))[1] == {"number": "+12015550177", "changed": True}
    assert (await post(own, "/opt-outs", number="201 555 0177"))[1]["changed"] is False
    assert [each["number"] for each in (await own.get("/opt-outs"))[1]["opt_outs"]] == ["+12015550177"]
    assert (await own.get("/opt-outs", after="+12015550177"))[1]["opt_outs"] == []
    assert (await rival.get("/opt-outs"))[1]["opt_outs"] == []
    assert (await post(rival, "/opt-outs/+12015550177/delete"))[0] == 404
    assert (await post(own, "/opt-outs/+12015550177/delete"))[0] == 200
    assert len((await own.get("/activity"))[1]["minutes"]) == 60

    audit = await sql(house.database, "SELECT action, after, license_key, role FROM console_audit ORDER BY entry_id")
    assert {"take number", "set call postbacks", "add opt out"} <= {row["action"] for row in audit}
    assert {row["role"] for row in audit} == {"program"}
    assert "hush-hush" not in json.dumps([row["after"] for row in audit])


async def test_the_operator_makes_keys_and_lets_people_in(house: House) -> None:
    own, customer = await operator(house), await program(house)
    assert (await customer.get("/operator/state"))[1]["code"] == "scope-missing"
    assert (await own.get("/calls"))[1]["code"] == "scope-missing"
    status, state = await own.get("/operator/state")
    assert (status, state["parts"]) == (200, {"ari": True, "database": True, "media": False})
    assert any(alert["severe"] and "media" in alert["text"] for alert in state["alerts"])

    status, made = await post(own, "/operator/keys", name="bolt", settings={"products": "phone"})
    assert status == 201
    assert (await post(own, "/operator/keys", name="bolt"))[1]["code"] == "key-refused"
    assert (await post(own, "/operator/keys", name="nuts", settings={"nothing": 1}))[0] == 422
    status, invited = await post(own, "/operator/people", name="bob", license_key="bolt")
    assert (status, "/console/link/" in invited["link"]) == (201, True)
    bob = house.browser()
    assert (await bob.use_link(invited["link"].rpartition("/")[2])).status == 303
    assert (await bob.get("/calls")).status == 200
    assert (await post(own, "/operator/people", name="BOB"))[1]["code"] == "name-taken"
    assert (await post(own, "/operator/people", name="eve", license_key="no such key"))[0] == 422
    assert (await post(own, "/operator/people/bob/disable"))[0] == 200
    assert (await bob.get("/calls")).status == 303
    assert (await post(own, "/operator/people/bob/enable"))[0] == 200
    assert (await post(own, "/operator/people/bob/link"))[0] == 200
    assert (await post(own, "/operator/people/nobody/link"))[0] == 404
    assert [each["name"] for each in (await own.get("/operator/people"))[1]["people"]] == ["bob"]

    assert (await post(own, "/operator/keys/bolt/revoke"))[0] == 200
    assert (await post(own, "/operator/keys/acme/revoke"))[1]["code"] == "key-refused"
    known = {each["name"]: each for each in (await own.get("/operator/keys"))[1]["keys"]}
    assert known["bolt"]["revoked"] is not None
    assert (known["acme"]["stored"], known["acme"]["revoked"]) == (False, None)
    entries = (await own.get("/operator/audit"))[1]["entries"]
    assert entries[0]["action"] == "revoke key"
    assert made["key"] not in json.dumps(entries)


async def test_the_operator_orders_about_calls_are_refused_with_a_reason(house: House) -> None:
    own = await operator(house)
    await house.call(1000000001)
    for path, body in (("end", {}), ("transfer", {"to": "2015550110"}), ("listen", {"phone": "alice"})):
        status, told = await own.ask("POST", f"/operator/calls/1000000001/{path}", body)
        assert status in (409, 422), (path, told)
        assert (await own.ask("POST", f"/operator/calls/7/{path}", body))[0] in (404, 422)
    assert (await post(own, "/operator/calls/1000000001/transfer", to="9005550110"))[1]["code"] == "invalid"


async def test_a_token_of_the_operator_comes_from_an_operator_and_one_of_a_key_has_no_scope_of_the_operator(
    house: House,
) -> None:
    ann, carl = await house.logged_in("ann"), await house.logged_in("carl", "acme")
    assert (await carl.post("/tokens/operator", ("scope", "operator:write"), name="mine")).status == 403
    assert (await carl.post("/tokens", ("scope", "operator:write"), name="mine")).status == 422
    page = await ann.post("/tokens/operator", ("scope", "operator:read"), name="ours")
    token = next(word for word in page.words.split() if word.startswith("rp_"))
    assert (await Program(house, token).get("/operator/keys"))[0] == 200
    assert (await post(Program(house, token), "/operator/keys", name="bolt"))[0] == 403
    (known,) = [each for each in await ApiTokens(house.database).of_key(None) if each.name == "ours"]
    assert (await ann.post("/tokens/operator/take-back", token=str(known.token_id))).status == 303
    assert (await Program(house, token).get("/operator/keys"))[0] == 401


async def test_each_operation_has_a_name_of_its_own_and_each_scope_is_used(house: House) -> None:
    async with house.http.get(f"{house.url}/ringpost/v1/openapi.json") as answer:
        document = await answer.json()
    named = {each["operationId"] for methods in document["paths"].values() for each in methods.values()}
    assert len(named) == sum(len(methods) for methods in document["paths"].values()), "each name once"
    assert len(named) >= 55
    assert [scope for scope in Scope if f"Scope: `{scope}`" not in json.dumps(document)] == []
