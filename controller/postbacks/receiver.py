"""A receiver of post-backs for development, and the demo's own: shows what arrives, checks signatures, fails on demand.

POST /anything       a post-back; answers 200 unless told otherwise
GET  /received       the newest post-backs as JSON, oldest first; ?field=QueueID&value=1000000001 narrows it
GET  /stream         the same as NDJSON, one line each as it arrives; an empty line now and then keeps it open
PUT  /behaviour      {"status": 500, "delay": 2.5, "close": false, "times": 3}: how the next post-backs are answered
DELETE /received     forgets what arrived

All but the first need the receiver's token, when it has one (`Authorization: Bearer …`), and are not for web pages.
"""

from __future__ import annotations

import asyncio
import hmac
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from json import JSONDecodeError, dumps
from typing import Any
from urllib.parse import parse_qsl

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from controller.errors import PortInUse
from controller.local_doors import refusal_of
from controller.postbacks.signature import Secrets, verify

log = structlog.get_logger()

KEEP_ALIVE_SECONDS = 10.0
LONGEST_DELAY_SECONDS = 600.0
LARGEST_BODY_BYTES = 1_000_000
# A reader of the stream that is this many lines behind is cut off.
STREAM_BACKLOG = 10_000


@dataclass(frozen=True, slots=True)
class Received:
    """One post-back as it arrived. `signature`: "valid", "missing", "unchecked" (no secret known) or what is wrong."""

    at: str
    path: str
    headers: dict[str, str]
    form: list[tuple[str, str]]
    signature: str
    answered: int
    repeat: bool


@dataclass(slots=True)
class Behaviour:
    """How post-backs are answered.

    `status`: the HTTP status; `delay`: seconds before the answer; `close`: the connection is cut instead of an answer;
    `times`: after so many post-backs all is well again (None: for ever); `retry_after`: the header's seconds.
    """

    status: int = 200
    delay: float = 0.0
    close: bool = False
    times: int | None = None
    retry_after: int | None = None

    @classmethod
    def parse(cls, document: Any) -> Behaviour:
        """From JSON; ValueError for what is no behaviour."""
        if not isinstance(document, dict) or not set(document) <= {"status", "delay", "close", "times", "retry_after"}:
            raise ValueError("expected an object with status, delay, close, times or retry_after")
        behaviour = cls(
            status=int(document.get("status", 200)),
            delay=float(document.get("delay", 0)),
            close=bool(document.get("close", False)),
            times=None if document.get("times") is None else int(document["times"]),
            retry_after=None if document.get("retry_after") is None else int(document["retry_after"]),
        )
        if not 200 <= behaviour.status <= 599 or not 0 <= behaviour.delay <= LONGEST_DELAY_SECONDS:
            raise ValueError(f"status is 200 to 599, delay 0 to {LONGEST_DELAY_SECONDS:g} seconds")
        return behaviour

    def take(self) -> Behaviour:
        """The behaviour for the next post-back."""
        if self.times is None:
            return self
        if self.times <= 0:
            return Behaviour()
        self.times -= 1
        return self


@dataclass(slots=True, eq=False)
class _Reader:
    queue: asyncio.Queue[str | None] = field(default_factory=lambda: asyncio.Queue(STREAM_BACKLOG))


class Receiver:
    """Keeps the newest `keep` post-backs and answers as it was told to."""

    def __init__(
        self,
        *,
        secrets: Secrets = (),
        keep: int = 1000,
        behaviour: Behaviour | None = None,
        on_received: Callable[[Received], None] | None = None,
        token: str = "",
    ) -> None:
        """`secrets`: of the licence keys, any of which may have signed; `on_received`: told of each post-back.
        `token`: what whoever asks for post-backs, or changes how they are answered, must show; empty: nothing.
        """
        self.received: deque[Received] = deque(maxlen=keep)
        self.behaviour = behaviour or Behaviour()
        self._secrets = tuple(secrets)
        self._on_received = on_received
        self._token = token
        self._ids: deque[str] = deque(maxlen=keep)
        self._readers: set[_Reader] = set()

    def application(self) -> web.Application:
        """The aiohttp application."""
        application = web.Application(client_max_size=LARGEST_BODY_BYTES, middlewares=[self._guarded])
        application.router.add_get("/received", self._list)
        application.router.add_delete("/received", self._forget)
        application.router.add_get("/stream", self._stream)
        application.router.add_put("/behaviour", self._behave)
        application.router.add_post("/{path:.*}", self._receive)
        application.on_shutdown.append(self._end_streams)
        return application

    async def start(self, port: int, *, host: str = "127.0.0.1") -> web.AppRunner:
        """Listen; `await runner.cleanup()` ends it. PortInUse when the port is taken. Port 0: any free one."""
        runner = web.AppRunner(self.application(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            await runner.cleanup()
            raise PortInUse(f"the receiver of post-backs cannot listen on port {port}: {error.strerror}") from error
        return runner

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Post-backs come from anywhere but web pages; everything else from who knows the token."""
        origin = request.headers.get("Origin")
        if request.method == "POST" and origin is None:
            return await handler(request)
        if refusal := refusal_of(request.headers.get("Host", ""), origin):
            return web.Response(status=403, text=f"{refusal}\n")
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self._token and not hmac.compare_digest(given.encode(errors="replace"), self._token.encode()):
            return web.Response(status=401, text="The receiver's token is missing or wrong.\n")
        return await handler(request)

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()
        behaviour = self.behaviour.take()
        postback_id = request.headers.get("webhook-id", "")
        received = Received(
            at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            path=request.path_qs,
            headers={_title(name): value for name, value in request.headers.items()},
            form=parse_qsl(body, keep_blank_values=True),
            signature=verify(body, request.headers, self._secrets),
            answered=0 if behaviour.close else behaviour.status,
            repeat=bool(postback_id) and postback_id in self._ids,
        )
        self._keep(postback_id, received)
        if behaviour.delay:
            await asyncio.sleep(behaviour.delay)
        if behaviour.close:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        headers = {} if behaviour.retry_after is None else {"Retry-After": str(behaviour.retry_after)}
        return web.Response(status=behaviour.status, text="", headers=headers)

    def _keep(self, postback_id: str, received: Received) -> None:
        if postback_id:
            self._ids.append(postback_id)
        self.received.append(received)
        if self._on_received is not None:
            self._on_received(received)
        if not self._readers:
            return
        line = dumps(asdict(received), ensure_ascii=False)
        for reader in tuple(self._readers):
            try:
                reader.queue.put_nowait(line)
            except asyncio.QueueFull:
                self._readers.discard(reader)

    async def _list(self, request: web.Request) -> web.Response:
        name, value = request.query.get("field"), request.query.get("value")
        chosen: Sequence[Received] = self.received
        if name is not None:
            chosen = [received for received in self.received if (name, value) in received.form]
        return web.json_response([asdict(received) for received in chosen])

    async def _forget(self, _request: web.Request) -> web.Response:
        self.received.clear()
        self._ids.clear()
        return web.Response(status=204)

    async def _behave(self, request: web.Request) -> web.Response:
        try:
            self.behaviour = Behaviour.parse(await request.json())
        except (ValueError, TypeError, JSONDecodeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(asdict(self.behaviour))

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson", "Cache-Control": "no-store"})
        reader = _Reader()
        self._readers.add(reader)
        try:
            await response.prepare(request)
            await response.write(b"\n")
            while reader in self._readers:
                try:
                    async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                        line = await reader.queue.get()
                except TimeoutError:
                    line = ""
                if line is None:
                    break
                await response.write(line.encode() + b"\n")
        except ConnectionError:
            log.debug("a reader of the receiver's stream went away")
        finally:
            self._readers.discard(reader)
        return response

    async def _end_streams(self, _application: web.Application) -> None:
        for reader in self._readers:
            while not reader.queue.empty():
                reader.queue.get_nowait()
            reader.queue.put_nowait(None)


def _title(name: str) -> str:
    """Header names as Ringpost documents them, whatever was on the way."""
    return name.lower() if name.lower().startswith("webhook-") else name.title()


def received_line(received: Received) -> str:
    """One post-back as one line for a person."""
    headers = received.headers
    told = headers.get("Ringpost-Event", "?")
    mark = " (final)" if headers.get("Ringpost-Final", "").lower() == "true" else ""
    again = " (again)" if received.repeat else ""
    answer = f"answered {received.answered}" if received.answered else "connection cut"
    fields = " ".join(f"{name}={value}" for name, value in received.form if value)
    return f"{told}{mark}{again}  {fields}  [{answer}, signature {received.signature}]"
