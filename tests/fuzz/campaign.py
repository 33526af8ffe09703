"""A campaign: hostile requests at every door of the interfaces, and what must hold of every answer."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from yarl import URL

from controller.api.bindings.declaration import Interface
from tests.fuzz.mutator import Mutator
from tests.fuzz.seeds import Request, seeds_of

AT_ONCE = 8
ANSWER_SECONDS = 60.0
# What only Ringpost itself can have got wrong.
OWN_FAULTS = (
    b"soap:Server",
    b"soap:Receiver",
    b"InternalServiceFault",
    b"internal error",
    b"itself in trouble",
    b"Traceback",
)


@dataclass
class Outcome:
    """How many answers had which status, and the requests that were answered as none may be."""

    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[tuple[Request, int, bytes]] = field(default_factory=list)


def requests(interfaces: list[Interface], keys: tuple[str, ...], count: int, seed: int) -> Iterator[Request]:
    """So many spoilt requests; the same for the same seed."""
    dice = random.Random(seed)
    seeds = [seeds_of(interface, keys, dice) for interface in interfaces]
    mutator = Mutator(dice)
    for _ in range(count):
        yield mutator.spoil(dice.choice(seeds).request())


async def campaign(url: str, wanted: Iterator[Request]) -> Outcome:
    """Send the requests, some at once, and judge the answers."""
    outcome = Outcome()
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, skip_auto_headers=["Content-Type", "Accept"]) as http:

        async def send() -> None:
            for request in wanted:
                status, body = await _answer(http, url, request)
                outcome.statuses[status] += 1
                if not allowed(status, body):
                    outcome.failures.append((request, status, body))

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(send())
    return outcome


async def _answer(http: aiohttp.ClientSession, url: str, request: Request) -> tuple[int, bytes]:
    """The status and the body; 0 for a request that HTTP itself does not let through."""
    try:
        async with http.request(
            request.method,
            URL(url + request.path, encoded=True),
            headers=list(request.headers),
            data=request.body or None,
        ) as answer:
            return answer.status, await answer.read()
    except (aiohttp.ClientError, ValueError):
        # The client cannot write such a header, or the server closed on a body that it did not read to its end.
        return 0, b""


def allowed(status: int, body: bytes) -> bool:
    """Whether a request may be answered so: 500 only for a fault that names the sender, as SOAP and ASP.NET have it."""
    if any(fault in body for fault in OWN_FAULTS):
        return False
    return status < 500 or status == 500


def resident_bytes() -> int:
    """How much memory this process has."""
    pages = int(Path("/proc/self/statm").read_text("utf-8").split()[1])
    return pages * 4096
