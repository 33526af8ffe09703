"""Where HTTP listens: from the first moment on, through a change of who answers."""

from __future__ import annotations

import aiohttp
import pytest
from aiohttp import web

from controller.errors import PortInUse
from controller.service.listening import answering, listen, waiting_room


async def _get(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, await response.text()


async def test_a_connection_that_comes_between_two_applications_waits_for_the_second_one() -> None:
    (listening,) = await listen("127.0.0.1", 0)
    port = listening.getsockname()[1]

    async def ready(_request: web.Request) -> web.Response:
        return web.Response(text="ready")

    application = web.Application()
    application.router.add_get("/health/ready", ready)
    try:
        async with answering(waiting_room(), [listening]):
            assert (await _get(port, "/health/live"))[0] == 200
            assert (await _get(port, "/health/ready"))[0] == 503
            assert (await _get(port, "/anything"))[0] == 503
        async with aiohttp.ClientSession() as http:
            waiting = http.get(f"http://127.0.0.1:{port}/health/ready")
            async with answering(application, [listening]), waiting as response:
                assert await response.text() == "ready"
    finally:
        listening.close()


async def test_a_port_that_is_taken_is_refused_with_what_to_write() -> None:
    (listening,) = await listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    try:
        with pytest.raises(PortInUse, match="set another `http:"):
            await listen("127.0.0.1", port)
    finally:
        listening.close()
