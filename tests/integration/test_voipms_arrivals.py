"""A text that comes in goes where setSMS says: a URL until it says ok, a webhook, a mail, another number."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from aiohttp import web

from tests.support.patience import LONGEST_WAIT
from tests.support.receiving import delivering
from tests.support.voipms import KEY
from tests.support.voipms_room import CONTACT, DID, VoipmsRoom, snapshot, voipms_room


@dataclass
class Receiver:
    """A customer's server. answers: what it says to each GET in turn; the last one again and again."""

    answers: list[str]
    fetched: list[dict[str, str]] = field(default_factory=list)
    hooks: list[dict[str, object]] = field(default_factory=list)
    url: str = ""
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def on_get(self, request: web.Request) -> web.Response:
        self.fetched.append(dict(request.query))
        self.came.set()
        return web.Response(text=self.answers[min(len(self.fetched), len(self.answers)) - 1])

    async def on_post(self, request: web.Request) -> web.Response:
        assert request.content_type == "application/json"
        self.hooks.append(json.loads(await request.text()))
        self.came.set()
        return web.Response()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver(["accepted"])
    application = web.Application()
    application.add_routes([web.get("/in", receiver.on_get), web.post("/hook", receiver.on_post)])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield receiver
    finally:
        await runner.cleanup()


@pytest.fixture
async def room(postgres: str, tmp_path: Path) -> AsyncIterator[VoipmsRoom]:
    known = snapshot(replace(KEY, mail_to=frozenset({"@acme.example"})))
    async with voipms_room(postgres, tmp_path / "media", known) as running:
        yield running


async def test_a_text_goes_everywhere_that_its_number_says(room: VoipmsRoom, receiver: Receiver) -> None:
    mails: list[tuple[str, str]] = []

    async def mail(recipient: str, body: str) -> None:
        mails.append((recipient, body))
        receiver.came.set()

    switches = {
        "url_callback_enable": 1,
        "url_callback": f"{receiver.url}/in?from={{FROM}}&to={{TO}}&message={{MESSAGE}}&id={{ID}}&date={{TIMESTAMP}}",
        "url_callback_retry": 1,
        "webhook_enabled": 1,
        "webhook": f"{receiver.url}/hook",
        "email_enabled": 1,
        "email_address": "it@acme.example",
        "sms_forward_enable": 1,
        "sms_forward": "2125550199",
    }
    assert await room.client.status("setSMS", did=DID, enable=1, **switches) == "success"
    async with delivering(room.texts.database, mail=mail):
        assert await room.texts.receive("Open & close", sender=f"<sip:+1{CONTACT}@192.0.2.1>")
        async with asyncio.timeout(LONGEST_WAIT):
            while not (receiver.fetched and receiver.hooks and mails):
                receiver.came.clear()
                await receiver.came.wait()
        (forwarded,) = await room.texts.asterisk.until_sent(1)
    assert forwarded.body == f"{CONTACT}: Open & close"
    row = (await room.rows(type=1))[0]
    expected = {"from": CONTACT, "to": DID, "message": "Open & close", "id": row["id"], "date": row["date"]}
    assert receiver.fetched == [expected]
    payload = receiver.hooks[0]["data"]["payload"]  # type: ignore[index]
    assert (payload["from"]["phone_number"], payload["text"]) == (f"+1{CONTACT}", "Open & close")
    assert mails == [("it@acme.example", f"SMS from {CONTACT} to {DID}\n\nOpen & close")]
    # The page did not say ok: half an hour later it is asked again, the same way.
    (waiting,) = await room.texts.until(
        "SELECT extract(epoch FROM due_at - now())::float8 AS seconds FROM postback_outbox WHERE tries = 1"
    )
    assert 1700 < waiting["seconds"] <= 1800
    receiver.answers = ["OK"]
    await room.texts.rows("UPDATE postback_outbox SET due_at = now() RETURNING 1 AS due")
    async with delivering(room.texts.database):
        async with asyncio.timeout(LONGEST_WAIT):
            while len(receiver.fetched) < 2:
                receiver.came.clear()
                await receiver.came.wait()
    assert receiver.fetched == [expected, expected]
    assert await room.texts.rows("SELECT 1 AS one FROM postback_outbox") == []


async def test_addresses_that_the_configuration_does_not_name_get_no_mail(room: VoipmsRoom) -> None:
    switches = {"email_enabled": 1, "email_address": "somebody@elsewhere.example"}
    assert await room.client.status("setSMS", did=DID, enable=1, **switches) == "success"
    assert await room.texts.receive("hello", sender=f"<sip:+1{CONTACT}@192.0.2.1>")
    assert await room.rows(type=1)
    assert await room.texts.rows("SELECT 1 AS one FROM postbacks") == []
