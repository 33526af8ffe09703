"""PostgreSQL is away for 20 seconds while calls come in."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import aiohttp
import pytest

from controller.embedded.postgres_server import FAST, PostgresServer
from controller.programs import ProgramTree
from controller.softphone.load_generator import place_many
from controller.softphone.phone import Softphone
from tests.support.asterisk import RunningAsterisk
from tests.support.house import READY_SECONDS, House, customer, running_house
from tests.support.menu import NUMBER, ONE, TWO, choose, menu_yaml

Phones = Callable[[RunningAsterisk], AbstractAsyncContextManager[Softphone]]
AWAY_SECONDS = 20.0
CALLS = 100


@pytest.fixture
async def own_postgres(postgres_folder: Path) -> AsyncIterator[PostgresServer]:
    server = PostgresServer(postgres_folder / "own", logs=postgres_folder / "own-logs", settings=FAST)
    await server.start()
    yield server
    await server.stop()


async def test_calls_are_answered_while_the_database_is_away_and_nothing_is_lost(
    asterisk: RunningAsterisk, tools: ProgramTree, own_postgres: PostgresServer, tmp_path: Path, softphone: Phones
) -> None:
    async with (
        customer() as acme,
        running_house(tmp_path, asterisk, own_postgres.dsn, tools.root, menu_yaml(tmp_path, acme.url)) as house,
        softphone(asterisk) as phone,
    ):
        calls = asyncio.create_task(
            place_many(
                phone,
                CALLS,
                rate=4,
                number=NUMBER,
                caller=lambda index: f"12015551{index:03d}",
                script=choose,
                silent=True,
            )
        )
        await acme.wait(lambda posted: len(posted) >= 3)
        await own_postgres.stop()
        status, body = await house.get("/health/ready")
        assert (status, body["parts"]["database"]) == (503, "down")
        await asyncio.sleep(AWAY_SECONDS)  # the outage itself
        during = len(acme.posted)
        await own_postgres.start()

        placed = await calls
        assert [one.error for one in placed if one.error] == []
        assert [one.result for one in placed] == [ONE if index % 2 == 0 else TWO for index in range(CALLS)]
        posted = await acme.finals(CALLS, timeout=60)
        distinct = {post.headers["webhook-id"]: (post.form["callerid"], post.code) for post in posted}
        assert Counter(distinct.values()) == {
            (f"2015551{index:03d}", code): 1 for index in range(CALLS) for code in (29, 30)
        }
        assert during < 2 * CALLS


async def test_a_service_that_waits_for_its_database_lives_and_is_ready_when_the_database_is(
    asterisk: RunningAsterisk, tools: ProgramTree, own_postgres: PostgresServer, tmp_path: Path
) -> None:
    await own_postgres.stop()
    house = House(tmp_path, asterisk, own_postgres.dsn, tools.root, menu_yaml(tmp_path, "http://127.0.0.1:8099"))
    starting = asyncio.create_task(house.start())
    try:
        async with asyncio.timeout(READY_SECONDS):
            while not await _answers(house):
                await asyncio.sleep(0.05)
        assert await house.get("/health/live") == (200, {"status": "live"})
        status, body = await house.get("/health/ready")
        assert (status, body["parts"]["database"]) == (503, "down")
        await own_postgres.start()
        await starting
        assert (await house.get("/health/live"))[0] == 200
        assert await house.stop() == 0
    finally:
        starting.cancel()
        if house.process is not None and house.process.returncode is None:
            await house.kill()


async def _answers(house: House) -> bool:
    try:
        await house.get("/health/live")
    except aiohttp.ClientError:
        return False
    return True
