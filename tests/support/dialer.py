"""The Dialer over real HTTP and a real PostgreSQL; only Asterisk and the speech are made up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from controller.api.auth import Guesses
from controller.calls.store.queue_ids import QueueIds
from controller.config.line_type_settings import LineTypesSection
from controller.directory.dialer_settings import DialerSettings
from controller.directory.key_sounds import KeySounds
from controller.directory.snapshot import Did, LicenseKey, Snapshot
from controller.egress.guard import Guard
from controller.line_types.assignments import Assignments
from controller.service.build_dialer import DialerParts, dialer_routes
from controller.service.build_line_types import build_line_types
from controller.speech.library import SoundLibrary
from controller.speech.prompts import Prompts
from controller.speech.voices import Voices
from tests.support.calls import CallsRoom, calls_room
from tests.support.fake_ari import FakeAri
from tests.support.outgoing import FAST
from tests.support.owner import CONTROLLER
from tests.support.phone_notify import TWO_SECONDS
from tests.support.synthesizers import ToneSynthesizer

USER = "user@example.com"
PASSWORD = "correct horse battery"
# Numbers that libphonenumber takes for valid.
THEM = "2015106000"
MOBILE = "+447400123456"
LANDLINE = "+442079460958"
TOLL_FREE = "8005551212"
OURS = "+12015106001"
SERVICE = "PhoneMatch5.0.Dialer"
SEND = "/process/comprehensive/gateway"
STATUS = "/process/continue"
SETTINGS = DialerSettings(USER, PASSWORD, "Acme Inc.", tries=1, next_try_seconds=1, delivered_seconds=1)
KEY = LicenseKey(
    "acme",
    "7f6c1a52-0000-4000-8000-000000000001",
    frozenset({"dialer"}),
    "http://127.0.0.1:1/post",
    countries=frozenset({"US", "CA", "GB"}),
    dialer=SETTINGS,
)
PLAIN = LicenseKey("plain", "7f6c1a52-0000-4000-8000-0000000000bb", frozenset({"dialer"}))
PHONE_ONLY = LicenseKey("phones", "7f6c1a52-0000-4000-8000-0000000000cc", frozenset({"phone"}))


def snapshot(**settings: Any) -> Snapshot:
    """A customer whose settings may differ, one who logs in with the licence key, one without the Dialer."""
    acme = replace(KEY, dialer=replace(SETTINGS, **settings))
    return Snapshot(
        license_keys={each.name: each for each in (acme, PLAIN, PHONE_ONLY)},
        dids={OURS: Did(OURS, voice=PHONE_ONLY)},
        trunks={FAST.name: FAST},
    )


def request(**changes: Any) -> dict[str, Any]:
    """An initial request as programs send it; `changes` replace keys, and None takes one out."""
    whole: dict[str, Any] = {
        "user": USER,
        "pass": PASSWORD,
        "service": SERVICE,
        "reference": "12345",
        "target": {"phone": THEM},
        "options": {"outofband": {"message": "test.message", "do_not_send_to_types": []}},
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def to(phone: object, *types: object, message: object = "test.message") -> dict[str, Any]:
    """An initial request for a number, not to be sent to these types."""
    options = {"outofband": {"message": message, "do_not_send_to_types": list(types)}}
    return request(target={"phone": phone}, options=options)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: its HTTP status, and its JSON."""

    http_status: int
    json: dict[str, Any]

    @property
    def result(self) -> tuple[str, str]:
        return self.json["result"]["action"], self.json["result"]["detail"]

    @property
    def template(self) -> dict[str, Any]:
        return dict(self.json["continuations"]["outofband"]["template"])

    @property
    def error(self) -> tuple[int, int, str]:
        """The HTTP status, the number and the text of a refusal, which stand in both places."""
        error = self.json["error"]
        assert self.json["meta"]["error"] == {"code": error["code"], "message": error["message"]}
        assert error["detail"]
        assert "result" not in self.json
        return self.http_status, error["code"], error["message"]


@dataclass
class Dialer:
    """The running interface."""

    url: str
    room: CallsRoom
    sounds: KeySounds
    http: aiohttp.ClientSession

    async def post(self, path: str, body: object, headers: Mapping[str, str] | None = None) -> Answered:
        """The answer to a body, which is sent as JSON unless it is bytes."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.http.post(self.url + path, data=data, headers=headers) as answer:
            assert answer.content_type == "application/json"
            return Answered(answer.status, await answer.json())

    async def send(self, body: object) -> Answered:
        """The answer to an initial request."""
        return await self.post(SEND, body)

    async def status(self, template: object) -> Answered:
        """The answer to a status request."""
        return await self.post(STATUS, template)


@asynccontextmanager
async def dialer(
    postgres: str,
    media: Path,
    directory: Snapshot | None = None,
    *,
    fake: FakeAri | None = None,
    controller_id: str = CONTROLLER,
    guesses: Guesses | None = None,
) -> AsyncIterator[Dialer]:
    """The interface on a free port, with the outgoing calls behind it, and the sound `test.message`."""
    async with (
        fake or FakeAri() as ari,
        calls_room(ari, postgres, directory or snapshot(), controller_id) as room,
    ):
        prompts = Prompts(media, Voices([ToneSynthesizer("tone")], {}))
        library = SoundLibrary(room.database, prompts)
        await library.load()
        await library.put("acme", "test.message", TWO_SECONDS)
        sounds, queue_ids = KeySounds(room.directory, library, prompts), QueueIds(room.database)
        await queue_ids.reserve()
        app = web.Application()
        line_types = build_line_types(LineTypesSection(), room.directory, Guard(), Assignments())
        parts = DialerParts(
            room.database,
            room.directory,
            sounds,
            room.notifications,
            queue_ids,
            line_types,
            guesses=guesses or Guesses(),
        )
        app.add_routes(dialer_routes(parts))
        runner = web.AppRunner(app, auto_decompress=False)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            port = runner.addresses[0][1]
            async with aiohttp.ClientSession(skip_auto_headers=["Content-Type"]) as http:
                yield Dialer(f"http://127.0.0.1:{port}", room, sounds, http)
        finally:
            await asyncio.shield(runner.cleanup())
