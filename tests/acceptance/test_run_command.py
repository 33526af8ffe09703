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
from tests.support.whole_system import WholeSystem, whole_system


@pytest.fixture
async def system(tools: ProgramTree) -> AsyncIterator[WholeSystem]:
    """The demo, not started yet."""
    async with whole_system(tools) as made:
        yield made


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_everything_starts_is_told_in_one_summary_and_stops_without_a_trace(
    system: WholeSystem, number: signal.Signals
) -> None:
    run = await system.run()
    await run.said("Stop")
    summary = "".join(system.lines)

    run.process.send_signal(number)

    assert await run.ended() == 0
    assert system.processes() == {}
    assert f"http://127.0.0.1:{system.http_port}/console/link/" in summary
    for part in ("+12015550101", "+12015550102", "user alice", str(system.sip_port), f"127.0.0.1:{system.http_port}"):
        assert part in summary
    assert str(system.state / "logs") in summary.replace("\n", "")


async def test_the_demo_is_called_and_calls_and_both_are_told_as_they_happen(system: WholeSystem) -> None:
    run = await system.run()
    await run.said("Stop")

    status, told = await system.command("try", "12015550104")
    assert status == 0, told
    assert "ResponseCode=30" in told
    spoken = r"~\QuickStart()~ Hello."
    status, told = await system.command("call", "12015550120", "--say", spoken, "--answered-by", "human")
    assert status == 0, told
    for happened in ("queued", "dialling", "ringing", "answered", "“Hello.”", "end-of-script", "ResponseCode=1 "):
        assert happened in told
    status, told = await system.command("call", "12015550120", "--say", "Hello.", "--answered-by", "busy")
    assert status == 1
    assert "ResponseCode=8 " in told
    assert "Traceback" not in told
    await metered_as_the_calls_were(system)
    run.process.terminate()
    assert await run.ended() == 0


def _at(call: dict[str, str], name: str) -> datetime:
    return datetime.fromisoformat(call[name])


async def metered_as_the_calls_were(system: WholeSystem) -> None:
    """The usage of the key whose calls these were, beside the calls as the store has them."""
    _, listed = await system.command("calls", "list", "--json")
    calls = [call for call in json.loads(listed) if call["license_key"] == "demo"]
    answered = [call for call in calls if call["answered_at"]]
    seconds = [(_at(call, "ended_at") - _at(call, "answered_at")).total_seconds() for call in answered]
    lasted = {call["direction"]: round(each) for call, each in zip(answered, seconds, strict=True)}
    _, asked = await system.command("usage", "demo", "--json")
    lines = json.loads(asked)["lines"]
    found = {(line["product"], line["direction"]): (line["records"], line["units"]) for line in lines}
    assert found["call", "incoming"] == (1, lasted["incoming"])
    assert found["call", "outgoing"] == (1, lasted["outgoing"])
    assert found["attempt", "outgoing"] == (1, 1)
    assert found["key", ""] == (1, 1)
    assert found["did", ""][0] >= 1


async def test_a_second_run_says_that_one_runs_already(system: WholeSystem) -> None:
    first = await system.run()
    await first.said("Stop")

    second = await system.run()
    await second.said("running already")

    assert await second.ended() == 1
    first.process.terminate()
    assert await first.ended() == 0


async def test_a_killed_controller_and_a_killed_asterisk_come_back(system: WholeSystem) -> None:
    run = await system.run()
    await run.said("Stop")

    os.kill(system.process(" serve "), signal.SIGKILL)
    await run.said("the controller is up again")
    os.kill(system.process("sbin/asterisk"), signal.SIGKILL)
    await run.said("Asterisk is up again")

    run.process.terminate()
    assert await run.ended() == 0
    assert system.processes() == {}


async def test_a_killed_run_leaves_nothing_and_the_next_one_starts(system: WholeSystem) -> None:
    run = await system.run()
    await run.said("Stop")
    before = set(system.processes())
    run.process.kill()

    again = await system.run()
    await again.said("Stop")

    assert before.isdisjoint(system.processes())
    again.process.terminate()
    assert await again.ended() == 0
    await run.ended()


async def test_a_taken_port_is_told_with_its_setting_before_anything_starts(system: WholeSystem) -> None:
    async def refuse(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", system.http_port):
        run = await system.run()
        await run.said(f"127.0.0.1:{system.http_port}/tcp")

        assert await run.ended() == 1

    assert "`http: {port: …}`" in system.lines[-1]
    assert "Traceback" not in "".join(system.lines)
