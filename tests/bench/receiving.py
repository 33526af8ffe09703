"""A receiver in a process of its own: answers at once on one port, never on the other, and counts."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import cast

HOSTS = [f"127.0.0.{number}" for number in range(1, 11)]
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Answering(asyncio.Protocol):
    """The least that is HTTP: a post-back is headers and a body whose length they tell."""

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            if len(rest) < length:
                return
            self._buffer = rest[length:]
            self._transport.write(ANSWER)


async def main(answering: int, hanging: int) -> None:
    """Listen on both ports until the standard input is closed."""
    loop = asyncio.get_running_loop()
    servers = [
        await loop.create_server(Answering, HOSTS, answering),
        await loop.create_server(asyncio.Protocol, HOSTS, hanging),
    ]
    print("ready", flush=True)
    with contextlib.suppress(EOFError):
        await loop.run_in_executor(None, sys.stdin.readline)
    for server in servers:
        server.close()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
