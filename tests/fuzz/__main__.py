"""`python -m tests.fuzz [REQUESTS] [SEED] [--only sms|phone|voipms|dialer]`: a campaign against services of its own.

So many hostile requests go to each interface in ten rounds, on a PostgreSQL of its own; client and service share the
process whose memory is watched. SMS Notify!, VoIP.ms and the Dialer are behind the texts' or the calls' real rooms,
Phone Notify! too; nobody is called.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from controller.api.auth import Guesses
from controller.embedded.postgres_server import FAST, PostgresServer
from controller.resources import MIGRATIONS
from controller.store.migrations import Migrations
from tests.fuzz.campaign import campaign, requests, resident_bytes
from tests.fuzz.doors import KEYS, dialer_requests, interfaces, phone_interface
from tests.fuzz.seeds import Request
from tests.support.dialer import dialer
from tests.support.folders import open_folder
from tests.support.phone_notify import KEY as PHONE_KEY
from tests.support.phone_notify import phone_notify
from tests.support.sms_notify import sms_notify

REQUESTS = 100_000
ROUNDS = 10
# What a process may grow by between the second round and the last: caches and the heap's own holes.
GROWTH_BYTES = 40 * 1024 * 1024
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Target:
    """An interface that is served at `url`. wanted: so many requests to it, of a seed."""

    url: str
    wanted: Callable[[int, int], Iterator[Request]]


def _free() -> Guesses:
    """Nobody who guesses keys is held up."""
    return Guesses(clock=itertools.count(0.0, 3600.0).__next__)


@asynccontextmanager
async def _texts(dsn: str, media: Path, *, voipms: bool) -> AsyncIterator[Target]:
    wanted = [each for each in interfaces() if each.path.startswith("/api/") == voipms]
    async with sms_notify(dsn, sending=False, guesses=_free(), media=media) as running:
        yield Target(running.url, lambda count, seed: requests(wanted, KEYS, count, seed))


@asynccontextmanager
async def _phone(dsn: str, media: Path) -> AsyncIterator[Target]:
    interface, keys = phone_interface(), (PHONE_KEY, PHONE_KEY, KEYS[-1])
    async with phone_notify(dsn, media, guesses=_free()) as running:
        running.room.dialer.is_connected = lambda: False
        url = running.url.removesuffix(interface.path)
        yield Target(url, lambda count, seed: requests([interface], keys, count, seed))


@asynccontextmanager
async def _dialer(dsn: str, media: Path) -> AsyncIterator[Target]:
    async with dialer(dsn, media, guesses=_free()) as running:
        yield Target(running.url, dialer_requests)


Serve = Callable[[str, Path], AbstractAsyncContextManager[Target]]
TARGETS: dict[str, tuple[str, Serve]] = {
    "sms": ("SMS Notify!", partial(_texts, voipms=False)),
    "phone": ("Phone Notify!", _phone),
    "voipms": ("VoIP.ms", partial(_texts, voipms=True)),
    "dialer": ("the Dialer", _dialer),
}


async def main(count: int, seed: int, only: str | None) -> int:
    """Run the campaigns; 1 when an answer was one that none may be, or the memory grew."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    failed = False
    for name, (title, serve) in TARGETS.items():
        if only not in (None, name):
            continue
        with open_folder("ringpost-fuzz-") as folder:
            server = PostgresServer(folder / "cluster", logs=folder / "logs", settings=FAST)
            await server.start(timeout=60)
            try:
                dsn = server.dsn_of("postgres")
                await Migrations(MIGRATIONS).apply(dsn)
                async with serve(dsn, folder / "media") as target:
                    failed = await _campaign(title, target, count, seed) or failed
            finally:
                await server.stop()
    return 1 if failed else 0


async def _campaign(title: str, target: Target, count: int, seed: int) -> bool:
    """Send everything to one target; whether it failed."""
    failures, sizes = 0, [resident_bytes()]
    for number in range(ROUNDS):
        started = time.monotonic()
        outcome = await campaign(target.url, target.wanted(count // ROUNDS, seed + number))
        sizes.append(resident_bytes())
        statuses = dict(sorted(outcome.statuses.items()))
        seconds = time.monotonic() - started
        print(f"{title}, round {number + 1}: {statuses}, {sizes[-1] // _MEGABYTE} MB, {seconds:.0f} s", flush=True)
        for request, status, body in outcome.failures[:5]:
            print(f"  {status} for {request}: {body[:300]!r}")
        failures += len(outcome.failures)
    before, settled, after = sizes[0], sizes[2], sizes[-1]
    print(
        f"{title}: {count:,} requests, {failures} answers that none may be; {before // _MEGABYTE} MB before,"
        f" {settled // _MEGABYTE} MB after two rounds, {after // _MEGABYTE} MB at the end",
        flush=True,
    )
    return bool(failures) or after - settled > GROWTH_BYTES


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("requests", nargs="?", type=int, default=REQUESTS)
    parser.add_argument("seed", nargs="?", type=int, default=1)
    parser.add_argument("--only", choices=tuple(TARGETS))
    given = parser.parse_args()
    sys.exit(asyncio.run(main(given.requests, given.seed, given.only)))
