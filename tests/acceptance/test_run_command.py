"""`ringpost run`: everything starts with one command, stays up, and ends without a trace."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from controller.programs import ProgramTree
from tests.support.patience import LONGEST_WAIT
from tests.support.whole_system import WholeSystem, whole_system


@pytest.fixture
async def system(tools: ProgramTree) -> AsyncIterator[WholeSystem]:
    """The demo, not started yet."""
    async with whole_system(tools) as made:
        yield made


async def ended(process: asyncio.subprocess.Process) -> int:
    """Its return code, when it ends in time."""
    assert process.stdout is not None
    await asyncio.wait_for(process.stdout.read(), LONGEST_WAIT)
    return await asyncio.wait_for(process.wait(), LONGEST_WAIT)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_everything_starts_is_told_in_one_summary_and_stops_without_a_trace(
    system: WholeSystem, number: signal.Signals
) -> None:
    run = await system.command("run")
    await system.said(run, "Stop")
    summary = "".join(system.lines)

    run.send_signal(number)

    assert await ended(run) == 0
    assert system.processes() == {}
    assert f"http://127.0.0.1:{system.http_port}/console/link/" in summary
    for part in ("+12015550101", "+12015550102", "user alice", str(system.sip_port), f"127.0.0.1:{system.http_port}"):
        assert part in summary
    assert str(system.state / "logs") in summary.replace("\n", "")


async def test_the_demo_is_called_and_calls_and_both_are_told_as_they_happen(system: WholeSystem) -> None:
    run = await system.command("run")
    await system.said(run, "Stop")

    tried = await system.command("try", "12015550104")
    told = (await tried.communicate())[0].decode()
    assert tried.returncode == 0, told
    assert "ResponseCode=30" in told
    placed = await system.command("call", "12015550120", "--say", r"~\QuickStart()~ Hello.", "--answered-by", "human")
    told = (await placed.communicate())[0].decode()
    assert placed.returncode == 0, told
    for happened in ("queued", "dialling", "ringing", "answered", "“Hello.”", "end-of-script", "ResponseCode=1 "):
        assert happened in told
    busy = await system.command("call", "12015550120", "--say", "Hello.", "--answered-by", "busy")
    told = (await busy.communicate())[0].decode()
    assert busy.returncode == 1
    assert "ResponseCode=8 " in told
    assert "Traceback" not in told
    await metered_as_the_calls_were(system)
    run.terminate()
    assert await ended(run) == 0


def _at(call: dict[str, str], name: str) -> datetime:
    return datetime.fromisoformat(call[name])


async def metered_as_the_calls_were(system: WholeSystem) -> None:
    """The usage of the key whose calls these were, beside the calls as the store has them."""
    listed = await system.command("calls", "list", "--json")
    calls = [call for call in json.loads((await listed.communicate())[0]) if call["license_key"] == "demo"]
    answered = [call for call in calls if call["answered_at"]]
    seconds = [(_at(call, "ended_at") - _at(call, "answered_at")).total_seconds() for call in answered]
    lasted = {call["direction"]: round(each) for call, each in zip(answered, seconds, strict=True)}
    asked = await system.command("usage", "demo", "--json")
    lines = json.loads((await asked.communicate())[0])["lines"]
    found = {(line["product"], line["direction"]): (line["records"], line["units"]) for line in lines}
    assert found["call", "incoming"] == (1, lasted["incoming"])
    assert found["call", "outgoing"] == (1, lasted["outgoing"])
    assert found["attempt", "outgoing"] == (1, 1)
    assert found["key", ""] == (1, 1)
    assert found["did", ""][0] >= 1


async def test_a_second_run_says_that_one_runs_already(system: WholeSystem) -> None:
    first = await system.command("run")
    await system.said(first, "Stop")

    second = await system.command("run")
    await system.said(second, "running already")

    assert await ended(second) == 1
    first.terminate()
    assert await ended(first) == 0


async def test_a_killed_controller_and_a_killed_asterisk_come_back(system: WholeSystem) -> None:
    run = await system.command("run")
    await system.said(run, "Stop")

    os.kill(system.process(" serve "), signal.SIGKILL)
    await system.said(run, "the controller is up again")
    os.kill(system.process("sbin/asterisk"), signal.SIGKILL)
    await system.said(run, "Asterisk is up again")

    run.terminate()
    assert await ended(run) == 0
    assert system.processes() == {}


async def test_a_killed_run_leaves_nothing_and_the_next_one_starts(system: WholeSystem) -> None:
    run = await system.command("run")
    await system.said(run, "Stop")
    before = set(system.processes())
    run.kill()

    again = await system.command("run")
    await system.said(again, "Stop")

    assert before.isdisjoint(system.processes())
    again.terminate()
    assert await ended(again) == 0
    await ended(run)


async def test_a_taken_port_is_told_with_its_setting_before_anything_starts(system: WholeSystem) -> None:
    async def refuse(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", system.http_port):
        run = await system.command("run")
        await system.said(run, f"127.0.0.1:{system.http_port}/tcp")

        assert await ended(run) == 1

    assert "`http: {port: …}`" in system.lines[-1]
    assert "Traceback" not in "".join(system.lines)
