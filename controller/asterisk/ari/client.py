"""The ARI client: keeps one connection to Asterisk alive, and hands out what it can be asked and what it tells."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import aiohttp
import structlog

from controller.asterisk.ari.applications import Applications
from controller.asterisk.ari.bridges import Bridges
from controller.asterisk.ari.channels import Channels
from controller.asterisk.ari.connection import Connection
from controller.asterisk.ari.endpoints import Endpoints
from controller.asterisk.ari.events import (
    CONNECTION_LOST,
    CONNECTION_RESTORED,
    QUEUE_LIMIT,
    ChannelEvents,
    Event,
    EventStreams,
)
from controller.asterisk.ari.playbacks import Playbacks
from controller.asterisk.ari.recordings import Recordings
from controller.asterisk.ari.requests import Answer, Query, refusal
from controller.asterisk.ari.server import AsteriskResource
from controller.asterisk.ari.versions import REQUIREMENT, is_too_old
from controller.errors import (
    ApplicationReplaced,
    AsteriskError,
    AsteriskRefused,
    AsteriskTimeout,
    AsteriskTooOld,
    AsteriskUnreachable,
)

log = structlog.get_logger()

_RANDOM = random.SystemRandom()

SILENCED_EVENTS = ("ChannelVarset", "ChannelDialplan", "ChannelCallerId", "ChannelConnectedLine")
"""Events that Ringpost never looks at, and that cost as much as all others together."""

MESSAGE_LIMIT = 64 * 1024 * 1024
"""Bytes; a list of all channels of a busy server is one message."""


class AriClient:
    """A client of ARI for one Stasis application.

    `url` is Asterisk's HTTP server ("http://127.0.0.1:8088", with its prefix if it has one). `run()` connects and
    connects again; everything else may be used at any time, and raises AsteriskUnreachable while nothing is connected.
    """

    def __init__(
        self,
        *,
        url: str,
        username: str,
        password: str,
        application: str,
        request_timeout: float = 5.0,
        connect_timeout: float = 5.0,
        heartbeat: float = 10.0,
        first_delay: float = 0.1,
        longest_delay: float = 5.0,
        queue_limit: int = QUEUE_LIMIT,
        silenced_events: Sequence[str] = SILENCED_EVENTS,
        jitter: Callable[[], float] = _RANDOM.random,
    ) -> None:
        """All times in seconds.

        Every `heartbeat` Asterisk is asked for a sign of life; the connection counts as lost when none comes within
        `request_timeout`. Between two tries to connect pass `first_delay`, then twice as long each time
        up to `longest_delay`, each shortened by up to half by `jitter` (0 to 1).
        """
        self.application = application
        self._url = url.rstrip("/") + "/ari"
        self._headers = {"Authorization": aiohttp.encode_basic_auth(username, password)}
        self._request_timeout = request_timeout
        self._connect_timeout = connect_timeout
        self._heartbeat = heartbeat
        self._first_delay = first_delay
        self._longest_delay = longest_delay
        self._silenced_events = tuple(silenced_events)
        self._jitter = jitter

        self._http: aiohttp.ClientSession | None = None
        self._connection: Connection | None = None
        self._connected = asyncio.Event()
        self._gave_up_connecting = False
        self._streams = EventStreams(queue_limit)
        self._handlers: dict[str, list[Callable[[Event], None]]] = {}
        self._connected_handlers: list[Callable[[], Awaitable[None]]] = []

        self.connections = 0
        """How often a connection was made."""
        self.asterisk_version = ""
        """As Asterisk tells it; empty before the first connection."""
        self.asterisk_identity = ""
        """What tells this server from others (`ServerInfo.identity`); empty before the first connection."""
        self.applications = Applications(self)
        self.asterisk = AsteriskResource(self)
        self.bridges = Bridges(self)
        self.channels = Channels(self)
        self.endpoints = Endpoints(self)
        self.playbacks = Playbacks(self)
        self.recordings = Recordings(self)

    @property
    def connected(self) -> bool:
        """Whether Asterisk can be asked now."""
        return self._connected.is_set()

    async def wait_connected(self, timeout: float) -> None:
        """Wait until there is a connection. Raises AsteriskUnreachable after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._connected.wait()
        except TimeoutError:
            raise AsteriskUnreachable(f"No connection to Asterisk at {self._url} within {timeout:g} s.") from None

    def on_event(self, event_type: str, handler: Callable[[Event], None]) -> None:
        """Call `handler` with every event of this type, before the next event is read: it must be quick.

        The queue of the event's channel, if there was one, has the event already. A handler that asks for a channel's
        queue does not find the event in it that it was called with.
        """
        self._handlers.setdefault(event_type, []).append(handler)

    def on_connected(self, handler: Callable[[], Awaitable[None]]) -> None:
        """After each connect await `handler`, in the order they were added; cancelled when the connection drops.

        Here channels that Asterisk still holds (`applications.get(application).channel_ids`) are adopted or let go.
        """
        self._connected_handlers.append(handler)

    def events_of(self, channel_id: str) -> ChannelEvents:
        """The ordered queue of everything about this channel from now on; the same one until it is closed."""
        return self._streams.of(channel_id)

    @property
    def followed_channels(self) -> int:
        """How many channels have a queue."""
        return len(self._streams)

    @property
    def pending_requests(self) -> int:
        """How many requests wait for their answer."""
        return 0 if self._connection is None else self._connection.pending

    async def drop(self) -> None:
        """Give the present connection up, as if the network had; another is made at once."""
        if self._connection is not None:
            await self._connection.close()

    async def request(self, method: str, uri: str, query: Query | None = None, body: object = None) -> Answer:
        """See `Requests.request`."""
        connection = self._connection
        if connection is None:
            raise AsteriskUnreachable
        return await connection.request(method, uri, query, body)

    async def download(self, uri: str) -> bytes:
        """See `Requests.download`."""
        http = self._http
        if http is None:
            raise AsteriskUnreachable
        try:
            async with http.get(f"{self._url}/{uri}") as response:
                content = await response.read()
        except TimeoutError as error:
            raise AsteriskTimeout(f"Asterisk did not answer GET {uri} in time.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise AsteriskUnreachable(f"Asterisk could not be asked for {uri}.") from error
        if response.status >= 400:
            raise refusal("GET", uri, response.status, content.decode(errors="replace"))
        return content

    async def run(self) -> None:
        """Connect, and connect again after each drop, until cancelled.

        Raises AsteriskRefused when the login is refused, AsteriskTooOld, and ApplicationReplaced.
        """
        limits = aiohttp.ClientTimeout(total=None, connect=self._connect_timeout, sock_read=self._request_timeout)
        async with aiohttp.ClientSession(headers=self._headers, timeout=limits) as http:
            self._http = http
            try:
                delay = self._first_delay
                while True:
                    before = self.connections
                    try:
                        await self._connect_and_serve(http)
                    except AsteriskUnreachable as error:
                        log.warning("No connection to Asterisk", url=self._url, reason=str(error))
                    if self.connections > before:
                        delay = self._first_delay
                    await asyncio.sleep(delay * (1 - self._jitter() / 2))
                    delay = min(delay * 2, self._longest_delay)
            finally:
                self._http = None

    async def _connect_and_serve(self, http: aiohttp.ClientSession) -> None:
        socket = await self._open(http)
        connection = self._connection = Connection(socket, self.application, self._dispatch, self._request_timeout)
        tasks = [asyncio.create_task(connection.read(), name="ari-reader")]
        try:
            await self._greet_through(tasks[0])
            self.connections += 1
            self._connected.set()
            log.info("Connected to Asterisk", url=self._url, version=self.asterisk_version)
            if self.connections > 1:
                self._streams.broadcast(CONNECTION_RESTORED)
            tasks.append(asyncio.create_task(self._welcome(), name="ari-connected-handlers"))
            tasks.append(asyncio.create_task(self._pulse(connection), name="ari-pulse"))
            await tasks[0]
        except ApplicationReplaced as error:
            if not self._gave_up_connecting:
                raise
            # An Asterisk that stood still takes up, late, the handshakes that were given up here meanwhile: the
            # application was taken over by one of our own.
            self._gave_up_connecting = False
            raise AsteriskUnreachable("An earlier attempt to connect took the application over.") from error
        finally:
            self._drop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await connection.close()

    async def _open(self, http: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
        try:
            async with asyncio.timeout(self._connect_timeout):
                return await http.ws_connect(
                    f"{self._url}/events",
                    params={"app": self.application},
                    max_msg_size=MESSAGE_LIMIT,
                    timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                )
        except aiohttp.WSServerHandshakeError as error:
            if error.status in (401, 403):
                raise AsteriskRefused("Asterisk refused the ARI user name or password.", status=error.status) from error
            raise AsteriskUnreachable(f"Asterisk answered {error.status}: its ARI is not (yet) there.") from error
        except TimeoutError as error:
            self._gave_up_connecting = True
            raise AsteriskUnreachable(f"No answer within {self._connect_timeout:g} s.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise AsteriskUnreachable(str(error)) from error

    async def _greet_through(self, reader: asyncio.Task[None]) -> None:
        try:
            await self._greet()
        except AsteriskUnreachable:
            if reader.done():
                await reader
            raise

    async def _greet(self) -> None:
        """Learn the version and silence what nobody looks at."""
        try:
            info = await self.asterisk.info()
            self.asterisk_version, self.asterisk_identity = info.version, info.identity
        except AsteriskTimeout:
            await self._judge_silence()
        if is_too_old(self.asterisk_version):
            raise AsteriskTooOld(f"This is Asterisk {self.asterisk_version}. {REQUIREMENT}.")
        try:
            await self.applications.silence(self.application, self._silenced_events)
        except AsteriskTimeout as error:
            raise AsteriskUnreachable(str(error)) from error

    async def _judge_silence(self) -> None:
        """An Asterisk that is too old never answers on the WebSocket, but it does so over HTTP."""
        try:
            info = json.loads(await self.download("asterisk/info"))
            version = str(info["system"]["version"])
        except (AsteriskError, ValueError, KeyError, TypeError) as error:
            raise AsteriskUnreachable("Asterisk took the connection and answers nothing.") from error
        if is_too_old(version):
            raise AsteriskTooOld(f"This is Asterisk {version}. {REQUIREMENT}.")
        raise AsteriskUnreachable(f"Asterisk {version} answers over HTTP, and nothing on the WebSocket.")

    async def _pulse(self, connection: Connection) -> None:
        while True:
            await asyncio.sleep(self._heartbeat)
            try:
                await connection.request("GET", "asterisk/ping")
            except AsteriskRefused:
                continue
            except AsteriskError:
                await connection.close()
                return

    async def _welcome(self) -> None:
        for handler in self._connected_handlers:
            try:
                await handler()
            except AsteriskUnreachable:
                return
            except Exception:
                log.exception("A handler of a new connection failed", handler=getattr(handler, "__qualname__", ""))

    def _dispatch(self, event_type: str, data: dict[str, Any]) -> None:
        event = Event(event_type, data)
        try:
            self._streams.route(event)
        except (KeyError, TypeError, AttributeError):
            log.warning("An event of Asterisk has an unknown form", type=event_type)
        for handler in self._handlers.get(event_type, ()):
            try:
                handler(event)
            except Exception:
                log.exception("A handler of an event failed", type=event_type)

    def _drop(self) -> None:
        self._connection = None
        if self._connected.is_set():
            self._connected.clear()
            self._streams.broadcast(CONNECTION_LOST)
