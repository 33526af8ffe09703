"""The VoIP.ms interface: getDIDsInfo with 10,000 numbers, over real HTTP, the client in the same process."""

from __future__ import annotations

import asyncio
import time
from typing import Any, cast
from urllib.parse import urlencode

import uvloop

from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import Did, Snapshot
from controller.service.build_voipms import VoipmsParts, voipms_routes
from tests.bench.rows import Row
from tests.support.voipms import KEY, PASSWORD, USER, Client, serving

NUMBERS = 10_000
AT_ONCE = 8


def measure(*, quick: bool) -> list[Row]:
    """All rows about this interface."""
    return uvloop.run(_measure(500 if quick else 5000))


async def _measure(count: int) -> list[Row]:
    dids = {number: Did(number, voice=KEY, sms=KEY) for number in (f"+1201{2_000_000 + n}" for n in range(NUMBERS))}
    nothing = cast("Any", None)
    directory = CurrentDirectory(Snapshot(license_keys={KEY.name: KEY}, dids=dids))
    parts = VoipmsParts(nothing, directory, nothing, nothing, nothing, nothing, nothing, nothing)
    async with serving(voipms_routes(parts)) as client:
        one = await _one_number(client, count)
        began = time.perf_counter()
        answer = await client.call("getDIDsInfo")
        whole = time.perf_counter() - began
        assert len(answer["dids"]) == NUMBERS
    what = f"of {NUMBERS:,} numbers"
    return [
        Row(
            f"getDIDsInfo, one {what}",
            "2 ms (500/s)",
            one * 1000,
            None,
            "ms",
            f"{1 / one:.0f}/s, {AT_ONCE} connections, {count:,} requests",
            budget=2.0,
        ),
        Row(f"getDIDsInfo, all {what}", "-", whole * 1000, None, "ms", "one request, parsed"),
    ]


async def _one_number(client: Client, count: int) -> float:
    """Seconds a request takes, of many that are made on some connections at once."""
    host, _, path = client.url.removeprefix("http://").partition("/")
    name, _, port = host.partition(":")
    numbers = iter(range(count))

    async def ask() -> None:
        reader, writer = await asyncio.open_connection(name, int(port))
        for number in numbers:
            asked = {"api_username": USER, "api_password": PASSWORD, "method": "getDIDsInfo"}
            query = urlencode({**asked, "did": f"201{2_000_000 + number % NUMBERS}"})
            writer.write(f"GET /{path}?{query} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(length)
            assert b'"status":"success"' in body
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
    return (time.perf_counter() - began) / count
