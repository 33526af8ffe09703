"""Phone Notify! over real HTTP and a real PostgreSQL; only Asterisk and the speech are made up."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import numpy as np
import zeep
from aiohttp import web

from controller.api.auth import Guesses
from controller.directory.granted_dids import GrantedDids
from controller.directory.key_sounds import KeySounds
from controller.directory.snapshot import Did, LicenseKey, Phone, Snapshot, Trunk
from controller.metering.prices import CurrentPrices, PriceList, Rate
from controller.metering.usage import UsageProduct
from controller.script.analysis.checker import NOWHERE
from controller.service.build_phone_notify import PhoneNotifyParts, phone_notify_routes
from controller.speech.library import SoundLibrary
from controller.speech.pcm import wav_file
from controller.speech.prompts import Prompts
from controller.speech.voices import Voices
from tests.support.calls import KEY as ACME
from tests.support.calls import CallsRoom, calls_room
from tests.support.fake_ari import FakeAri
from tests.support.synthesizers import ToneSynthesizer

KEY = ACME.key
RIVAL = "7f6c1a52-0000-4000-8000-0000000000ff"
TEXTS_ONLY = "7f6c1a52-0000-4000-8000-0000000000aa"
UNKNOWN = "7f6c1a52-ffff-4000-8000-000000000000"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PATH = "/NotifyWS/PhoneNotify.asmx"
NAMESPACE = "http://ws.cdyne.com/NotifyWS/"
TWO_SECONDS = wav_file([(np.sin(np.arange(16_000) / 3) * 9000).astype(np.int16)])


def snapshot(**sounds: Path) -> Snapshot:
    """A customer with two numbers, a rival, one for texts only, and numbers that nobody has."""
    rival = LicenseKey("rival", RIVAL, frozenset({"phone"}))
    texts = LicenseKey("texts", TEXTS_ONLY, frozenset({"sms"}))
    return Snapshot(
        license_keys={each.name: each for each in (ACME, rival, texts)},
        dids={
            "+12015550101": Did("+12015550101", voice=ACME, sms=ACME),
            "+12015550102": Did("+12015550102", voice=ACME, script_file=Path("welcome.txt"), script_source="Hello"),
            "+12015550103": Did("+12015550103", sms=texts),
            "+12015550107": Did("+12015550107", description="Jersey City"),
            "+18005550108": Did("+18005550108"),
        },
        phones={"alice": Phone("alice", "secret", "+12015550110")},
        trunks={"carrier": Trunk("carrier", "127.0.0.2", calls_per_second=1000, channels=10_000)},
        sounds={"acme": sounds},
    )


@dataclass
class PhoneNotify:
    """The running interface. `url`: its address. A second controller's numbers are those of `dids` too."""

    url: str
    room: CallsRoom
    dids: GrantedDids
    http: aiohttp.ClientSession

    async def get(self, operation: str, **parameters: Any) -> str:
        """The answer to a GET, as text; 200 is expected."""
        async with self.http.get(f"{self.url}/{operation}?{urlencode(parameters)}") as answer:
            text = await answer.text()
            assert answer.status == 200, text
            return text

    async def post(self, operation: str, **parameters: Any) -> str:
        """The answer to a form POST, as text; 200 is expected."""
        body = io.BytesIO(urlencode(parameters).encode())
        async with self.http.post(f"{self.url}/{operation}", data=body, headers=FORM) as answer:
            text = await answer.text()
            assert answer.status == 200, text
            return text

    async def soap(self, version: int = 11) -> Soap:
        """A zeep client, made from the WSDL."""
        client = await asyncio.to_thread(zeep.Client, f"{self.url}?WSDL")
        binding = "PhoneNotifySoap" if version == 11 else "PhoneNotifySoap12"
        return Soap(client.bind("PhoneNotify", binding), client)


@dataclass
class Soap:
    """Calls operations as a program on zeep does."""

    service: Any
    client: zeep.Client

    async def call(self, operation: str, **parameters: Any) -> Any:
        """The result of an operation."""
        return await asyncio.to_thread(getattr(self.service, operation), **parameters)


@asynccontextmanager
async def phone_notify(
    postgres: str,
    media: Path,
    directory: Snapshot | None = None,
    *,
    fake: FakeAri | None = None,
    guesses: Guesses | None = None,
) -> AsyncIterator[PhoneNotify]:
    """The interface on a free port, with the outgoing calls behind it."""
    async with fake or FakeAri() as ari, calls_room(ari, postgres, directory or snapshot()) as room:
        prompts = Prompts(media, Voices([ToneSynthesizer("tone")], {}))
        library = SoundLibrary(room.database, prompts)
        await library.load()
        sounds = KeySounds(room.directory, library, prompts)
        dids = GrantedDids(room.database, room.directory, NOWHERE, sounds.ids)
        await dids.load()
        app = web.Application(client_max_size=32 * 1024 * 1024)
        parts = PhoneNotifyParts(
            room.database,
            room.directory,
            sounds,
            room.notifications,
            dids,
            room.administration,
            guesses=guesses or Guesses(),
            prices=CurrentPrices(PriceList("USD", rates=(Rate(UsageProduct.CALL, per_minute=Decimal("0.0129")),))),
        )
        app.add_routes(phone_notify_routes(parts))
        runner = web.AppRunner(app, auto_decompress=False)
        await runner.setup()
        listening = asyncio.create_task(dids.run())
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            port = runner.addresses[0][1]
            async with aiohttp.ClientSession() as http:
                yield PhoneNotify(f"http://127.0.0.1:{port}{PATH}", room, dids, http)
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
            await runner.cleanup()
