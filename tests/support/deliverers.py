"""Deliverers in processes of their own, to be killed.

Run as a program it is their nursery: it has loaded everything, and each line on its standard input makes it fork one
deliverer, so that a new one is at work within milliseconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from controller.egress.guard import Guard
from controller.postbacks.breaker import BreakerOptions
from controller.postbacks.delivery import Delivery, DeliveryOptions
from controller.postbacks.poster import PostingOptions
from controller.postbacks.schedule import Schedule
from controller.store.database import Database
from tests.support.outbox import QUERIES
from tests.support.patience import LONGEST_WAIT

STUBBORN = DeliveryOptions(
    schedule=Schedule(delays=(0.0, *[0.1] * 1000)),
    posting=PostingOptions(connect_seconds=0.5, total_seconds=0.5),
    breaker=BreakerOptions(failures=1000),
    lease_seconds=1.5,
    poll_seconds=0.2,
    drain_seconds=1.0,
)
"""Short leases, and no end of patience."""


async def deliver(dsn: str) -> None:
    """Deliver to the loopback until killed."""
    database = await Database.connect(dsn, QUERIES, size=3)
    await Delivery(database, Guard(["127.0.0.0/8"]), STUBBORN).run()


class Nursery:
    """Makes deliverers and kills them."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._living: set[int] = set()

    async def spawn(self) -> int:
        """Start a deliverer; gives its process id."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        line = await asyncio.wait_for(self._process.stdout.readline(), LONGEST_WAIT)
        self._living.add(int(line))
        return int(line)

    def kill(self, pid: int) -> None:
        """Kill one as a crash would: nothing is given back."""
        os.kill(pid, signal.SIGKILL)
        self._living.discard(pid)

    def kill_all(self) -> None:
        """Kill those that still live."""
        for pid in tuple(self._living):
            self.kill(pid)


@asynccontextmanager
async def nursery(dsn: str) -> AsyncIterator[Nursery]:
    """A nursery of deliverers of a database."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.deliverers",
        dsn,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=Path(__file__).parent.parent.parent,
    )
    made = Nursery(process)
    try:
        yield made
    finally:
        made.kill_all()
        assert process.stdin is not None
        process.stdin.close()
        await asyncio.wait_for(process.wait(), LONGEST_WAIT)


def main(dsn: str) -> None:
    """The nursery itself: a fork for each line, until the standard input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os.close(0)
            os.dup2(2, 1)  # what it logs is no process id
            with contextlib.suppress(KeyboardInterrupt):
                asyncio.run(deliver(dsn))
            os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
