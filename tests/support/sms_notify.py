"""The interfaces of SMS Notify! over real HTTP and a real PostgreSQL; only Asterisk is made up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from prometheus_client import CollectorRegistry

from controller.api.auth import Guesses
from controller.config.sections import HttpSection
from controller.directory.postback_urls import PostbackKind, PostbackUrls
from controller.directory.snapshot import Did, LicenseKey, Phone, Snapshot, Trunk
from controller.egress.guard import Guard
from controller.service.build_interfaces import InterfaceParts, customer_routes
from controller.service.build_voipms import voipms_routes
from controller.texts.metrics import TextMetrics
from controller.texts.service import Texts
from tests.support.texts import DID, OTHER_DID, PHONE_NUMBER, URL, FakeAsterisk, TextsRoom, texts_room
from tests.support.voipms_room import voipms_parts

KEY = "aaaaaaaa-1111-4222-8333-444444444444"
RIVAL = "bbbbbbbb-1111-4222-8333-444444444444"
SUSPENDED = "cccccccc-1111-4222-8333-444444444444"
WITHOUT_DID = "dddddddd-1111-4222-8333-444444444444"
VOICE_ONLY = "eeeeeeee-1111-4222-8333-444444444444"
UNKNOWN = "99999999-1111-4222-8333-444444444444"
NO_GUID = "00000000-0000-0000-0000-000000000000"
RECIPIENT = "2125550123"

ENVELOPE11 = "http://schemas.xmlsoap.org/soap/envelope/"


def snapshot() -> Snapshot:
    """A key with two DIDs, one with a DID and no URL, a suspended one, one without DIDs, and one without texts."""
    acme = LicenseKey("acme", KEY, frozenset({"phone", "sms"}), URL)
    rival = LicenseKey("rival", RIVAL, frozenset({"sms"}))
    suspended = LicenseKey("suspended", SUSPENDED, frozenset({"sms"}), suspended=True)
    without_did = LicenseKey("without-did", WITHOUT_DID, frozenset({"sms"}))
    voice_only = LicenseKey("voice-only", VOICE_ONLY, frozenset({"phone"}))
    return Snapshot(
        license_keys={each.name: each for each in (acme, rival, suspended, without_did, voice_only)},
        dids={
            DID: Did(DID, voice=acme, sms=acme),
            OTHER_DID: Did(OTHER_DID, sms=acme, status_post_url="http://customer.example/did"),
            "+12015550103": Did("+12015550103", sms=rival),
        },
        phones={"alice": Phone("alice", "password", PHONE_NUMBER)},
        trunks={"carrier": Trunk("carrier", "192.0.2.1")},
    )


@dataclass
class SmsNotify:
    """The running interfaces. `url` is their address without a path."""

    url: str
    room: TextsRoom
    http: aiohttp.ClientSession
    postback_urls: PostbackUrls

    @property
    def asterisk(self) -> FakeAsterisk:
        """Who is handed the texts."""
        return self.room.asterisk

    async def get(self, path: str, **headers: str) -> Any:
        """An answer in JSON."""
        async with self.http.get(self.url + path, headers={"Accept": "application/json"} | headers) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def post(self, path: str, value: Any, **headers: str) -> Any:
        """An answer in JSON to a body in JSON."""
        async with self.http.post(self.url + path, json=value, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def text(self, path: str, **more: Any) -> str:
        """An answer as text, of POST where there is a body."""
        method = "POST" if "data" in more else "GET"
        async with self.http.request(method, self.url + path, **more) as answer:
            text = await answer.text()
            assert answer.status == 200, text
            return text

    async def send(self, message: str = "hello", *, number: str = RECIPIENT, key: str = KEY, **headers: str) -> Any:
        """SimpleSMSsend, by GET."""
        query = urlencode({"PhoneNumber": number, "Message": message, "LicenseKey": key})
        return await self.get(f"/sms.svc/SimpleSMSsend?{query}", **headers)

    async def until_state(self, text_id: str, state: str) -> None:
        """Wait until a text is in a state."""
        await self.room.until("SELECT 1 FROM texts WHERE text_id = $1::uuid AND state = $2", text_id, state)


@asynccontextmanager
async def sms_notify(
    dsn: str,
    known: Snapshot | None = None,
    *,
    sending: bool = True,
    guard: Guard | None = None,
    guesses: Guesses | None = None,
    media: Path | None = None,
) -> AsyncIterator[SmsNotify]:
    """Start the interfaces and the texts' room. sending: whether texts are handed to Asterisk.

    media: a folder for prompts, with which the VoIP.ms interface is served as well.
    """
    found: list[PostbackUrls] = []

    def postback_url(key: LicenseKey, did: Did, kind: PostbackKind) -> str:
        return found[0].url(key, did, kind)

    async with texts_room(dsn, known or snapshot(), sending=sending, postback_url=postback_url) as room:
        texts = Texts(room.database, room.directory, room.queueing, TextMetrics(CollectorRegistry()))
        urls = PostbackUrls(room.database)
        await urls.load()
        found.append(urls)
        parts = InterfaceParts(
            HttpSection(), room.database, room.directory, guard or Guard(), texts, urls, guesses or Guesses()
        )
        application = web.Application()
        application.add_routes(customer_routes(parts))
        if media is not None:
            application.add_routes(voipms_routes(await voipms_parts(room, media, parts.guesses)))
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5, auto_decompress=False)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            async with aiohttp.ClientSession() as http:
                yield SmsNotify(f"http://127.0.0.1:{runner.addresses[0][1]}", room, http, urls)
        finally:
            await runner.cleanup()
