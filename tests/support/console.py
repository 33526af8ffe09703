"""The console over real HTTP and a real PostgreSQL; only Asterisk and the speech are made up."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import aiohttp
from aiohttp import web
from prometheus_client import CollectorRegistry

from controller.api.console.application import Console
from controller.api.console.parts import ConsoleParts
from controller.api.console.store.people import People, Person
from controller.api.console.store.sessions import Sessions
from controller.api.console.visit import ROOT
from controller.asterisk.browser_phones import BrowserPhones
from controller.calls.store.sip_ladders import SipLadders
from controller.config.sections import HttpSection
from controller.directory.entries import Entries
from controller.directory.granted_dids import GrantedDids
from controller.directory.key_sounds import KeySounds
from controller.directory.postback_urls import PostbackUrls
from controller.directory.snapshot import Snapshot
from controller.directory.stored_keys import StoredKeys
from controller.metering.prices import FREE, CurrentPrices, PriceList
from controller.postbacks.outbox import Postback, enqueue
from controller.script.analysis.checker import NOWHERE
from controller.service.build_json_api import JsonApiParts, json_api
from controller.speech.library import SoundLibrary
from controller.speech.prompts import Prompts
from controller.speech.voices import Voices
from controller.store.database import Database
from controller.texts.metrics import TextMetrics
from controller.texts.queueing import Queueing, utc_now
from controller.texts.rules import Rules
from controller.texts.service import Texts
from tests.support.calls import CallsRoom, calls_room
from tests.support.fake_ari import FakeAri
from tests.support.phone_notify import snapshot
from tests.support.sql import sql
from tests.support.synthesizers import ToneSynthesizer

PASSWORD = "correct horse battery"
_CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


@dataclass(slots=True)
class Answer:
    """What a browser gets."""

    status: int
    text: str
    headers: dict[str, str]
    cookies: dict[str, str]

    @property
    def csrf(self) -> str:
        """The token of the forms on the page."""
        found = _CSRF.search(self.text)
        assert found is not None, self.text
        return found[1]

    @property
    def words(self) -> str:
        """The page without its marks, for what a person reads."""
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", self.text)).split())


class Browser:
    """A browser without JavaScript: it keeps cookies and follows nothing."""

    def __init__(self, base: str, http: aiohttp.ClientSession) -> None:
        self._base = base
        self._http = http
        self.cookies: dict[str, str] = {}
        self.last_csrf = ""

    async def get(self, path: str, **headers: str) -> Answer:
        """Ask for a page."""
        return await self._ask("GET", path, None, headers)

    async def post(self, path: str, *pairs: tuple[str, str], csrf: str | None = None, **fields: str) -> Answer:
        """Send a form with the CSRF token of the last page, or another."""
        form = [("csrf", self.last_csrf if csrf is None else csrf), *fields.items(), *pairs]
        return await self._ask("POST", path, aiohttp.FormData(form), {})

    async def upload(self, path: str, name: str, content: bytes, **fields: str) -> Answer:
        """Send a form with a file."""
        form = aiohttp.FormData()
        for field, value in (("csrf", self.last_csrf), *fields.items()):
            form.add_field(field, value)
        form.add_field("file", io.BytesIO(content), filename=name, content_type="application/octet-stream")
        return await self._ask("POST", path, form, {})

    async def log_in(self, name: str, password: str = PASSWORD) -> Answer:
        """Log in by the form."""
        await self.get("/log-in")
        return await self.post("/log-in", name=name, password=password)

    async def use_link(self, token: str) -> Answer:
        """Log in by a link, as its page does."""
        await self.get(f"/link/{token}")
        answer = await self.post(f"/link/{token}")
        await self.get("/me")
        return answer

    async def _ask(self, method: str, path: str, body: aiohttp.FormData | None, headers: dict[str, str]) -> Answer:
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} | headers
        url = f"{self._base}{ROOT}{path}"
        async with self._http.request(method, url, data=body, headers=sent, allow_redirects=False) as answer:
            text = (await answer.read()).decode(errors="replace")
            for name, morsel in answer.cookies.items():
                if morsel.value and morsel["max-age"] != "0":
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)
            given = Answer(answer.status, text, dict(answer.headers), dict(self.cookies))
        if found := _CSRF.search(text):
            self.last_csrf = found[1]
        return given


@dataclass(slots=True)
class House:
    """The running console. `url`: of the service."""

    url: str
    room: CallsRoom
    console: Console
    sounds: KeySounds
    dids: GrantedDids
    entries: Entries
    texts: Texts
    postback_urls: PostbackUrls
    http: aiohttp.ClientSession

    @property
    def database(self) -> Database:
        """The database behind it."""
        return self.room.database

    def browser(self) -> Browser:
        """Somebody who is not logged in."""
        return Browser(self.url, self.http)

    async def person(self, name: str, key: str | None = None) -> Person:
        """Let somebody in."""
        person = await People(self.database).add(name, key)
        assert person is not None
        return person

    async def logged_in(self, name: str, key: str | None = None) -> Browser:
        """The browser of somebody new who is logged in."""
        browser = self.browser()
        await browser.use_link(await Sessions(self.database).make_link(await self.person(name, key)))
        return browser

    async def call(self, queue_id: int, key: str = "acme", *, open_call: bool = False, **values: object) -> datetime:
        """Store a call that came in a minute ago; gives when it began."""
        began = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
        row: dict[str, object] = {
            "queue_id": queue_id,
            "license_key": key,
            "direction": "incoming",
            "our_number": "+12015550101",
            "their_number": "+12015550199",
            "channel_id": f"channel-{queue_id}",
            "program": "none",
            "script_state": "{}",
            "started_at": began,
            "answered_at": began + timedelta(seconds=1),
            "ended_at": None if open_call else began + timedelta(seconds=31),
            "end_reason": "" if open_call else "hung-up",
            "response_code": 29 if open_call else 30,
            "state": "answered" if open_call else "ended",
            **values,
        }
        places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
        await sql(self.database, f"INSERT INTO calls ({', '.join(row)}) VALUES ({places})", *row.values())
        return began

    async def trace(self, queue_id: int, began: datetime, *lines: tuple[float, str, str]) -> None:
        """Store what happened on a call: (seconds since it began, event, fields as JSON)."""
        statement = "INSERT INTO call_trace (queue_id, number, at, event, fields) VALUES ($1, $2, $3, $4, $5::jsonb)"
        for number, (seconds, event, fields) in enumerate(lines, 1):
            await sql(self.database, statement, queue_id, number, began + timedelta(seconds=seconds), event, fields)

    async def postback(self, postback: Postback) -> str:
        """Put a post-back into the outbox; gives its id."""
        async with self.database.transaction() as transaction:
            await enqueue(transaction, [postback])
        return str(postback.id)


@asynccontextmanager
async def console_house(
    postgres: str,
    media: Path,
    directory: Snapshot | None = None,
    *,
    http: HttpSection | None = None,
    prices: PriceList = FREE,
) -> AsyncIterator[House]:
    """The console on a free port, with the rooms behind it."""

    async def health() -> dict[str, bool]:
        return {"ari": True, "database": True, "media": False}

    async with FakeAri() as ari, calls_room(ari, postgres, directory or snapshot()) as room:
        prompts = Prompts(media, Voices([ToneSynthesizer("tone")], {}))
        sounds = KeySounds(room.directory, SoundLibrary(room.database, prompts), prompts)
        dids = GrantedDids(room.database, room.directory, NOWHERE, sounds.ids)
        entries = Entries(room.database)
        entries.on_change(room.directory.keep)
        queueing = Queueing(room.directory, room.database, Rules(), utc_now)
        urls = PostbackUrls(room.database)
        texts = Texts(room.database, room.directory, queueing, TextMetrics(CollectorRegistry()))
        parts = ConsoleParts(
            http or HttpSection(),
            room.database,
            room.directory,
            room.feed,
            room.administration,
            texts,
            dids,
            entries,
            sounds,
            health,
            NOWHERE,
            room.notifications,
            urls,
            CurrentPrices(prices),
            lambda trunk: trunk == "resting",
            BrowserPhones(room.ari, f"{ari.url}/ws"),
            lambda _channel: None,
            [media],
            StoredKeys(room.database, room.directory),
            SipLadders(room.database).of_call,
        )
        console = Console(parts)
        application = web.Application(client_max_size=4 * 1024 * 1024)
        own = JsonApiParts(
            room.database,
            console.reads,
            room.directory,
            room.notifications,
            room.administration,
            texts,
            CurrentPrices(prices),
            dids,
            entries,
            sounds,
            urls,
            console.audit,
            console.operations,
        )
        application.add_routes(json_api(own).routes())
        application.add_subapp(f"{ROOT}/", console.application())
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5, auto_decompress=False)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            async with aiohttp.ClientSession() as client:
                url = f"http://127.0.0.1:{runner.addresses[0][1]}"
                yield House(url, room, console, sounds, dids, entries, texts, urls, client)
        finally:
            await runner.cleanup()
