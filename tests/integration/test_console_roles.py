"""Every door of the console with every role: nobody gets further than the door says, and sees nothing of others.

The doors are those that the console has: a new one is tried without a word here.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from controller.api.console.visit import Audience, Door
from controller.api.store.api_tokens import ApiTokens
from controller.directory.saved_scripts import SavedScripts
from controller.texts.consent import OptOuts
from controller.texts.model.order import TextOrder
from controller.texts.store.opt_outs import OptOut
from tests.support.console import Answer, Browser, House, console_house
from tests.support.outbox import postback
from tests.support.patience import LONGEST_WAIT
from tests.support.phone_notify import TWO_SECONDS
from tests.support.sql import sql

SECRET = "acme-secret"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
OURS, THEIRS = "+12015550101", "+12015550188"
OF_KEY = (
    *("calls", "postbacks", "sounds", "saved_scripts", "script_versions", "customer_entries", "opt_outs", "texts"),
    *("console_people", "postback_urls", "api_tokens"),
)


@pytest.fixture(scope="module")
async def house(fresh_database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with console_house(fresh_database, tmp_path_factory.mktemp("media")) as made:
        await made.dids.load()
        yield made


class Filled:
    """A house in which the customer acme has one of everything; `text` is in all that comes from outside."""

    def __init__(self, house: House, queue_id: int, text: str) -> None:
        self.house = house
        self.queue_id = queue_id
        self.text = text
        self.postback_id = ""
        self.sequence = self.ivr = 0

    async def fill(self) -> Filled:
        house, text = self.house, self.text
        began = await house.call(self.queue_id, their_number=text[:40], end_reason=text)
        said, recorded, failed = (json.dumps({name: text}) for name in ("text", "id", "message"))
        await house.trace(self.queue_id, began, (1, "say", said), (2, "record", recorded))
        await house.trace(self.queue_id + 1, began, (1, "error", failed))
        await house.call(self.queue_id + 1, open_call=True, their_number=text[:40])
        made = postback(f"call:{self.queue_id}", event=text, url=f"http://192.0.2.1/{text}")
        self.postback_id = await house.postback(made)
        statement = "UPDATE postbacks SET body = $1 WHERE id = $2"
        await sql(house.database, statement, f"Field={text}", made.id)
        attempt = "INSERT INTO postback_attempts SELECT number, now(), 1, 500, false, $1 FROM postbacks WHERE id = $2"
        await sql(house.database, attempt, text, made.id)
        await house.sounds.put("acme", re.sub(r"[~^|/\\()]", "", text)[:60], TWO_SECONDS)
        await SavedScripts(house.database).save("acme", text[:50], f"Hello {text}", by=text)
        entries = house.entries
        steps = [{"type": "sms", "from": OURS, "to": THEIRS, "msg": text}]
        self.sequence = await entries.add("acme", "sequence", {"name": text, "steps": steps})
        content = {"name": text, "recording": "1", "timeout": 5, "language": "en", "choices": [["1", "sys:busy"]]}
        self.ivr = await entries.add("acme", "ivr", content)
        await house.texts.queue([TextOrder("acme", THEIRS, text, sender=OURS)])
        await ApiTokens(house.database).make("acme", text[:100], ["calls:read"], text)
        await OptOuts(house.database).add(OptOut("acme", "+12015550177", body=text))
        return self

    def path(self, door: Door) -> str:
        """The address of a door that names acme's things."""
        values = {"queue_id": str(self.queue_id), "id": self.postback_id, "token": "no-such-token-at-all"}
        return re.sub(r"\{(\w+)(:[^}]*\}?)?\}", lambda found: values[found[1]], door.path)

    def query(self, door: Door) -> str:
        """What the address says besides: acme's things by their numbers."""
        number = self.ivr if "ivr" in door.path else self.sequence
        talk = "" if "opt-outs" in door.path else f"&our=%2B{OURS[1:]}&their=%2B{THEIRS[1:]}&number={number}"
        script = f"&name={quote(self.text[:50])}" if "scripts" in door.path else ""
        return f"?key=acme{talk}{script}" if door.path not in ("/calls", "/postbacks") else "?key=acme"

    async def ask(self, browser: Browser, door: Door, do: str = "") -> Answer:
        """Go through a door with acme's things in hand."""
        path = self.path(door)
        if door.method == "GET":
            if path.endswith("/live"):
                return await first_of_stream(self.house, browser, f"{path}?key=acme")
            return await browser.get(path + self.query(door))
        if door.uploads:
            return await browser.upload(path, "new.wav", TWO_SECONDS, key="acme", id="new")
        number = str(self.ivr if "ivr" in door.path else self.sequence)
        fields = {
            "key": "acme", "do": do, "name": "new", "script": "Hi.", "did": OURS, "new": "renamed", "our": OURS,
            "their": THEIRS, "body": "Hi.", "number": number, "number_of_ivr": number, "place": "sys:busy", "url": "",
            "password": "short", "again": "short", "recording": "1", "timeout": "5", "language": "en",
            "row_type": "dtmf", "row_codes": "1", "row_id": "", "row_from": "", "row_to": "", "row_msg": "",
        }  # fmt: skip
        if "people" in door.path:
            fields |= {"name": "somebody new", "key": ""}
        if "tokens" in door.path:
            fields |= {"token": "1", "scope": "calls:read"}
        if "opt-outs" in door.path:
            fields |= {"number": "+12015550177"}
        name = self.postback_id if "postbacks" in door.path else self.text
        return await browser.post(path, ("id", name), **fields)


async def first_of_stream(house: House, browser: Browser, path: str) -> Answer:
    """The first event of a stream, or what is answered instead of one."""
    cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}
    async with house.http.get(f"{house.url}/console{path}", headers=cookie, allow_redirects=False) as answer:
        text = ""
        if answer.content_type == "text/event-stream":
            async with asyncio.timeout(LONGEST_WAIT):
                while "\n\r\n" not in text:
                    text += (await answer.content.readline()).decode()
        else:
            text = await answer.text()
        return Answer(answer.status, text, dict(answer.headers), {})


async def _owned(house: House) -> list[str]:
    """What acme has, as the store has it."""
    found = []
    for table in OF_KEY:
        rows = await sql(house.database, f"SELECT t::text FROM {table} AS t WHERE license_key = 'acme' ORDER BY 1")
        found += [f"{table}: {row['t']}" for row in rows]
    grants = await sql(house.database, "SELECT t::text FROM did_grants AS t ORDER BY 1")
    waiting = await sql(house.database, "SELECT id, tries FROM postbacks LEFT JOIN postback_outbox USING (number)")
    return [*found, *(row["t"] for row in grants), *map(str, waiting)]


async def test_every_door_is_open_to_its_audience_only_and_shows_nothing_of_others(house: House) -> None:
    filled = await Filled(house, 1000000001, SECRET).fill()
    nobody, rival = house.browser(), await house.logged_in("rita", "rival")
    await nobody.get("/log-in")
    before = await _owned(house)
    for door in house.console.doors:
        named = f"{door.method} {door.path}"
        answer = await filled.ask(nobody, door)
        if door.audience is not Audience.EVERYBODY:
            assert (named, answer.status) == (named, 303 if door.method == "GET" else 403)
            assert SECRET not in answer.text, named
        if door.path == "/log-out":
            continue
        for do in ("", "save", "assign", "simulate"):
            answer = await filled.ask(rival, door, do)
            assert answer.status < 500, named
            if door.audience is Audience.OPERATORS:
                assert (named, answer.status) == (named, 403)
            # What somebody names comes back in an error; nothing else of it does.
            told = answer.text.replace(f"“{SECRET}”", "")
            assert SECRET not in told, named
    after = [row for row in await _owned(house) if not row.startswith("did_grants")]
    assert after == before


async def test_its_own_customer_and_an_operator_get_through_every_door(house: House) -> None:
    filled = await Filled(house, 1000000101, "of acme").fill()
    carl, ann = await house.logged_in("carl", "acme"), await house.logged_in("ann")
    for browser, is_operator in ((carl, False), (ann, True)):
        for door in house.console.doors:
            if door.method == "GET" and "token" not in door.path and not door.path.startswith(("/sounds/", "/phone/")):
                answer = await filled.ask(browser, door)
                expected = 403 if door.audience is Audience.OPERATORS and not is_operator else 200
                if door.path == "/log-in":
                    expected = 303
                assert (door.path, answer.status) == (door.path, expected)


async def test_what_comes_from_outside_comes_out_as_text_on_every_page(house: House) -> None:
    filled = await Filled(house, 1000000201, HOSTILE).fill()
    ann = await house.logged_in(HOSTILE[:60])
    seen = 0
    for door in house.console.doors:
        if door.method != "GET" or door.path.startswith("/sounds/"):
            continue
        page = (await filled.ask(ann, door)).text
        assert "<script>alert" not in page, door.path
        assert "<img src=x" not in page, door.path
        seen += "&lt;script&gt;alert(1)" in page
    assert seen >= 10
