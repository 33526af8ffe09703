"""`ringpost run` as its own process, on the demo's configuration, free ports and a folder of its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from controller.embedded.postgres_server import cluster_home
from controller.programs import ProgramTree
from tests.support import forked_cli
from tests.support.forked_cli import ForkedProcess
from tests.support.patience import LONGEST_WAIT
from tests.support.ports import free_port, free_range

PROJECT = Path(__file__).parent.parent.parent


async def said(printed: asyncio.StreamReader, text: str, timeout: float, lines: list[str] | None = None) -> None:
    """Wait until a line has been printed that contains the text; what is printed is added to `lines`."""
    lines = [] if lines is None else lines
    async with asyncio.timeout(timeout):
        async for raw in printed:
            lines.append(raw.decode())
            if text in lines[-1]:
                return
    raise AssertionError(f"It ended without saying “{text}”:\n{''.join(lines)}")


@dataclass(frozen=True, slots=True)
class SystemRun:
    """A `ringpost run`, and what it prints."""

    process: ForkedProcess
    printed: asyncio.StreamReader
    lines: list[str]

    async def said(self, text: str) -> None:
        """Wait until it has printed a line that contains the text."""
        await said(self.printed, text, 2 * LONGEST_WAIT, self.lines)

    async def ended(self) -> int:
        """Its exit status, when it ends in time."""
        await asyncio.wait_for(self.printed.read(), LONGEST_WAIT)
        return await asyncio.wait_for(self.process.wait(), LONGEST_WAIT)


@dataclass(slots=True)
class WholeSystem:
    """A configuration and a state directory, and the processes run on them."""

    config: Path
    state: Path
    tools: Path
    sip_port: int
    http_port: int
    lines: list[str] = field(default_factory=list)
    runs: list[SystemRun] = field(default_factory=list)

    async def run(self) -> SystemRun:
        """Start `ringpost run` with this system's configuration."""
        arguments = ("run", "--config", str(self.config))
        self.runs.append(SystemRun(*await forked_cli.follow(*arguments, environment=self._environment), self.lines))
        return self.runs[-1]

    async def command(self, *arguments: str) -> tuple[int, str]:
        """Run a command of `ringpost` with this system's configuration to its end: exit status, what it printed."""
        known = (*arguments, "--config", str(self.config))
        return await forked_cli.run(*known, environment=self._environment, timeout=2 * LONGEST_WAIT)

    @property
    def _environment(self) -> dict[str, str]:
        return {**os.environ, "RINGPOST_STATE": str(self.state), "RINGPOST_TOOLS": str(self.tools)}

    def processes(self) -> dict[int, str]:
        """The living processes that name this system's folders on their command line."""
        marks = (os.fsencode(self.state), os.fsencode(self.config), os.fsencode(cluster_home(self.state)))
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                line = (process / "cmdline").read_bytes()
            except OSError:
                continue
            if any(mark in line for mark in marks):
                found[int(process.name)] = line.replace(b"\0", b" ").decode(errors="replace")
        return found

    def process(self, mark: str) -> int:
        """The one process whose command line contains `mark`."""
        (number,) = [number for number, line in self.processes().items() if mark in line]
        return number


@dataclass(frozen=True, slots=True)
class Ports:
    """What a demo listens on that a test speaks to."""

    sip: int
    http: int


def move_to_free_ports(config: Path) -> Ports:
    """Change a copy of the demo's configuration so that it runs beside others."""
    receiver, http, sip = free_port("tcp"), free_port("tcp"), free_port("udp", "tcp")
    rtp = free_range(100, "udp")
    demo = config / "ringpost.yaml"
    demo.write_text(
        demo.read_text()
        .replace("127.0.0.1:8090", f"127.0.0.1:{receiver}")
        .replace("port: 5090", f"port: {free_port('udp', host='127.0.0.2')}")
        + f"\nsip: {{host: 127.0.0.1, port: {sip}, rtp_first: {rtp}, rtp_last: {rtp + 99}}}"
        + f"\nhttp: {{port: {http}}}\nreceiver: {{port: {receiver}}}"
        + f"\nasterisk: {{http_port: {free_port('tcp')}, ami_port: {free_port('tcp')}, "
        + f"agi_port: {free_port('tcp')}, hep_port: {free_port('udp')}}}\n"
    )
    return Ports(sip, http)


@asynccontextmanager
async def whole_system(tools: ProgramTree) -> AsyncIterator[WholeSystem]:
    """The demo, moved to free ports; whatever still runs at the end is killed."""
    folder = Path(tempfile.mkdtemp(prefix="ringpost.system-"))
    config = folder / "config"
    shutil.copytree(PROJECT / "config", config)
    ports = move_to_free_ports(config)
    system = WholeSystem(config, folder / "state", tools.root, ports.sip, ports.http)
    try:
        yield system
    finally:
        for run in system.runs:
            run.process.kill()
        for number in system.processes():
            os.kill(number, signal.SIGKILL)
        home = cluster_home(system.state)
        if not home.is_relative_to(folder):
            shutil.rmtree(home.parent, ignore_errors=True)
        shutil.rmtree(folder)
