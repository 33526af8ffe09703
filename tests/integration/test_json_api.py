"""Ringpost's own JSON interface: tokens with scopes, every operation, and its OpenAPI document."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from controller.api.json_api.declaration import BASE
from controller.api.json_api.scopes import Scope
from controller.api.store.api_tokens import MOST_PER_KEY, ApiTokens
from controller.texts.consent import OptOuts
from controller.texts.store.opt_outs import OptOut
from tests.support.console import House, console_house
from tests.support.outbox import postback
from tests.support.sql import sql

QUEUE_ID = 1000000001


@dataclass(frozen=True)
class Program:
    """A customer's program with its token."""

    house: House
    token: str

    async def ask(self, method: str, path: str, body: Any = None, **query: str) -> tuple[int, Any]:
        """The status, and the JSON of the answer."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        data = None if text is None else io.BytesIO(text.encode())
        url = f"{self.house.url}{BASE}{path}"
        async with self.house.http.request(method, url, data=data, params=query, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def get(self, path: str, **query: str) -> tuple[int, Any]:
        return await self.ask("GET", path, None, **query)


@pytest.fixture(scope="module")
async def house(fresh_database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with console_house(fresh_database, tmp_path_factory.mktemp("media")) as made:
        await made.dids.load()
        began = await made.call(QUEUE_ID)
        await made.call(QUEUE_ID + 1, key="rival")
        await made.trace(QUEUE_ID, began, (1, "digit", '{"digit": "7"}'))
        yield made


async def program(house: House, *scopes: Scope, key: str = "acme") -> Program:
    token = await ApiTokens(house.database).make(key, "a program", scopes or list(Scope), "ann")
    assert token is not None
    return Program(house, token)


async def test_a_token_from_the_console_opens_what_its_scopes_say_until_it_is_taken_back(house: House) -> None:
    carl = await house.logged_in("carl", "acme")
    page = await carl.post("/tokens", ("scope", "calls:read"), name="our <b>program")
    token = next(word for word in page.words.split() if word.startswith("rp_"))
    assert "<b>" not in page.text
    assert token not in (await carl.get("/tokens")).text
    own = Program(house, token)
    assert (await own.get("/calls"))[0] == 200
    status, refused = await own.get("/texts")
    assert (status, refused["code"]) == (403, "scope-missing")

    (known,) = [each for each in await ApiTokens(house.database).of_key("acme") if each.name == "our <b>program"]
    assert known.last_used_at is not None
    rita = await house.logged_in("rita", "rival")
    assert (await rita.post("/tokens/take-back", token=str(known.token_id))).status == 404
    assert (await carl.post("/tokens/take-back", token=str(known.token_id))).status == 303
    status, refused = await own.get("/calls")
    assert (status, refused["code"]) == (401, "token-unknown")
    assert (await carl.post("/tokens", name="nothing")).status == 422


async def test_without_a_token_nothing_is_told(house: House) -> None:
    for path in ("/calls", f"/calls/{QUEUE_ID}", "/texts", "/postbacks", "/numbers", "/usage"):
        assert (await Program(house, "").get(path))[0] == 401


async def test_every_operation_wants_its_scope(house: House) -> None:
    nothing = await program(house, Scope.USAGE_READ)
    async with house.http.get(f"{house.url}{BASE}/openapi.json") as answer:
        document = await answer.json()
    tried = 0
    for path, methods in document["paths"].items():
        for method in methods:
            if path != "/usage":
                filled = path.replace("{queue_id}", str(QUEUE_ID)).replace("{", "").replace("}", "")
                assert (await nothing.ask(method.upper(), filled, {}))[0] == 403, (method, path)
                tried += 1
    assert tried >= 12


async def test_calls_are_listed_shown_placed_and_cancelled(house: House) -> None:
    own = await program(house)
    status, listed = await own.get("/calls", number="201 555 0199", limit="10")
    assert (status, [each["queue_id"] for each in listed["calls"]], listed["more"]) == (200, [QUEUE_ID], False)
    status, shown = await own.get(f"/calls/{QUEUE_ID}")
    assert (status, shown["their_number"], shown["response_code"]) == (200, "+12015550199", 30)
    assert [(each["event"], each["fields"]) for each in shown["events"]] == [("digit", {"digit": "7"})]
    assert (await own.get(f"/calls/{QUEUE_ID + 1}"))[0] == 404, "it is another key's"

    order = {"number": "201 555 0188", "script": "Hello.", "at": "2026-12-24T12:00:00Z"}
    status, placed = await own.ask("POST", "/calls", order)
    assert (status, placed["mistakes"]) == (202, [])
    assert (await own.ask("POST", f"/calls/{placed['queue_id']}/end"))[1]["code"] == "waits"
    assert (await own.ask("POST", f"/calls/{placed['queue_id']}/cancel"))[0] == 200
    assert (await own.ask("POST", f"/calls/{placed['queue_id']}/cancel"))[1]["code"] == "not-waiting"
    rival = await program(house, key="rival")
    assert (await rival.ask("POST", f"/calls/{QUEUE_ID}/end"))[0] == 404

    status, refused = await own.ask("POST", "/calls", {"number": "201 555 0188", "script": "~\\Nothing()~"})
    assert (status, refused["code"]) == (422, "refused")
    assert refused["mistakes"][0]["line"] == 1


async def test_texts_are_sent_with_consent(house: House) -> None:
    own = await program(house)
    status, queued = await own.ask("POST", "/texts", {"to": "201 555 0188", "body": "Hello."})
    assert (status, queued["sender"]) == (202, "+12015550101")
    status, shown = await own.get(f"/texts/{queued['text_id']}")
    assert (status, shown["body"], shown["direction"]) == (200, "Hello.", "outgoing")
    assert (await own.get("/texts", number="201 555 0188"))[1]["texts"][0]["text_id"] == queued["text_id"]
    rival = await program(house, key="rival")
    assert (await rival.get(f"/texts/{queued['text_id']}"))[0] == 404
    await OptOuts(house.database).add(OptOut("acme", "+12015550177", body="STOP"))
    status, refused = await own.ask("POST", "/texts", {"to": "+12015550177", "body": "Hello."})
    assert (status, refused["code"]) == (422, "refused-blocked")


async def test_post_backs_are_looked_at_and_replayed(house: House) -> None:
    own, rival = await program(house), await program(house, key="rival")
    made = await house.postback(postback(f"call:{QUEUE_ID}", url="http://me:hush-hush@192.0.2.1/"))
    await sql(house.database, "DELETE FROM postback_outbox")
    status, listed = await own.get("/postbacks", subject=f"call:{QUEUE_ID}")
    assert (status, [each["postback_id"] for each in listed["postbacks"]]) == (200, [made])
    status, shown = await own.get(f"/postbacks/{made}")
    assert (status, shown["attempts"]) == (200, [])
    assert "hush-hush" not in json.dumps(shown)
    assert ["QueueID", str(QUEUE_ID)] in shown["form"]
    assert (await rival.ask("POST", f"/postbacks/{made}/replay"))[0] == 404
    assert (await own.ask("POST", f"/postbacks/{made}/replay"))[0] == 202
    assert (await own.get("/postbacks", state="waiting"))[1]["postbacks"][0]["postback_id"] == made


async def test_numbers_and_usage_are_the_keys_own(house: House) -> None:
    own = await program(house)
    status, told = await own.get("/numbers")
    assert (status, [each["number"] for each in told["numbers"]]) == (200, ["+12015550101", "+12015550102"])
    status, usage = await own.get("/usage", month="2026-11", by="day")
    assert (status, usage["month"], usage["lines"]) == (200, "2026-11", [])


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/calls", "{", 400),
        ("POST", "/calls", "[]", 400),
        ("POST", "/calls", "[" * 100_000, 400),
        ("POST", "/calls", '{"number": "1", "script": "x", "more": 1}', 422),
        ("POST", "/calls", '{"number": "\\ud800", "script": "x"}', 422),
        ("POST", "/calls", '{"number": "201 555 0188", "script": "x", "at": "tomorrow"}', 422),
        ("POST", "/calls", '{"number": "201 555 0188", "script": "x", "status_post_url": "ftp://x"}', 422),
        ("POST", "/calls", '{"script": "' + "x" * 2_000_000 + '"}', 413),
        ("POST", "/texts", '{"to": "\\u0000", "body": "\\u0000"}', 422),
        ("GET", "/calls?limit=0", None, 422),
        ("GET", "/calls?limit=1&limit=2", None, 422),
        ("GET", "/calls?nothing=1", None, 422),
        ("GET", "/calls?since=2026-11-27T00:00:00", None, 422),
        ("GET", "/calls/0", None, 422),
        ("GET", "/calls/" + "9" * 5000, None, 422),
        ("GET", "/texts/nonsense", None, 422),
        ("GET", "/usage?month=2026-13", None, 422),
        ("DELETE", "/calls", None, 405),
        ("GET", "/nothing", None, 404),
    ],
)
async def test_what_is_wrong_is_refused_in_the_interfaces_own_terms(
    house: House, method: str, path: str, body: str | None, status: int
) -> None:
    own = await program(house)
    got, told = await own.ask(method, path, body)
    assert got == status
    assert {"title", "status", "code", "detail"} <= told.keys()
    await sql(house.database, "DELETE FROM api_tokens WHERE name = 'a program'")


async def test_a_key_has_so_many_tokens_at_most(house: House) -> None:
    tokens = ApiTokens(house.database)
    while await tokens.make("rival", "one of many", [Scope.CALLS_READ], "ann") is not None:
        assert len(await tokens.of_key("rival")) <= MOST_PER_KEY
    assert len(await tokens.of_key("rival")) == MOST_PER_KEY
    await sql(house.database, "DELETE FROM api_tokens WHERE license_key = 'rival'")


async def test_the_page_to_try_it_names_every_operation(house: House) -> None:
    async with aiohttp.ClientSession() as http, http.get(f"{house.url}{BASE}/") as answer:
        page = await answer.text()
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    async with house.http.get(f"{house.url}{BASE}/openapi.json") as answer:
        document = await answer.json()
    assert document["openapi"].startswith("3.1")
    for path in document["paths"]:
        assert f"<code>{path}</code>" in page
