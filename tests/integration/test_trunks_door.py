"""The administrator's door to the trunks, and the command that asks there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from typer.testing import CliRunner, Result

from controller.api.admin_trunks import TrunksAdminHandler
from controller.calls.outgoing.trunk_health import FAILURES_IN_A_ROW, TrunkHealth
from controller.calls.store.call_limits import CallLimits
from controller.cli import app
from controller.config.load import read_configuration
from controller.directory.snapshot import Trunk
from tests.support.calls import CallsRoom, calls_room, snapshot
from tests.support.fake_ari import FakeAri
from tests.support.sql import sql


@dataclass
class Reached:
    """What Asterisk says."""

    online: frozenset[str] = frozenset({"carrier"})
    offline: frozenset[str] = frozenset({"second"})


@dataclass
class Door:
    """The door, and the configuration of a command that finds it."""

    room: CallsRoom
    health: TrunkHealth
    url: str
    config: Path

    async def ran(self, *arguments: str) -> Result:
        words = ["trunks", *arguments, "--config", str(self.config)]
        return await asyncio.to_thread(CliRunner().invoke, app, words)


@pytest.fixture
async def door(postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    monkeypatch.setenv("RINGPOST_STATE", str(tmp_path / "state"))
    config = tmp_path / "ringpost.yaml"
    config.write_text("license_keys: {acme: {}}\n")
    trunks = [
        Trunk("carrier", "127.0.0.2", channels=4, check_seconds=30),
        Trunk("second", "127.0.0.3", port=5070, check_seconds=30),
        Trunk("third", "127.0.0.4", check_seconds=30),
        Trunk("fourth", "127.0.0.5", transport="tcp"),
    ]
    known = replace(snapshot({"+12015550101": "Hello"}), trunks={trunk.name: trunk for trunk in trunks})
    async with FakeAri() as fake, calls_room(fake, postgres, known) as room:
        health = TrunkHealth(lambda: 100.0)
        token = read_configuration(config).admin_token
        handler = TrunksAdminHandler(token, room.directory, health, Reached(), CallLimits(room.database).in_use)
        application = web.Application()
        application.add_routes(handler.routes())
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        config.write_text(f"license_keys: {{acme: {{}}}}\nhttp: {{port: {port}}}\n")
        try:
            yield Door(room, health, f"http://127.0.0.1:{port}/admin/trunks", config)
        finally:
            await runner.cleanup()


async def test_trunks_are_told_with_their_state_their_channels_and_their_failures(door: Door) -> None:
    for _ in range(FAILURES_IN_A_ROW):
        door.health.failed("third", "congestion")
    shown = await door.ran("--json")
    assert shown.exit_code == 0, shown.output
    by_name = {trunk["name"]: trunk for trunk in json.loads(shown.stdout)}
    states = {name: trunk["state"] for name, trunk in by_name.items()}
    assert states == {
        "carrier": "reachable",
        "second": "unreachable",
        "third": "unknown",
        "fourth": "not checked",
    }
    carrier = by_name["carrier"]
    assert (carrier["address"], carrier["channels_in_use"], carrier["channels"]) == ("127.0.0.2:5060", 0, 4)
    third = by_name["third"]
    assert (third["failures"], third["left_alone_seconds"]) == (FAILURES_IN_A_ROW, 30.0)
    table = (await door.ran()).output
    assert "127.0.0.3:5070 udp" in table
    assert "0 of 4" in table


async def test_calls_and_legs_of_transfers_are_counted(door: Door) -> None:
    await sql(
        door.room.database,
        "INSERT INTO calls (queue_id, direction, license_key, our_number, their_number, channel_id, program, "
        "script_state, state, response_code, started_at, route, transfer_routes, "
        "controller_id, asterisk) VALUES "
        "(1, 'outgoing', 'acme', '', '+12015550188', 'one', '', '{}', 'answered', 21, now(), 'carrier', "
        "'{second,second}', 'elsewhere', 'elsewhere')",
    )
    trunks = json.loads((await door.ran("--json")).stdout)
    assert [trunk["channels_in_use"] for trunk in trunks] == [1, 2, 0, 0]


async def test_without_the_token_nothing_is_told(door: Door) -> None:
    async with aiohttp.ClientSession() as http, http.get(door.url) as answer:
        assert answer.status == 401


async def test_that_nothing_runs_is_said(door: Door, tmp_path: Path) -> None:
    door.config.write_text("license_keys: {acme: {}}\nhttp: {port: 1}\n")
    told = await door.ran()
    assert told.exit_code == 1
    assert "Ringpost does not run" in told.output
