"""Phone Notify! over real HTTP and a real PostgreSQL: `python -m tests.bench.bench_phone_notify [--quick]`.

NotifyPhoneBasic over SOAP 1.1 is accepted and stored (durable, as in production) before it is answered.
GetQueueIDStatus by GET looks up one of so many stored calls. A claim takes one key's single call from beside so many
queued ones of another key. The client, the service and PostgreSQL share the machine; client and service share a
process, on the event loop of asyncio. Nobody is called: the dialer stands still.
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
from rich.console import Console
from rich.table import Table

from controller.calls.model.order import Order
from controller.calls.store.call_queue import KeyLimits, RouteLimits
from controller.embedded.postgres_server import PostgresServer
from controller.resources import MIGRATIONS
from controller.store.migrations import Migrations
from tests.support.folders import open_folder
from tests.support.outgoing import THEM
from tests.support.phone_notify import KEY, NAMESPACE, PhoneNotify, phone_notify, snapshot

ORDERS, STATUSES = 800.0, 2000.0  # requests per second
STORED = 1_000_000
AT_ONCE = 16
FIRST_QUEUE_ID = 5_000_000_000
_SOAP = """<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><NotifyPhoneBasic xmlns="{namespace}">
<PhoneNumberToDial>{number}</PhoneNumberToDial><TextToSay>Hello, your order is ready.</TextToSay><CallerID></CallerID>
<CallerIDname>Acme</CallerIDname><VoiceID>0</VoiceID><LicenseKey>{key}</LicenseKey></NotifyPhoneBasic></soap:Body>
</soap:Envelope>"""
_CALLS = """
INSERT INTO calls (queue_id, direction, license_key, our_number, their_number, channel_id, program, script_state, state,
                   response_code, started_at, due_at, route)
SELECT $2::bigint + n, 'outgoing', 'acme', '', '+12015550188', 'bench-' || n, program, '{}', 'queued', 0, now(),
       now() - interval '1 hour', 'carrier'
FROM generate_series(1, $1::integer) AS n, (SELECT program FROM calls LIMIT 1) AS one
"""


@dataclass(frozen=True, slots=True)
class Run:
    """So many requests in so many seconds, of which the service and the client computed so long; and the budget."""

    name: str
    requests: int
    seconds: float
    cpu_seconds: float
    budget: float | None

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


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
                house.room.dialer.is_connected = lambda: False
                while house.room.queue_ids.left <= count:
                    await house.room.queue_ids.reserve()
                runs = [await _orders(house, count), await _statuses(house, count, "few calls stored", _few)]
                await _fill(server.dsn, stored)
                runs.append(await _statuses(house, count, f"{stored:,} calls stored", _of(stored)))
                runs.append(await _fair(house, stored))
        finally:
            await server.stop()
    return runs


async def _orders(house: PhoneNotify, count: int) -> Run:
    def request(number: int) -> bytes:
        body = _SOAP.format(namespace=NAMESPACE, number=f"201556{number % 10_000:04d}", key=KEY).encode()
        head = f'SOAPAction: "{NAMESPACE}NotifyPhoneBasic"\r\nContent-Type: text/xml; charset=utf-8\r\n'
        return f"POST {_path(house)} HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n".encode() + b"\r\n" + body

    return await _run(house, "NotifyPhoneBasic over SOAP, stored", count, ORDERS, request, b"<ResponseCode>0<")


async def _statuses(house: PhoneNotify, count: int, where: str, queue_id: Callable[[int], int]) -> Run:
    def request(number: int) -> bytes:
        return f"GET {_path(house)}/GetQueueIDStatus?QueueID={queue_id(number)} HTTP/1.1\r\n\r\n".encode()

    return await _run(house, f"GetQueueIDStatus, {where}", count, STATUSES, request, b"<ResponseText>Queued<")


def _few(number: int) -> int:
    return 1_000_000_000 + number % 100


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
    return Run(f"a claim of 20 calls of two keys, {stored:,} queued of one", 1, seconds, time.process_time() - cpu, 1.0)


async def _run(
    house: PhoneNotify, name: str, count: int, budget: float, request: Callable[[int], bytes], expected: bytes
) -> Run:
    address = urlsplit(house.url)
    numbers = iter(range(count))

    async def client() -> None:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        for number in numbers:
            head, _, rest = request(number).partition(b"\r\n")
            writer.write(head + f"\r\nHost: {address.netloc}\r\n".encode() + rest)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(length)
            assert expected in body, body
        writer.close()

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(client() for _ in range(AT_ONCE)))
    return Run(name, count, time.perf_counter() - began, time.process_time() - cpu, budget)


def _path(house: PhoneNotify) -> str:
    return urlsplit(house.url).path


def show(runs: list[Run], console: Console) -> None:
    """Print the table."""
    table = Table(title="Phone Notify!: client, service and PostgreSQL on one machine", title_justify="left")
    for heading in ("what", "a second", "budget", "kept", "service and client, CPU a request"):
        table.add_column(heading)
    for each in runs:
        kept = "" if each.budget is None else "yes" if each.rate >= each.budget else "no"
        table.add_row(
            each.name,
            f"{each.rate:,.0f}" if each.rate >= 10 else f"{each.rate:.2f}",
            "" if each.budget is None else f"{each.budget:,.0f}",
            kept,
            f"{each.cpu_seconds / each.requests * 1000:.2f} ms",
        )
    console.print(table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer requests and a smaller backlog")
    show(asyncio.run(run(quick=parser.parse_args().quick)), Console(width=160))
