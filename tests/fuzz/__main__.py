"""`python -m tests.fuzz [REQUESTS] [SEED]`: a campaign against interfaces of its own, on a PostgreSQL of its own."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from pathlib import Path

import structlog

from controller.api.auth import Guesses
from controller.embedded.postgres_server import FAST, PostgresServer
from controller.resources import MIGRATIONS
from controller.store.migrations import Migrations
from tests.fuzz.campaign import campaign, requests, resident_bytes
from tests.fuzz.doors import KEYS, dialer_requests, interfaces
from tests.support.dialer import dialer
from tests.support.folders import open_folder
from tests.support.sms_notify import sms_notify

REQUESTS = 100_000
ROUNDS = 10
# What a process may grow by between the second round and the last: caches and the heap's own holes.
GROWTH_BYTES = 40 * 1024 * 1024


async def main(count: int, seed: int) -> int:
    """Run the campaign; 1 when an answer was one that none may be, or the memory grew."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with open_folder("ringpost-fuzz-") as folder:
        server = PostgresServer(folder / "cluster", logs=folder / "logs", settings=FAST)
        await server.start(timeout=60)
        try:
            failed = await _run(server.dsn_of("postgres"), folder / "voipms", count, seed)
            return failed or await _run_dialer(server.dsn_of("postgres"), folder / "media", count // ROUNDS, seed)
        finally:
            await server.stop()


async def _run(dsn: str, media: Path, count: int, seed: int) -> int:
    await Migrations(MIGRATIONS).apply(dsn)
    free = Guesses(clock=itertools.count(0.0, 3600.0).__next__)
    failures, sizes, statuses = 0, [], {}
    async with sms_notify(dsn, sending=False, guesses=free, media=media) as running:
        for number in range(ROUNDS):
            started = time.monotonic()
            wanted = requests(interfaces(), KEYS, count // ROUNDS, seed + number)
            outcome = await campaign(running.url, wanted)
            sizes.append(resident_bytes())
            statuses = dict(sorted(outcome.statuses.items()))
            print(
                f"round {number + 1}: {statuses}, {sizes[-1] >> 20} MB, {time.monotonic() - started:.0f} s", flush=True
            )
            for request, status, body in outcome.failures[:5]:
                print(f"  {status} for {request}: {body[:300]!r}")
            failures += len(outcome.failures)
    growth = sizes[-1] - sizes[1]
    print(f"{count} requests, {failures} answers that none may be, memory grew by {growth >> 20} MB")
    return 1 if failures or growth > GROWTH_BYTES else 0


async def _run_dialer(dsn: str, media: Path, count: int, seed: int) -> int:
    """The same of the Dialer's doors, with the calls behind them."""
    async with dialer(dsn, media, guesses=Guesses(clock=itertools.count(0.0, 3600.0).__next__)) as running:
        outcome = await campaign(running.url, dialer_requests(count, seed))
    for request, status, body in outcome.failures[:5]:
        print(f"  {status} for {request}: {body[:300]!r}")
    print(f"{count} requests of the Dialer: {dict(sorted(outcome.statuses.items()))}")
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    sys.exit(asyncio.run(main(*given, *(REQUESTS, 1)[len(given) :])))
