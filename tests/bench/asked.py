"""What a service answers when a client in another process asks: how many a second, and whose CPU it took."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

from tests.bench.asking import LENGTH
from tests.bench.calls import cpu_seconds


@dataclass(frozen=True, slots=True)
class Run:
    """So many requests in so many seconds, and the budget, if there is one, in requests a second.

    service: CPU seconds of the process that answered; client, database: of those that asked and stored, None where
    they are not known apart.
    """

    name: str
    requests: int
    seconds: float
    budget: float | None = None
    service: float | None = None
    client: float | None = None
    database: float | None = None

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


async def ask(
    name: str,
    questions: Sequence[bytes],
    address: tuple[str, int],
    *,
    at_once: int,
    expected: str,
    budget: float | None = None,
    protocol: Literal["http", "agi"] = "http",
    postmaster: int | None = None,
) -> Run:
    """Have a client ask this process everything. expected: what each answer holds; postmaster: PostgreSQL's pid."""
    program = Path(__file__).with_name("asking.py")
    command = [sys.executable, str(program), address[0], str(address[1]), str(at_once), protocol, expected]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    sent = b"".join(len(each).to_bytes(LENGTH, "big") + each for each in questions)
    stored, cpu = _database_cpu(postmaster), time.process_time()
    told, _ = await process.communicate(sent)
    if process.returncode:
        raise RuntimeError("the client did not get its answers")
    used = time.process_time() - cpu
    measured = json.loads(told)
    database = None if postmaster is None else _database_cpu(postmaster) - stored
    return Run(name, len(questions), measured["seconds"], budget, used, measured["cpu"], database)


def http_request(head: str, host: str, body: bytes = b"") -> bytes:
    """A request of HTTP/1.1; head: its first line and its headers, but for Host and the length of the body."""
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{head.rstrip()}\r\nHost: {host}\r\n{length}\r\n".encode() + body


def show(runs: Sequence[Run], title: str, console: Console) -> None:
    """Print the table."""
    table = Table(title=title, title_justify="left")
    for heading in ("what", "requests", "a second", "budget", "kept", "service, CPU each", "client", "PostgreSQL"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for each in runs:
        kept = "-" if each.budget is None else "yes" if each.rate >= each.budget else "[red]no[/]"
        table.add_row(
            each.name,
            f"{each.requests:,}",
            f"{each.rate:,.0f}" if each.rate >= 10 else f"{each.rate:.2f}",
            "-" if each.budget is None else f"{each.budget:,.0f}",
            kept,
            *(_milliseconds(cpu, each.requests) for cpu in (each.service, each.client, each.database)),
        )
    console.print(table)


def _milliseconds(cpu: float | None, requests: int) -> str:
    return "-" if cpu is None else f"{cpu / requests * 1000:.2f} ms"


def _database_cpu(postmaster: int | None) -> float:
    """CPU seconds of a PostgreSQL and those of its backends that live (proc(5), stat)."""
    if postmaster is None:
        return 0.0
    used = cpu_seconds(postmaster)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[1]) == postmaster:
                used += cpu_seconds(int(stat.parent.name))
        except (OSError, IndexError):
            continue  # it ended meanwhile
    return used
