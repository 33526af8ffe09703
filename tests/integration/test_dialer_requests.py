"""The Dialer as programs use it: a message is sent, and what became of it is asked."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.dialer import (
    KEY,
    LANDLINE,
    MOBILE,
    OURS,
    PLAIN,
    SEND,
    SERVICE,
    STATUS,
    THEM,
    TOLL_FREE,
    USER,
    Dialer,
    dialer,
    request,
    snapshot,
    to,
)
from tests.support.sql import sql

SENT = ("PENDING", "TRANSACTION REQUIRES FURTHER ATTENTION")
UNDER_WAY = ("PENDING", "MORE INFORMATION IS REQUIRED")
PASSED = ("PASS", "ALL CHECKS PASSED")
NOT_DELIVERED = ("FAIL", "MESSAGE COULD NOT BE DELIVERED")
SUPPRESSED = ("FAIL", "SUPPRESSED SENDING CODE")
INVALID = ("FAIL", "DATA CHECK FAILED")
NOT_SENT = ("FAIL", "FAILED TO SEND TO NUMBER")


@pytest.fixture(scope="module")
async def room(fresh_database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Dialer]:
    async with dialer(fresh_database, tmp_path_factory.mktemp("dialer")) as running:
        yield running


async def test_a_message_that_was_sent_is_answered_with_the_template_to_ask_with(room: Dialer) -> None:
    answer = await room.send(request(unknown={"key": 1}))
    token = answer.template["token"]
    assert re.fullmatch(r"[a-z0-9]{32}", token)
    assert answer.http_status == 200
    meta = answer.json["meta"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", meta.pop("timestamp"))
    assert re.fullmatch(r"\d{10}", str(meta.pop("confirmation")))
    assert answer.json == {
        "output": {"outofband": {}},
        "meta": {"reference": "12345", "service": SERVICE, "company": "Acme Inc.", "user": USER},
        "result": {"action": "PENDING", "detail": "TRANSACTION REQUIRES FURTHER ATTENTION", "issues": []},
        "continuations": {
            "outofband": {
                "url": STATUS,
                "template": {"dialer": {"return": "status"}, "token": token},
                "instructions": "Submit the template to the url to learn what became of the message.",
            }
        },
    }
    again = await room.status(answer.template)
    assert again.result == UNDER_WAY
    assert again.template == answer.template
    assert again.json["meta"]["reference"] == "12345"


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (to("5551234567"), INVALID),
        (to("911"), INVALID),
        (to("no number"), INVALID),
        (to(12015106000), SENT),
        (to(f"+1 ({THEM[:3]}) {THEM[3:6]}-{THEM[6:]}", ""), SENT),
        (to(MOBILE, "landline", "voip"), SENT),
        (to(MOBILE, "mobile"), SUPPRESSED),
        (to(MOBILE, " Mobile "), SUPPRESSED),
        (to(LANDLINE, "landline"), SUPPRESSED),
        (to(OURS, "voip"), SUPPRESSED),
        (to(TOLL_FREE, "toll-free"), SUPPRESSED),
        (to(TOLL_FREE, "mobile", "landline", "voip"), SENT),
        (to(THEM, "mobile", "landline", "voip"), SENT),
        (to("+4930123456"), NOT_SENT),
        (to("9005551234"), NOT_SENT),
    ],
)
async def test_the_first_answer_is_that_of_the_table(
    room: Dialer, body: dict[str, Any], result: tuple[str, str]
) -> None:
    answer = await room.send(body)
    assert (answer.http_status, answer.result) == (200, result)
    assert answer.json["meta"]["confirmation"] > 0
    assert ("continuations" in answer.json) == (result == SENT)


@pytest.mark.parametrize("types", ["mobile", None, [""], [None], "", ["", "voip"]])
async def test_types_may_be_written_as_programs_write_them(room: Dialer, types: object) -> None:
    options = {"outofband": {"message": "test.message", "do_not_send_to_types": types}}
    assert (await room.send(request(options=options))).result == SENT


async def test_an_unknown_type_is_suppressed_where_the_setting_says_so(postgres: str, tmp_path: Path) -> None:
    async with dialer(postgres, tmp_path, snapshot(suppress_unknown=True)) as room:
        assert (await room.send(to(THEM, "mobile"))).result == SUPPRESSED
        assert (await room.send(to(THEM, ""))).result == SENT


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", (400, 100)),
        (b'{"user": ', (400, 100)),
        (b"\xff\xfe\x00", (400, 100)),
        (b"[" * 20_000, (400, 100)),
        (b" " * 70_000, (413, 101)),
        (b"[]", (400, 102)),
        (b"null", (400, 102)),
        (request(target="2015106000"), (400, 102)),
        (request(options=[1]), (400, 102)),
        (request(user={"a": 1}), (400, 102)),
        (to(THEM, "everybody"), (400, 102)),
        (to(THEM, {"type": "mobile"}), (400, 102)),
        (request(user="somebody@example.com"), (401, 200)),
        (request(**{"pass": "wrong"}), (401, 200)),
        (request(**{"pass": None}), (401, 200)),
        (request(user=None), (401, 200)),
        (request(user="phones", **{"pass": "7f6c1a52-0000-4000-8000-0000000000cc"}), (401, 200)),
        (request(**{"pass": KEY.key}), (401, 200)),
        (request(service="PhoneMatch5.0.SMS"), (400, 300)),
        (request(service=None), (400, 300)),
        (request(target=None), (400, 301)),
        (request(target={}), (400, 301)),
        (to(" "), (400, 301)),
        (request(options=None), (400, 302)),
        (to(THEM, message=""), (400, 302)),
        (to(THEM, message="nothing.here"), (400, 303)),
        (to(THEM, message="~^|()\u0000"), (400, 303)),
    ],
)
async def test_each_mistake_is_told_in_both_places(room: Dialer, body: object, error: tuple[int, int]) -> None:
    answer = await room.send(body)
    assert answer.error[:2] == error


async def test_a_wrong_method_is_refused_in_the_interfaces_own_way(room: Dialer) -> None:
    for path in (SEND, STATUS):
        async with room.http.get(room.url + path) as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "POST")
            assert (await answer.json())["error"]["code"] == 103


@pytest.mark.parametrize(
    "content_type", [None, "application/json", "text/plain", "application/x-www-form-urlencoded", "a/b; charset=utf-7"]
)
async def test_the_body_is_json_whatever_the_content_type_says(room: Dialer, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    answer = await room.post(SEND, request(reference="Füße \U0001f600"), headers)
    assert (answer.result, answer.json["meta"]["reference"]) == (SENT, "Füße \U0001f600")


async def test_who_has_no_login_of_the_dialer_logs_in_with_name_and_licence_key(room: Dialer) -> None:
    for password in (PLAIN.key, PLAIN.key.upper(), f"{{{PLAIN.key}}}"):
        answer = await room.send(request(user="Plain", **{"pass": password}))
        assert answer.error[1] == 303, "the login is right, and this key has no such message"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"dialer": {"return": "status"}}, (400, 400)),
        ({"dialer": {"return": "status"}, "token": "x"}, (401, 401)),
        ({"token": "a" * 32}, (401, 401)),
        ({"token": ["a"]}, (400, 102)),
        (b"}", (400, 100)),
    ],
)
async def test_a_token_that_nobody_has_is_refused(room: Dialer, body: object, error: tuple[int, int]) -> None:
    assert (await room.status(body)).error[:2] == error


async def test_a_token_expires_and_its_row_leaves_later(room: Dialer) -> None:
    await sql(room.room.database, "DELETE FROM dialer_messages")
    template = (await room.send(request())).template
    kept = await sql(room.room.database, "SELECT token_hash, expires_at - sent_at AS kept FROM dialer_messages")
    assert [row["kept"].days for row in kept] == [30]
    assert template["token"].encode() not in kept[0]["token_hash"]
    await sql(room.room.database, "UPDATE dialer_messages SET expires_at = now() - interval '1 hour'")
    assert (await room.status(template)).error == (401, 402, "TOKEN HAS EXPIRED")
    assert await room.room.database.fetchval("remove_old_dialer_messages", 86_400.0, 10) == 0
    assert await room.room.database.fetchval("remove_old_dialer_messages", 60.0, 10) == 1
    assert (await room.status(template)).error[:2] == (401, 401)


async def test_a_message_that_is_refused_leaves_no_token_behind(room: Dialer) -> None:
    await sql(room.room.database, "DELETE FROM dialer_messages")
    assert (await room.send(to("+4930123456"))).result == NOT_SENT
    assert await sql(room.room.database, "SELECT * FROM dialer_messages") == []


async def test_two_controllers_answer_alike_and_so_does_one_that_was_restarted(postgres: str, tmp_path: Path) -> None:
    async with dialer(postgres, tmp_path / "1", controller_id="one") as one:
        sent = await one.send(request())
        async with dialer(postgres, tmp_path / "2", controller_id="two") as two:
            assert (await two.status(sent.template)).result == UNDER_WAY
            other = await two.send(request())
        assert (await one.status(other.template)).result == UNDER_WAY
    async with dialer(postgres, tmp_path / "3", controller_id="three") as restarted:
        for answer in (sent, other):
            asked = await restarted.status(answer.template)
            assert (asked.result, asked.template) == (UNDER_WAY, answer.template)
            assert asked.json["meta"]["confirmation"] == answer.json["meta"]["confirmation"]


async def test_a_hundred_status_requests_at_once_are_answered_alike(room: Dialer) -> None:
    template = (await room.send(request())).template
    answers = await asyncio.gather(*(room.status(template) for _ in range(100)))
    assert {each.result for each in answers} == {UNDER_WAY}
    assert all(each.template == template for each in answers)


async def test_a_repeated_request_with_an_idempotency_key_sends_nothing_again(room: Dialer) -> None:
    headers = {"Idempotency-Key": "order 4711"}
    first = await room.post(SEND, request(reference="once"), headers)
    again = await room.post(SEND, request(reference="once"), headers)
    assert again.json == first.json
    other = await room.post(SEND, request(reference="twice"), headers)
    assert other.error[:2] == (400, 102)
    fresh = await room.post(SEND, request(reference="once"), {"Idempotency-Key": "order 4712"})
    assert fresh.template["token"] != first.template["token"]


async def test_a_path_behind_a_base_url_with_a_slash_is_the_same(room: Dialer) -> None:
    assert (await room.post(f"/{SEND}", request())).result == SENT
    assert (await room.post(f"/{STATUS}", {"token": "x"})).error[:2] == (401, 401)
