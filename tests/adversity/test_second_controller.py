"""Two controllers, each with its own Asterisk, on one database: one of them is killed for good, Asterisk and all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import asyncpg

from controller.programs import ProgramTree
from controller.softphone.phone import Softphone
from tests.support.asterisk import RunningAsterisk, running_asterisk
from tests.support.house import Posted, customer, running_house
from tests.support.menu import MENU, NUMBER, ONE, SCRIPT, menu_yaml
from tests.support.patience import LONGEST_WAIT
from tests.support.tones import hear

Phones = Callable[[RunningAsterisk], AbstractAsyncContextManager[Softphone]]

LEASE_SECONDS = 12
SHORT_LEASE = f"service: {{lease_seconds: {LEASE_SECONDS}}}\n"


def _yaml(folder: Path, url: str) -> str:
    """The menu, with a caller who takes their time."""
    folder.mkdir()
    yaml = SHORT_LEASE + menu_yaml(folder, url)
    (folder / "menu.txt").write_text(SCRIPT.replace("WaitForDTMF(8)", "WaitForDTMF(300)"))
    return yaml


async def _have_watched_each_other(dsn: str) -> None:
    """Wait until both controllers have been there for longer than a lease, and have compared calls since."""
    query = "SELECT count(*) FROM controllers WHERE heartbeat_at > started_at + make_interval(secs => $1)"
    connection = await asyncpg.connect(dsn)
    try:
        async with asyncio.timeout(LONGEST_WAIT):
            while await connection.fetchval(query, 1.5 * LEASE_SECONDS) < 2:
                await asyncio.sleep(0.1)
    finally:
        await connection.close()


async def test_each_leaves_the_others_calls_alone_and_the_survivor_closes_those_of_the_dead_one(
    tools: ProgramTree, postgres: str, tmp_path: Path, softphone: Phones
) -> None:
    first_folder, second_folder = tmp_path / "first", tmp_path / "second"
    async with (
        customer() as acme,
        running_asterisk(tools, lease_seconds=LEASE_SECONDS, entity_id="02:00:00:00:00:01") as one,
        running_asterisk(tools, lease_seconds=LEASE_SECONDS, entity_id="02:00:00:00:00:02") as two,
        running_house(first_folder, one, postgres, tools.root, _yaml(first_folder, acme.url)) as first,
        running_house(second_folder, two, postgres, tools.root, _yaml(second_folder, acme.url)),
        softphone(one) as phone_one,
        softphone(two) as phone_two,
    ):
        dying = [await phone_one.dial(NUMBER, caller=f"1201555130{index}") for index in range(3)]
        staying = [await phone_two.dial(NUMBER, caller=f"1201555140{index}") for index in range(3)]
        for call in (*dying, *staying):
            await hear(call, MENU)
        # Both compare what they have with what the store knows, and find no reason to touch the other's.
        await _have_watched_each_other(postgres)
        posted = await acme.wait(lambda posted: len(posted) >= 6)
        assert [post.code for post in posted] == [29] * 6
        await first.delivered()

        await first.kill()
        await one.server.kill()
        for call in staying:
            moment = call.now
            await call.press("1")
            await hear(call, ONE, after=moment)

        def of_dying(posted: list[Posted]) -> list[Posted]:
            return [post for post in posted if post.form["callerid"].startswith("201555130")]

        await acme.wait(lambda posted: sum(post.final for post in of_dying(posted)) >= 3, timeout=2 * LONGEST_WAIT)
        posted = await acme.finals(6)
        assert sorted((post.form["callerid"], post.code) for post in of_dying(posted) if post.final) == [
            (f"201555130{index}", 30) for index in range(3)
        ]
        assert {post.headers["Ringpost-Event"] for post in of_dying(posted) if post.final} == {"call.lost"}
        assert {post.headers["Ringpost-Event"] for post in posted if post.final} == {"call.lost", "call.completed"}
        assert sum(post.final for post in posted) == 6
