"""Connections to customers' servers: an answer counts by its status alone, and none is taken for another request's."""

from __future__ import annotations

from contextvars import ContextVar
from functools import partial
from typing import Any, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler

# Heads larger than a server of ours would send are read too: the status stands in their first line.
LARGEST_HEADER_BYTES = 65_536
_END_OF_HEAD = b"\r\n\r\n"
# The end of a head may lie across two packets.
_EDGE = len(_END_OF_HEAD) - 1
# That of an interim answer, and that of the answer.
_MOST_HEADS = 2
_over_kept_connection: ContextVar[bool] = ContextVar("over_kept_connection", default=False)


def over_kept_connection() -> bool:
    """Whether the last request of this task was sent over a connection that had been used before."""
    return _over_kept_connection.get()


class HeadFirst(ResponseHandler):
    """Hands the head of an answer on before what follows it is parsed.

    Whether a mistake in the body (a wrong length, broken chunks, a body behind a 204) arrived in the same packet as the
    head must not decide whether there was an answer. An interim answer (100 Continue) has a head of its own, so a
    packet is parted at each of its first ends of a head.
    """

    used = False
    """Whether a request was sent over this connection."""
    _edge = b""

    def data_received(self, data: bytes) -> None:
        """Take what arrived."""
        for _ in range(_MOST_HEADS):
            place = (self._edge + data).find(_END_OF_HEAD)
            end = place + len(_END_OF_HEAD) - len(self._edge)
            if place < 0 or end >= len(data):
                break
            super().data_received(data[:end])
            data, self._edge = data[end:], b""
        self._edge = (self._edge + data)[-_EDGE:]
        super().data_received(data)


class CheckedConnector(aiohttp.TCPConnector):
    """Connections whose answers are read by `HeadFirst`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # aiohttp has no public place for it; tests/integration/test_postback_connections.py notices when it moves.
        self._factory = cast("partial[ResponseHandler]", partial(HeadFirst, loop=self._loop))

    async def connect(self, *args: Any, **named: Any) -> Any:
        """A connection for a request, kept or new."""
        _over_kept_connection.set(False)  # nothing was sent yet
        return await super().connect(*args, **named)


class CheckedRequest(aiohttp.ClientRequest):
    """Refuses to be sent over a kept connection that has received something since its last answer.

    Those bytes are nobody's answer, and would be taken for this request's. ServerDisconnectedError, as for a connection
    that was closed meanwhile: the sender repeats it over a new one.
    """

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        """Send it. ServerDisconnectedError."""
        if conn.protocol is not None and conn.protocol.should_close:
            conn.close()
            _over_kept_connection.set(True)
            raise aiohttp.ServerDisconnectedError("the connection received something that nobody asked for")
        # Not told by aiohttp's tracing, which costs as much as a tenth of the request.
        _over_kept_connection.set(conn.protocol.used)
        conn.protocol.used = True
        return await super().send(conn)
