"""A scripted fake of Asterisk's ARI on a loopback port: the same wire protocol, without an Asterisk.

async with FakeAri() as fake:
    client = fake.client()
    ...
    call = fake.incoming_call("12015550101")
    await fake.asked("POST", f"channels/{call}/answer")
    fake.press(call, "1")
    fake.hang_up(call)
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self
from urllib.parse import unquote

import aiohttp
from aiohttp import web

from controller.asterisk.ari.client import AriClient
from tests.support.fake_requests import FakeRequests
from tests.support.fake_resources import FakeRequest
from tests.support.patience import LONGEST_WAIT


class FakeAri(FakeRequests):
    """See `FakeSwitch` for what a test does to calls; here is what it does to the connection and to requests."""

    username = "ringpost"
    password = "fake-secret"

    def __init__(
        self,
        *,
        version: str = "22.10.1",
        answers_on_socket: bool = True,
        playback_seconds: float | None = 0.0,
        port: int = 0,
    ) -> None:
        super().__init__(version=version, playback_seconds=playback_seconds)
        self.answers_on_socket = answers_on_socket
        self.accepts_connections = True
        self.silent_handshakes = 0
        """So many of the next connections get no answer until the fake ends."""
        self.connections = 0
        self.sip_frames: list[str] = []
        """What came over the WebSocket for SIP; each is sent back in lower case."""
        self._port = port
        self._socket: web.WebSocketResponse | None = None
        self._transport: asyncio.Transport | None = None
        self._outgoing: asyncio.Queue[str] = asyncio.Queue()
        self._runner: web.AppRunner | None = None
        self._ended = asyncio.Event()

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_get("/ari/events", self._events)
        application.router.add_get("/ws", self._take_sip)
        application.router.add_get("/ari/{uri:.+}", self._get)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.drop_connection()
        self._ended.set()
        assert self._runner is not None
        await self._runner.cleanup()
        self.stop_notices()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def client(self, **options: Any) -> AriClient:
        """A client for this fake that connects again without delay."""
        settings: dict[str, Any] = {
            "url": self.url,
            "username": self.username,
            "password": self.password,
            "application": self.application,
            "first_delay": 0.01,
            "longest_delay": 0.05,
        }
        return AriClient(**{**settings, **options})

    @asynccontextmanager
    async def connected(self, **options: Any) -> AsyncIterator[AriClient]:
        """A client that is connected, and runs until the block ends."""
        client = self.client(**options)
        running = asyncio.create_task(client.run())
        try:
            await client.wait_connected(LONGEST_WAIT)
            yield client
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    # -- the connection ---------------------------------------------------------------------------------------------

    @property
    def has_client(self) -> bool:
        return self._socket is not None

    def emit(self, event_type: str, **fields: Any) -> None:
        """Send an event; lost when nobody is connected, as Asterisk loses it."""
        event = {"type": event_type, **fields}
        event.update(application=self.application, asterisk_id="fake")
        self.send(json.dumps(event))

    def send(self, text: str) -> None:
        """Send any text as a frame."""
        if self._socket is not None:
            self._outgoing.put_nowait(text)

    def drop_connection(self) -> None:
        """Cut the TCP connection of the client; channels stay in the application."""
        if self._transport is not None:
            self._transport.abort()
        self._socket = self._transport = None

    def replace_application(self) -> None:
        """Another client registers the same application."""
        self.emit("ApplicationReplaced")

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if self.silent_handshakes:
            self.silent_handshakes -= 1
            await self._ended.wait()
        if not self.accepts_connections:
            raise web.HTTPServiceUnavailable
        if request.headers.get("Authorization") != aiohttp.encode_basic_auth(self.username, self.password):
            raise web.HTTPUnauthorized
        if self._socket is not None:
            self.replace_application()
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        assert request.transport is not None
        self._socket, self._transport = socket, request.transport
        outgoing: asyncio.Queue[Any] = asyncio.Queue()
        self._outgoing = outgoing
        self.connections += 1
        self.changed()
        writer = asyncio.create_task(self._write(socket, outgoing))
        try:
            async for frame in socket:
                if frame.type is aiohttp.WSMsgType.TEXT and self.answers_on_socket:
                    self._take(json.loads(frame.data))
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            if self._socket is socket:
                self._socket = self._transport = None
        return socket

    async def _take_sip(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=("sip",))
        await socket.prepare(request)
        async for frame in socket:
            self.sip_frames.append(frame.data)
            await socket.send_str(frame.data.lower())
        self.changed()
        return socket

    async def _write(self, socket: web.WebSocketResponse, outgoing: asyncio.Queue[str]) -> None:
        while True:
            await socket.send_str(await outgoing.get())

    async def _get(self, request: web.Request) -> web.StreamResponse:
        uri = request.match_info["uri"]
        self.note_request(FakeRequest("GET", uri))
        if found := re.fullmatch(r"recordings/stored/(.+)/file", uri):
            if found[1] in self.stored:
                return web.Response(body=self.stored[found[1]], content_type="audio/x-wav")
            return web.json_response({"message": "Recording not found"}, status=404)
        status, answer = self.answer_request(FakeRequest("GET", uri))
        return web.json_response(answer, status=status)

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("type") != "RESTRequest":
            return
        query = {pair["name"]: pair["value"] for pair in message.get("query_strings") or ()}
        body = json.loads(message["message_body"]) if message.get("message_body") else None
        request = FakeRequest(message["method"], unquote(message["uri"]), query, body)
        reply = self.reply_to(request)
        if reply is None:
            return
        status, answer = reply
        response: dict[str, Any] = {
            "type": "RESTResponse",
            "transaction_id": message.get("transaction_id", ""),
            "request_id": message["request_id"],
            "status_code": status,
            "reason_phrase": "",
            "uri": message["uri"],
            "application": self.application,
        }
        if answer is not None:
            response.update(content_type="application/json", message_body=json.dumps(answer))
        self.send(json.dumps(response))
