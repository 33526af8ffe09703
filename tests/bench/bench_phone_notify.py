"""Phone Notify! over real HTTP and a real PostgreSQL: `python -m tests.bench.bench_phone_notify [--quick]`.

NotifyPhoneBasic over SOAP 1.1 is accepted and stored (durable, as in production) before it is answered.
GetQueueIDStatus by GET looks up one of so many stored calls. A claim takes one key's single call from beside so many
queued ones of another key. The client (a process of its own), the service and PostgreSQL share the machine. Nobody is
called: the dialer stands still. Beside them: what PostgreSQL commits alone, and what aiohttp answers alone.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import asyncpg
import structlog
import uvloop
from aiohttp import web
from rich.console import Console

from controller.calls.model.order import Order
from controller.calls.store.call_queue import KeyLimits, RouteLimits
from controller.embedded.postgres_server import PostgresServer
from controller.resources import MIGRATIONS
from controller.store.migrations import Migrations
from tests.bench import asked
from tests.bench.asked import Run, ask, http_request
from tests.support.folders import open_folder
from tests.support.outgoing import THEM
from tests.support.phone_notify import KEY, NAMESPACE, PhoneNotify, phone_notify, snapshot

ORDERS, STATUSES = 800.0, 2000.0  # requests per second
FEW, STORED = 1_000, 1_000_000
AT_ONCE = 16
FIRST_HANDED_OUT, FIRST_QUEUE_ID = 1_000_000_000, 5_000_000_000
_SOAP = """<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><NotifyPhoneBasic xmlns="{namespace}">
<PhoneNumberToDial>{number}</PhoneNumberToDial><TextToSay>Your order {number} is ready.</TextToSay><CallerID></CallerID>
<CallerIDname>Acme</CallerIDname><VoiceID>0</VoiceID><LicenseKey>{key}</LicenseKey></NotifyPhoneBasic></soap:Body>
</soap:Envelope>"""
_CALLS = """
INSERT INTO calls (queue_id, direction, license_key, our_number, their_number, channel_id, program, script_state, state,
                   response_code, started_at, due_at, route)
SELECT $2::bigint + n, 'outgoing', 'acme', '', '+12015550188', 'bench-' || n, program, '{}', 'queued', 0, now(),
       now() - interval '1 hour', 'carrier'
FROM generate_series(1, $1::integer) AS n, (SELECT program FROM calls LIMIT 1) AS one
"""
_ONE_CALL = """
INSERT INTO calls (queue_id, direction, license_key, our_number, their_number, channel_id, program, script_state, state,
                   response_code, started_at, due_at, route)
SELECT $1::bigint, direction, license_key, our_number, their_number, 'bare-' || $1::bigint, program, script_state,
       state, response_code, now(), now() - interval '1 hour', route
FROM calls WHERE queue_id = (SELECT min(queue_id) FROM calls)
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """The interface that is asked, and the PostgreSQL behind it."""

    house: PhoneNotify
    postgres: PostgresServer

    @property
    def path(self) -> str:
        """Of the interface."""
        return urlsplit(self.house.url).path

    async def ask(self, name: str, questions: list[bytes], expected: str, budget: float) -> Run:
        """Have a client ask for everything."""
        return await ask(
            name,
            questions,
            _address(self.house.url),
            at_once=AT_ONCE,
            expected=expected,
            budget=budget,
            postmaster=self.postgres.pid,
        )


async def run(*, quick: bool) -> list[Run]:
    """Measure everything."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    count, stored = (1000, STORED // 10) if quick else (8000, STORED)
    with open_folder("ringpost-bench-") as folder:
        server = PostgresServer(folder / "cluster", logs=folder / "logs")
        await server.start(timeout=60)
        try:
            await Migrations(MIGRATIONS).apply(server.dsn)
            async with phone_notify(server.dsn, folder / "media") as house:
                measured = Measured(house, server)
                house.room.dialer.is_connected = lambda: False
                while house.room.queue_ids.left <= 3 * count + FEW:
                    await house.room.queue_ids.reserve()
                await _orders(measured, FEW, "to begin with")
                runs = [await _statuses(measured, count, f"{FEW:,} calls stored", _few)]
                runs.append(await _orders(measured, count, f"{FEW:,} calls stored"))
                await _fill(server.dsn, stored)
                runs.append(await _statuses(measured, count, f"{stored:,} calls stored", _of(stored)))
                runs.append(await _orders(measured, count, f"{stored:,} calls stored"))
                runs.append(await _fair(house, stored))
                runs.append(await _commits(server, count // 4))
            runs.append(await _nothing(count))
        finally:
            await server.stop()
    return runs


async def _orders(measured: Measured, count: int, where: str) -> Run:
    head = (
        f'POST {measured.path} HTTP/1.1\r\nSOAPAction: "{NAMESPACE}NotifyPhoneBasic"\r\n'
        "Content-Type: text/xml; charset=utf-8"
    )
    bodies = (
        _SOAP.format(namespace=NAMESPACE, number=f"201{556 + number // 10_000}{number % 10_000:04d}", key=KEY).encode()
        for number in range(count)
    )
    questions = [http_request(head, "localhost", body) for body in bodies]
    return await measured.ask(f"NotifyPhoneBasic over SOAP, {where}", questions, "<ResponseCode>0<", ORDERS)


async def _statuses(measured: Measured, count: int, where: str, queue_id: Callable[[int], int]) -> Run:
    head = f"GET {measured.path}/GetQueueIDStatus?QueueID="
    questions = [http_request(f"{head}{queue_id(number)} HTTP/1.1", "localhost") for number in range(count)]
    return await measured.ask(f"GetQueueIDStatus, {where}", questions, "<ResponseText>Queued<", STATUSES)


async def _commits(server: PostgresServer, count: int) -> Run:
    """What PostgreSQL does alone on this machine: a commit for each row of `calls`, by as many connections."""
    numbers = iter(range(count))

    async def one() -> None:
        connection = await asyncpg.connect(server.dsn)
        try:
            statement = await connection.prepare(_ONE_CALL)
            for number in numbers:
                await statement.fetch(9 * FIRST_QUEUE_ID + number)
        finally:
            await connection.close()

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    return Run(
        f"bare: a commit for each row of calls, {AT_ONCE} connections", count, seconds, service=None, client=used
    )


async def _nothing(count: int) -> Run:
    """What aiohttp does alone on this machine: a handler that answers nothing, asked by the same client."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text="<ResponseText>Queued<")

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        questions = [http_request("GET / HTTP/1.1", "localhost")] * count
        address = ("127.0.0.1", runner.addresses[0][1])
        return await ask("bare: an aiohttp handler", questions, address, at_once=AT_ONCE, expected="Queued")
    finally:
        await runner.cleanup()


def _few(number: int) -> int:
    return FIRST_HANDED_OUT + number % FEW


def _of(stored: int) -> Callable[[int], int]:
    source = random.Random(1)
    return lambda _number: FIRST_QUEUE_ID + source.randint(1, stored)


async def _fill(dsn: str, stored: int) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(_CALLS, stored, FIRST_QUEUE_ID, timeout=600)
        await connection.execute("VACUUM ANALYZE calls", timeout=600)
    finally:
        await connection.close()


async def _fair(house: PhoneNotify, stored: int) -> Run:
    """How long a single call of a key waits for its claim beside the queued ones of another key."""
    rival = snapshot().license_keys["rival"]
    await house.room.notifications.take(Order(THEM, "Hello"), replace(rival))
    keys = [KeyLimits("acme", None, 0.001), KeyLimits("rival", None, 0.001)]
    began, cpu = time.perf_counter(), time.process_time()
    claimed = await house.room.dialer.claim(keys, RouteLimits("carrier", 1000, 0.001), 20)
    seconds = time.perf_counter() - began
    assert "rival" in {stored.call.license_key for stored in claimed.calls}
    used = time.process_time() - cpu
    return Run(f"a claim of 20 calls of two keys, {stored:,} queued of one", 1, seconds, 1.0, used)


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 80


def show(runs: list[Run], console: Console) -> None:
    """Print the table."""
    asked.show(runs, "Phone Notify!: client, service and PostgreSQL on one machine", console)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer requests and a smaller backlog")
    show(uvloop.run(run(quick=parser.parse_args().quick)), Console(width=160))
