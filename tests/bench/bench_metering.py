"""Rating and reports: `python -m tests.bench.bench_metering [--records N]`. A table on the standard output.

Usage records of 1,000 keys in a month, most of them calls to 300 prefixes, are rated at a price list of 1,000 rates; a
month's report of one key of 10,000 records is made while other keys have few records, and while they have all the rest.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import asyncpg
import uvloop
from rich.console import Console
from rich.table import Table

from controller.embedded.postgres_server import PostgresServer
from controller.metering.prices import PriceList, Rate
from controller.metering.store.usage_reader import UsageReader
from controller.metering.usage import UsageProduct
from controller.resources import MIGRATIONS
from controller.store.database import Database
from controller.store.migrations import Migrations
from tests.support.folders import open_folder
from tests.support.outbox import QUERIES

RECORDS = 10_000_000
QUICK_RECORDS = 1_000_000
OF_ONE_KEY = 10_000
BUDGET_SECONDS = 30.0
SINCE, UNTIL = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
AT_ONCE = 500_000

_FILL = """
INSERT INTO usage_records (record_id, license_key, product, direction, did, number, country, route, units, began_at, at)
SELECT 'call:' || n, $3, CASE WHEN a < 0.7 THEN 'call' WHEN a < 0.8 THEN 'transfer' ELSE 'text' END,
       CASE WHEN b < 0.3 THEN 'incoming' ELSE 'outgoing' END, '+1201555' || lpad((n % 100)::text, 4, '0'),
       '+1' || (201 + floor(c * 300))::text || lpad(floor(d * 10000000)::text, 7, '2'), 'US', 'carrier',
       CASE WHEN a < 0.8 THEN floor(600 * e * e)::integer ELSE 1 + floor(e * 3)::integer END, NULL,
       timestamptz '2026-11-01 00:00:00+00' + make_interval(secs => f * 2591999)
FROM (SELECT n, random() AS a, random() AS b, random() AS c, random() AS d, random() AS e, random() AS f
      FROM generate_series($1::bigint, $2::bigint - 1) AS n) AS made
"""
_FILL_OTHERS = _FILL.replace("$3,", "'key-' || (n * 2654435761 % 1000)::text,", 1)


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure. seconds: of the wall clock; cpu: of this process, the database's not included."""

    what: str
    seconds: float
    cpu: float
    budget: str


def price_list() -> PriceList:
    """Calls by 300 area codes and 200 countries, incoming and outgoing, texts and transfers."""
    rates = [Rate(UsageProduct.TEXT, each=Decimal("0.0075")), Rate(UsageProduct.TRANSFER, per_minute=Decimal("0.01"))]
    rates.append(Rate(UsageProduct.CALL, per_minute=Decimal("0.02"), first_seconds=30, next_seconds=6))
    for area in range(201, 501):
        for direction in ("incoming", "outgoing"):
            price = Decimal(area) / 100_000
            prefix = f"+1{area}"
            rates.append(Rate(UsageProduct.CALL, direction, prefix, per_minute=price, first_seconds=6, next_seconds=6))
    rates += [Rate(UsageProduct.CALL, prefix=f"+{code}", per_minute=Decimal("0.1")) for code in range(200, 600)]
    return PriceList("USD", 4, tuple(rates))


async def run(records: int = RECORDS) -> list[Measured]:
    """Measure. records: how many are rated."""
    prices, measured = price_list(), list[Measured]()
    async with _database() as database:
        reader = UsageReader(database)
        await _fill(database.dsn, 0, OF_ONE_KEY, "one")
        measured.append(await _report(reader, prices, "a month's report of 10,000 records, alone"))
        for start in range(OF_ONE_KEY, records, AT_ONCE):
            await _fill(database.dsn, start, min(records, start + AT_ONCE), None)
        await _vacuum(database.dsn)
        beside = f"a month's report of 10,000 records, beside {records - OF_ONE_KEY:,}"
        measured.append(await _report(reader, prices, beside))
        began, cpu = time.perf_counter(), _cpu()
        made = await reader.report_of_all(SINCE, UNTIL, prices)
        assert sum(line.records for line in made.lines) == records
        seconds = time.perf_counter() - began
        measured.append(Measured(f"{records:,} records rated", seconds, _cpu() - cpu, f"{BUDGET_SECONDS:g} s"))
    return measured


async def _report(reader: UsageReader, prices: PriceList, what: str) -> Measured:
    """The middle of five."""
    times = []
    for _ in range(5):
        began, cpu = time.perf_counter(), _cpu()
        made = await reader.report("one", SINCE, UNTIL, prices, by="day")
        times.append((time.perf_counter() - began, _cpu() - cpu))
        assert sum(line.records for line in made.lines) == OF_ONE_KEY
    seconds, used = sorted(times)[2]
    return Measured(what, seconds, used, "flat")


async def _fill(dsn: str, first: int, end: int, key: str | None) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        if key is None:
            await connection.execute(_FILL_OTHERS, first, end, timeout=600)
        else:
            await connection.execute(_FILL, first, end, key, timeout=600)
    finally:
        await connection.close()


async def _vacuum(dsn: str) -> None:
    """What the server does by itself in time."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("VACUUM ANALYZE usage_records", timeout=600)
    finally:
        await connection.close()


@asynccontextmanager
async def _database() -> AsyncIterator[Database]:
    with open_folder("ringpost-bench-") as folder:
        server = PostgresServer(folder / "cluster", logs=folder / "logs")
        await server.start(timeout=60)
        try:
            await Migrations(MIGRATIONS).apply(server.dsn)
            database = await Database.connect(server.dsn, QUERIES)
            try:
                yield database
            finally:
                await database.close()
        finally:
            await server.stop()


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def show(measured: list[Measured], console: Console) -> None:
    """Print the table."""
    table = Table(title="Metering", title_justify="left")
    for heading in ("what", "seconds", "of them Ringpost's CPU", "budget"):
        table.add_column(heading)
    for each in measured:
        table.add_row(each.what, f"{each.seconds:.3f}", f"{each.cpu:.3f}", each.budget)
    console.print(table)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=RECORDS, help="how many are rated")
    show(uvloop.run(run(parser.parse_args().records)), Console(width=140))


if __name__ == "__main__":
    main()
