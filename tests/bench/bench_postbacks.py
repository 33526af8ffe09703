"""Post-backs delivered per second: `python -m tests.bench.bench_postbacks [--quick]`. A table on the standard output.

PostgreSQL (durable, as in production), the deliverer and the receiver share the machine; the receiver is a process of
its own. Ten receivers are ten hosts (127.0.0.1 to 127.0.0.10) of it.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import socket
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import structlog
import uvloop
from rich.console import Console
from rich.table import Table

from controller.egress.guard import Guard
from controller.embedded.postgres_server import PostgresServer
from controller.postbacks.delivery import Delivery, DeliveryOptions
from controller.resources import MIGRATIONS
from controller.store.database import Database
from controller.store.migrations import Migrations
from tests.support.folders import open_folder
from tests.support.outbox import QUERIES

BUDGET = 5000.0  # post-backs per second

_BACKLOG = """
WITH new AS (
    INSERT INTO postbacks (id, subject, sequence, event, final, license_key, url, lane, body)
    SELECT gen_random_uuid(), 'call:' || (1000000000 + ($3::bigint + n) / 2), n % 2 + 1, 'call.answered',
           n % 2 = 1, 'acme', lanes[n / 2 % array_length(lanes, 1) + 1] || '/calls',
           lanes[n / 2 % array_length(lanes, 1) + 1],
           'QueueID=1000000001&ResponseCode=29&StartTime=5%2f8%2f2010+2%3a42%3a36+AM&EndTime=1%2f1%2f0001+12%3a00%3a00'
           '+AM&Duration=0&machinedetection=HUMAN&digitsdialed=1&incoming=True&callerid=2015550123&phonenumber='
           '2015550101&extension=&lastrecordlength=0&transfercallerid=&queueid=0'
    FROM generate_series(0, $2::bigint - 1) AS n, (SELECT $1::text[] AS lanes) AS all_lanes
    RETURNING number, lane, subject, sequence, created_at
)
INSERT INTO postback_outbox (number, lane, subject, sequence, created_at, due_at)
SELECT number, lane, subject, sequence, created_at, clock_timestamp() FROM new
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One measured run: what, how many were delivered in how many seconds, and the deliverer's own CPU seconds."""

    name: str
    delivered: int
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        """Post-backs per second."""
        return self.delivered / self.seconds


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def receiver() -> AsyncIterator[tuple[int, int]]:
    """The receiving process; gives its ports, the answering and the hanging one."""
    # All of 127/8 is the loopback on Linux; each address is a host of its own to the limits.
    answering, hanging = free_port(), free_port()
    program = Path(__file__).with_name("receiving.py")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(program),
        str(answering),
        str(hanging),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        await asyncio.wait_for(process.stdout.readline(), 20)
        yield answering, hanging
    finally:
        process.stdin.close()
        await asyncio.wait_for(process.wait(), 10)


async def measure(name: str, server: PostgresServer, lanes: Sequence[str], backlog: int, deliver: int) -> Run:
    """Fill a fresh outbox with `backlog` rows and deliver until `deliver` of them are gone."""
    database_name = "bench"
    await _execute(server, "postgres", f"DROP DATABASE IF EXISTS {database_name} WITH (FORCE)")
    await _execute(server, "postgres", f"CREATE DATABASE {database_name}")
    dsn = server.dsn_of(database_name)
    await Migrations(MIGRATIONS).apply(dsn)
    await _execute(server, database_name, _BACKLOG, list(lanes), backlog, 0, timeout=300)
    await _execute(server, database_name, "VACUUM ANALYZE postback_outbox", timeout=300)
    await _execute(server, database_name, "CHECKPOINT", timeout=300)
    database = await Database.connect(dsn, QUERIES)
    watch = await asyncpg.connect(dsn)
    delivery = asyncio.create_task(Delivery(database, Guard(["127.0.0.0/8"]), DeliveryOptions(drain_seconds=0.5)).run())
    try:
        # The rate of the steady state: connections stand, caches are warm.
        start = await _delivered(watch, deliver // 10, lanes, backlog)
        began, cpu = time.perf_counter(), time.process_time()
        end = await _delivered(watch, deliver, lanes, backlog)
        return Run(name, end - start, time.perf_counter() - began, time.process_time() - cpu)
    finally:
        delivery.cancel()
        await asyncio.gather(delivery, return_exceptions=True)
        await watch.close()
        await database.close()


async def _delivered(
    connection: asyncpg.Connection[asyncpg.Record], wanted: int, lanes: Sequence[str], backlog: int
) -> int:
    """Refill the backlog until so many were delivered; gives how many it were then."""
    async with asyncio.timeout(300):
        while True:
            count: int = await connection.fetchval("SELECT count(*) FROM postback_attempts WHERE delivered")
            if count >= wanted:
                return count
            made: int = await connection.fetchval("SELECT max(number) FROM postbacks")
            missing = backlog - (made - count)
            if missing >= min(backlog // 4, 250):
                await connection.execute(_BACKLOG, list(lanes), missing, made)
            await asyncio.sleep(0.02)


async def _execute(
    server: PostgresServer, database: str, statement: str, *arguments: object, timeout: float = 30
) -> None:
    connection = await asyncpg.connect(server.dsn_of(database), timeout=10)
    try:
        await connection.execute(statement, *arguments, timeout=timeout)
    finally:
        await connection.close()


async def run(*, quick: bool) -> list[Run]:
    """All rows of the table, each the median of three; `quick`: one run of fewer post-backs each."""
    count = 2_000 if quick else 10_000
    large = 20_000 if quick else 1_000_000
    with open_folder("ringpost-bench-") as folder:
        server = PostgresServer(folder / "cluster", logs=folder / "logs")
        await server.start(timeout=60)
        try:
            return await _runs(server, count, large, rounds=1 if quick else 3)
        finally:
            await server.stop()


async def _runs(server: PostgresServer, count: int, large: int, *, rounds: int) -> list[Run]:
    async with receiver() as (answering, hanging):
        ten = [f"http://127.0.0.{n}:{answering}" for n in range(1, 11)]
        settings: list[tuple[str, list[str], int]] = [
            ("one receiver", ten[:1], count),
            ("ten receivers", ten, count),
            ("ten receivers, one of them hanging", [*ten[:9], f"http://127.0.0.10:{hanging}"], count),
            ("ten receivers, a backlog of 1,000", ten, 1_000),
        ]
        # In turns, so that what else runs on the machine hits all of them alike.
        measured = [
            [await measure(name, server, lanes, backlog, count) for name, lanes, backlog in settings]
            for _ in range(rounds)
        ]
        runs = [sorted(of_one, key=lambda run: run.rate)[rounds // 2] for of_one in zip(*measured, strict=True)]
        return [*runs, await measure(f"ten receivers, a backlog of {large:,}", server, ten, large, count)]


def show(runs: Sequence[Run], console: Console) -> None:
    """The table."""
    table = Table(title="Post-backs delivered and recorded")
    for heading in ("what", "delivered", "per second", "of budget", "deliverer's CPU"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for one in runs:
        table.add_row(
            one.name,
            f"{one.delivered:,}",
            f"{one.rate:,.0f}",
            f"{one.rate / BUDGET:.2f}",
            f"{1000 * one.cpu / one.delivered:.2f} ms each",
        )
    console.print(table)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer post-backs")
    quick: bool = parser.parse_args().quick
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    show(uvloop.run(run(quick=quick)), Console())


if __name__ == "__main__":
    main()
