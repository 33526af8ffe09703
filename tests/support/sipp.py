"""Run a SIPp scenario of tests/support/scenarios against a SIP server."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from controller.programs import ProgramTree
from tests.support.patience import LONGEST_WAIT
from tests.support.ports import free_port

SCENARIOS = Path(__file__).parent / "scenarios"


@dataclass(frozen=True, slots=True)
class SippRun:
    """How a scenario ended."""

    passed: bool
    output: str
    messages: str
    """Every SIP message that was sent and received."""

    def __bool__(self) -> bool:
        return self.passed


async def sipp(
    tools: ProgramTree,
    scenario: str,
    server: tuple[str, int],
    *,
    called: str = "12015550101",
    address: str = "127.0.0.1",
    user: str = "sipp",
    username: str = "",
    password: str = "",
    transport: str = "u1",
    timeout: float = LONGEST_WAIT,
) -> SippRun:
    """Run `scenario` once from `address` as `user`; it passes when everything came that it expects, in its order."""
    folder = Path(tempfile.mkdtemp(prefix="ringpost-sipp-"))
    source = (SCENARIOS / f"{scenario}.xml").read_text()
    source = source.replace("__AUTHENTICATION__", f"[authentication username={username} password={password}]")
    (folder / "scenario.xml").write_text(source)
    command = tools.command(
        "sipp",
        f"{server[0]}:{server[1]}",
        *("-sf", "scenario.xml", "-s", called, "-i", address, "-p", str(free_port("udp", "tcp", host=address))),
        *("-mi", address, "-mp", str(free_port("udp", host=address)), "-m", "1", "-t", transport),
        *("-key", "user", user, "-nostdin", "-trace_msg", "-message_file", "messages.log"),
        *("-timeout", f"{timeout:.0f}s", "-timeout_error", "-recv_timeout", f"{timeout * 1000:.0f}"),
    )
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env={"TERM": "dumb"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), timeout + 5)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        log = folder / "messages.log"
        messages = log.read_text(errors="replace") if log.exists() else ""
        return SippRun(process.returncode == 0, output.decode(errors="replace"), messages)
    finally:
        shutil.rmtree(folder)
