"""The VoIP.ms interface as its clients see it."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
from aiohttp import web

from controller.directory.api_access import ApiAccess
from controller.directory.snapshot import LicenseKey

USER = "it@acme.example"
PASSWORD = "correct horse"
KEY = LicenseKey(
    "acme",
    "11111111-1111-4111-8111-111111111111",
    frozenset({"phone", "sms"}),
    api=ApiAccess(USER, PASSWORD),
)
PLAIN = LicenseKey("plain", "22222222-2222-4222-8222-222222222222", frozenset({"phone", "sms"}))
PATH = "/api/v1/rest.php"
BOUNDARY = "---------------------------a1b2c3"


def with_access(**access: Any) -> LicenseKey:
    """The customer, with another access."""
    return replace(KEY, api=replace(KEY.api, **access))


class Client:
    """Sends requests as most clients do: a multipart form, or a query."""

    def __init__(self, session: aiohttp.ClientSession, url: str, user: str = USER, password: str = PASSWORD) -> None:
        self.session = session
        self.url = url
        self.log_in = {"api_username": user, "api_password": password}

    async def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """The answer to a method, by a multipart POST, without what some clients leave out and with what one adds."""
        values = {**self.log_in, "method": method, **parameters}
        body = "".join(
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in values.items()
        )
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        data = io.BytesIO(f"{body}--{BOUNDARY}--\r\n\r\n".encode())
        async with self.session.post(self.url, data=data, headers=headers) as answer:
            return await read(answer)

    async def get(self, **parameters: str) -> dict[str, Any]:
        """The answer to a query."""
        async with self.session.get(self.url, params=parameters) as answer:
            return await read(answer)

    async def status(self, method: str, **parameters: object) -> str:
        """The status alone."""
        return str((await self.call(method, **parameters))["status"])


async def read(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    """What stands in an answer; every refusal says why to people, too."""
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    document: dict[str, Any] = json.loads(await answer.text())
    assert document["status"] == "success" or document["message"]
    return document


@asynccontextmanager
async def serving(routes: Sequence[web.RouteDef]) -> AsyncIterator[Client]:
    """The interface on a free port."""
    application = web.Application()
    application.add_routes(routes)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5, auto_decompress=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        async with aiohttp.ClientSession() as session:
            yield Client(session, f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}")
    finally:
        await runner.cleanup()
