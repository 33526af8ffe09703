"""What listens for HTTP: who is let through the operator's doors, how long a client may dawdle, what answers tell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from controller.api.operator_doors import operator_doors
from controller.service.listening import answering, listen
from tests.support.patience import LONGEST_WAIT


@asynccontextmanager
async def doors(idle_seconds: float = 75.0) -> AsyncIterator[int]:
    async def here(_request: web.Request) -> web.Response:
        return web.Response(text="here")

    application = web.Application(middlewares=[operator_doors({"ringpost.example.com"})])
    application.router.add_get("/{path:.*}", here)
    sockets = await listen("127.0.0.1", 0)
    try:
        async with answering(application, sockets, idle_seconds=idle_seconds):
            yield sockets[0].getsockname()[1]
    finally:
        for each in sockets:
            each.close()


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/metrics", {}, 200),
        ("/metrics", {"Host": "controller:8080"}, 200),
        ("/metrics", {"Host": "RINGPOST.example.com."}, 200),
        ("/metrics", {"Host": "[::1]:8080"}, 200),
        ("/metrics", {"Host": "rebound.example"}, 403),
        ("/admin/calls/feed", {"Host": "rebound.example:8080"}, 403),
        ("/admin/reload", {"Origin": "http://evil.example"}, 403),
        ("/media/x.wav", {"Origin": "null"}, 403),
        ("/metrics", {"Host": "ringpost.example.com", "Origin": "http://ringpost.example.com"}, 200),
        ("/NotifyWS/PhoneNotify.asmx", {"Host": "customers.example"}, 200),
    ],
)
async def test_the_operators_doors_are_shut_to_web_pages(path: str, headers: dict[str, str], status: int) -> None:
    async with (
        doors() as port,
        aiohttp.ClientSession() as http,
        http.get(f"http://127.0.0.1:{port}{path}", headers=headers) as answer,
    ):
        assert answer.status == status


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ", b"GET / HTTP/1.1\r\n"])
async def test_a_head_without_an_end_is_not_waited_for(sent: bytes) -> None:
    async with doors(idle_seconds=0.2) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        async with asyncio.timeout(LONGEST_WAIT):
            assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize("request_text", [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"nonsense\r\n\r\n"])
async def test_no_answer_tells_of_the_programs_behind_it(request_text: bytes) -> None:
    async with doors() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request_text)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), LONGEST_WAIT)
        writer.close()
    assert b"Server: Ringpost\r\n" in head
    assert b"aiohttp" not in head
