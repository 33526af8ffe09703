"""Where the service's HTTP listens: from its first moment, whoever answers there."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog
from aiohttp import web, web_response

from controller.errors import PortInUse

log = structlog.get_logger()

_BACKLOG = 128
# A connection is cut that sends nothing, or a head without an end, for so long: proxies keep theirs for a minute.
IDLE_SECONDS = 75.0
SERVER_NAME = "Ringpost"
# What every answer says of its server, those to broken requests too: it is nobody's business which libraries we use.
web_response.SERVER_SOFTWARE = SERVER_NAME  # type: ignore[attr-defined]


async def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen on every address of `host`; the caller closes them. PortInUse when that is not possible."""
    sockets: list[socket.socket] = []
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, kind, protocol, _, address in dict.fromkeys(found):
            listening = socket.socket(family, kind, protocol)
            sockets.append(listening)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listening.bind(address)
            listening.listen(_BACKLOG)
            listening.setblocking(False)
    except OSError as error:
        for opened in sockets:
            opened.close()
        raise PortInUse(
            f"HTTP cannot listen on {host}:{port}, {error.strerror}: set another `http: {{port: …}}`."
        ) from None
    log.info("listening", http=f"{host}:{port}")
    return sockets


@asynccontextmanager
async def answering(
    application: web.Application, sockets: Sequence[socket.socket], *, idle_seconds: float = IDLE_SECONDS
) -> AsyncIterator[None]:
    """Let an application answer on these sockets while the context lasts.

    They stay open afterwards: connections that come before another application answers wait for it.
    """
    # Packed bodies stay so: whoever wants one unpacks it, within its limit. aiohttp would log each broken one.
    runner = web.AppRunner(
        application, access_log=None, shutdown_timeout=2.0, auto_decompress=False, keepalive_timeout=idle_seconds
    )
    await runner.setup()
    try:
        for listening in sockets:
            await web.SockSite(runner, listening.dup()).start()
        yield
    finally:
        await runner.cleanup()


def waiting_room() -> web.Application:
    """What answers while the service waits for its database: it lives, and is not ready for anything else."""

    async def live(_request: web.Request) -> web.Response:
        return web.json_response({"status": "live"})

    async def not_ready(_request: web.Request) -> web.Response:
        return web.json_response({"status": "not ready", "parts": {"database": "down"}}, status=503)

    application = web.Application()
    application.router.add_get("/health/live", live)
    application.router.add_route("*", "/{path:.*}", not_ready)
    return application
