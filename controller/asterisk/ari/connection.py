"""One WebSocket to Asterisk: requests go out, answers find their request, events go to whoever was named.

REST over the WebSocket is described in Asterisk's documentation, "ARI REST over WebSocket" (20.14, 22.4 and newer).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any

import aiohttp
import orjson
import structlog

from controller.asterisk.ari.requests import Answer, Query, parameter, refusal, to_json
from controller.errors import ApplicationReplaced, AsteriskTimeout, AsteriskUnreachable

log = structlog.get_logger()

_AnswerFuture = asyncio.Future[dict[str, Any]]


class Connection:
    """Requests and events over one open WebSocket. It is used until it drops, and then thrown away."""

    def __init__(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        application: str,
        on_event: Callable[[str, dict[str, Any]], None],
        request_timeout: float,
    ) -> None:
        self._socket = socket
        self._application = application
        self._on_event = on_event
        self._request_timeout = request_timeout
        self._numbers = count(1)
        self._pending: dict[str, _AnswerFuture] = {}
        self._lost = False

    @property
    def pending(self) -> int:
        """How many requests wait for their answer."""
        return len(self._pending)

    async def request(self, method: str, uri: str, query: Query | None = None, body: object = None) -> Answer:
        """See `Requests.request`."""
        if self._lost:
            raise AsteriskUnreachable
        number = str(next(self._numbers))
        message: dict[str, object] = {
            "type": "RESTRequest",
            "request_id": number,
            "transaction_id": number,
            "method": method,
            "uri": uri,
        }
        if query:
            message["query_strings"] = [
                {"name": name, "value": parameter(value)} for name, value in query.items() if value is not None
            ]
        if body is not None:
            message["content_type"] = "application/json"
            message["message_body"] = to_json(body)
        answer = await self._exchange(number, to_json(message), f"{method} {uri}")
        status = int(answer.get("status_code", 0))
        text = answer.get("message_body") or ""
        if status >= 400:
            raise refusal(method, uri, status, text)
        return Answer(status, text)

    async def _exchange(self, number: str, message: str, what: str) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        future: _AnswerFuture = loop.create_future()
        self._pending[number] = future
        timer = loop.call_later(self._request_timeout, self._expire, number, what)
        try:
            await self._socket.send_str(message)
            return await future
        except (aiohttp.ClientError, OSError) as error:
            raise AsteriskUnreachable(f"The connection to Asterisk was lost under {what}.") from error
        finally:
            timer.cancel()
            self._pending.pop(number, None)

    def _expire(self, number: str, what: str) -> None:
        future = self._pending.get(number)
        if future is not None and not future.done():
            future.set_exception(AsteriskTimeout(f"Asterisk did not answer {what} within {self._request_timeout:g} s."))

    async def read(self) -> None:
        """Read until the socket drops; never returns otherwise.

        Raises AsteriskUnreachable when it dropped, ApplicationReplaced when another client took the application over.
        """
        receive = self._socket.receive
        text = aiohttp.WSMsgType.TEXT
        ended = (
            aiohttp.WSMsgType.CLOSE,
            aiohttp.WSMsgType.CLOSING,
            aiohttp.WSMsgType.CLOSED,
            aiohttp.WSMsgType.ERROR,
        )
        try:
            while True:
                frame = await receive()
                if frame.type is text:
                    self._take(frame.data)
                elif frame.type in ended:
                    raise AsteriskUnreachable("The connection to Asterisk was lost.") from self._socket.exception()
        finally:
            self._fail_pending()

    def _take(self, frame: str) -> None:
        try:
            data = orjson.loads(frame)
            kind = data["type"]
        except (ValueError, KeyError, TypeError):
            log.warning("Asterisk sent something that is not an event", bytes=len(frame))
            return
        if kind == "RESTResponse":
            future = self._pending.get(data.get("request_id", ""))
            if future is not None and not future.done():
                future.set_result(data)
        elif kind == "ApplicationReplaced" and data.get("application") == self._application:
            raise ApplicationReplaced(f"Another program took over the Stasis application {self._application}.")
        else:
            self._on_event(kind, data)

    def _fail_pending(self) -> None:
        self._lost = True
        for future in self._pending.values():
            if not future.done():
                future.set_exception(AsteriskUnreachable("The connection to Asterisk was lost under a request."))

    async def close(self) -> None:
        self._fail_pending()
        await self._socket.close()
