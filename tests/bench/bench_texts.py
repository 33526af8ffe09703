"""Texts in and out per second: `python -m tests.bench.bench_texts [--quick]`. A table on the standard output.

PostgreSQL (durable, as in production), the texts' room and what stands for Asterisk, a process of its own for texts
that come in, share the machine. In: FastAGI as the dialplan speaks it, by so many connections at once; each text is on
the disk, its post-back queued, before it counts. Out: handed over, answered over HEP, the result on the disk. Both
again with a million texts and opt-outs stored. One Asterisk takes texts one after the other: it is measured by one
connection at a time.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import time
from uuid import uuid4

import asyncpg
import structlog
import uvloop
from rich.console import Console

from controller.asterisk.fastagi import FastAgiServer
from controller.embedded.postgres_server import PostgresServer
from controller.resources import MIGRATIONS
from controller.store.migrations import Migrations
from controller.texts.intake.intake import SCRIPT
from controller.texts.model.order import TextOrder
from tests.bench import asked
from tests.bench.asked import Run, ask
from tests.support.folders import open_folder
from tests.support.texts import DID, SECRET, TextsRoom, dialplan_fields, texts_room

BUDGET_IN, BUDGET_OUT = 1000.0, 300.0  # texts per second
STORED = 1_000_000
AT_ONCE = 32

_TEXTS = """
INSERT INTO texts (text_id, license_key, direction, sender, recipient, body, state, queued_at, sent_at, source)
SELECT gen_random_uuid(), 'acme', CASE n % 2 WHEN 0 THEN 'incoming' ELSE 'outgoing' END,
       CASE n % 2 WHEN 0 THEN '+1212555' || lpad((n / 100)::text, 5, '0') ELSE '+12015550101' END,
       CASE n % 2 WHEN 0 THEN '+12015550101' ELSE '+1212555' || lpad((n / 100)::text, 5, '0') END, 'text ' || n,
       CASE n % 2 WHEN 0 THEN 'received' ELSE 'accepted' END, now() - n * interval '1 second',
       CASE n % 2 WHEN 1 THEN now() - n * interval '1 second' END, 'api'
FROM generate_series(1, $1::integer) AS n
"""
_OPT_OUTS = """
INSERT INTO opt_outs (license_key, number, source)
SELECT 'acme', '+1312' || lpad(n::text, 7, '0'), 'import' FROM generate_series(1, $1::integer) AS n
"""
_ONE_TEXT = """
INSERT INTO texts (text_id, license_key, direction, sender, recipient, body, state, queued_at, source)
VALUES (gen_random_uuid(), 'acme', 'incoming', '+12125550100', '+12015550101', $1, 'received', now(), 'sip')
"""


async def run(*, quick: bool) -> list[Run]:
    """Measure everything."""
    count, stored = (2000, STORED // 10) if quick else (10_000, STORED)
    runs = []
    with open_folder("ringpost-bench-") as folder:
        server = PostgresServer(folder / "cluster", logs=folder / "logs")
        await server.start(timeout=60)
        try:
            await Migrations(MIGRATIONS).apply(server.dsn)
            for held in (0, stored):
                if held:
                    await _fill(server.dsn, held)
                where = f"{held:,} stored"
                async with texts_room(server.dsn) as room:
                    runs += [
                        await _in(room, server, count, AT_ONCE, f"in, {AT_ONCE} at once, {where}", BUDGET_IN),
                        await _in(room, server, count // 10, 1, f"in, one at a time, {where}", None),
                        await _out(room, count // 2, f"out with results, {where}"),
                    ]
            runs.append(await _commits(server, count // 4))
        finally:
            await server.stop()
    return runs


async def _fill(dsn: str, stored: int) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(_TEXTS, stored, timeout=300)
        await connection.execute(_OPT_OUTS, stored, timeout=300)
        await connection.execute("ANALYZE", timeout=300)
    finally:
        await connection.close()


async def _in(
    room: TextsRoom, server: PostgresServer, count: int, at_once: int, name: str, budget: float | None
) -> Run:
    agi = FastAgiServer(port=0)
    agi.route(SCRIPT, room.intake.take)
    await agi.start()
    mark = uuid4().hex
    texts = [
        dialplan_fields(
            f"text {number}", sender=f"<sip:+1212555{number % 10_000:04d}@192.0.2.1>", call_id=f"{mark}-{number}"
        )
        for number in range(count)
    ]
    try:
        return await ask(
            name,
            [_question([SECRET, *fields]) for fields in texts],
            ("127.0.0.1", agi.port),
            at_once=at_once,
            expected="SET VARIABLE",
            budget=budget,
            protocol="agi",
            postmaster=server.pid,
        )
    finally:
        await agi.stop()


def _question(arguments: list[str]) -> bytes:
    lines = ["agi_network: yes", f"agi_network_script: {SCRIPT}"]
    lines += [f"agi_arg_{place}: {argument}" for place, argument in enumerate(arguments, 1)]
    return ("\n".join(lines) + "\n\n").encode()


async def _commits(server: PostgresServer, count: int) -> Run:
    """What PostgreSQL does alone on this machine: a commit for each row of `texts`, by as many connections."""
    numbers = iter(range(count))

    async def one() -> None:
        connection = await asyncpg.connect(server.dsn)
        try:
            statement = await connection.prepare(_ONE_TEXT)
            for number in numbers:
                await statement.fetch(f"text {number}")
        finally:
            await connection.close()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    return Run(f"bare: a commit for each row of texts, {AT_ONCE} connections", count, time.perf_counter() - began)


async def _out(room: TextsRoom, count: int, name: str) -> Run:
    known = len(room.asterisk.sent)
    orders = [
        TextOrder("acme", f"+1212555{number % 10_000:04d}", f"out {number}", sender=DID) for number in range(count)
    ]
    began, cpu = time.perf_counter(), time.process_time()
    for start in range(0, count, 100):
        await room.queueing.queue(orders[start : start + 100])
    await room.asterisk.until_sent(known + count, timeout=300)
    await room.until("SELECT 1 WHERE NOT EXISTS (SELECT FROM texts WHERE state = 'sending')", timeout=60)
    return Run(name, count, time.perf_counter() - began, BUDGET_OUT, time.process_time() - cpu)


def show(runs: list[Run], console: Console) -> None:
    """Print the table."""
    asked.show(runs, "Texts: client, service and PostgreSQL on one machine", console)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer texts, and a tenth of the rows stored")
    arguments = parser.parse_args()
    logging.disable(logging.INFO)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    show(uvloop.run(run(quick=arguments.quick)), Console(width=120))


if __name__ == "__main__":
    main()
