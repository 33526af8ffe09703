"""Calls that are placed while parts die: who was called is not called twice for it, and nothing is forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from controller.embedded.postgres_server import FAST, PostgresServer
from controller.errors import SoftphoneError
from controller.programs import ProgramTree
from controller.softphone.answering import AnsweringLine
from controller.softphone.phone import Softphone
from tests.support.asterisk import RunningAsterisk
from tests.support.house import Customer, House, Posted, customer, running_house
from tests.support.menu import MENU, NUMBER, menu_yaml
from tests.support.patience import LONGEST_WAIT
from tests.support.tones import hear

Phones = Callable[[RunningAsterisk], AbstractAsyncContextManager[Softphone]]
SCRIPT = r"~\QuickStart()~ ~^menu~ ~\WaitForDTMF(3)~"
THEM = "12015551500"


@dataclass
class Placing:
    """A house that places calls, and whom it calls."""

    house: House
    acme: Customer
    line: AnsweringLine

    async def place(self, **order: Any) -> int:
        wanted = {"key": "acme", "number": THEM, "script": SCRIPT, **order}
        status, answer = await self.house.admin("/admin/calls", wanted)
        assert status == 202, answer
        return int(answer["queue_id"])

    async def posted(self, queue_id: int, code: int | None = None, timeout: float = 30.0) -> list[Posted]:
        """What was posted of the call, each once, when this code has come, or the final post-back."""

        def mine() -> list[Posted]:
            distinct = {post.headers["webhook-id"]: post for post in self.acme.posted}
            return [each for each in distinct.values() if each.form["QueueID"] == str(queue_id)]

        await self.acme.wait(
            lambda _: any(each.final if code is None else each.code == code for each in mine()), timeout
        )
        return mine()


@pytest.fixture
async def placing(
    asterisk: RunningAsterisk, tools: ProgramTree, postgres: str, tmp_path: Path, softphone: Phones
) -> AsyncIterator[Placing]:
    async with (
        customer() as acme,
        running_house(tmp_path, asterisk, postgres, tools.root, menu_yaml(tmp_path, acme.url)) as house,
        softphone(asterisk) as phone,
        phone.answering(port=asterisk.configuration.trunks[0].port) as line,
    ):
        yield Placing(house, acme, line)


async def _end(house: House, how: Literal["killed", "stopped"]) -> None:
    if how == "killed":
        await house.kill()
    else:
        assert await house.stop() == 0


@pytest.mark.parametrize("how", ["killed", "stopped"])
async def test_calls_that_are_dialled_or_ring_while_the_controller_is_away_are_the_next_ones(
    placing: Placing, how: Literal["killed", "stopped"]
) -> None:
    rings, silent = await placing.place(), await placing.place(number="12015551501")
    call, other = await placing.line.next_call(), await placing.line.next_call()
    await call.ring()  # the other phone has not rung yet: Asterisk's channel is Down
    await placing.posted(rings, 18)
    await placing.posted(silent, 12)
    await placing.house.delivered()
    await _end(placing.house, how)
    await placing.house.start()
    await other.ring()
    for each in (call, other):
        await each.answer()
        await hear(each, MENU)
    for each in (call, other):
        await each.ended(LONGEST_WAIT)
    assert [post.code for post in await placing.posted(rings)] == [12, 18, 21, 1]
    assert [post.code for post in await placing.posted(silent)] == [12, 18, 21, 1]


async def test_a_call_that_is_answered_while_the_controller_is_away_hears_its_message(placing: Placing) -> None:
    queue_id = await placing.place()
    call = await placing.line.next_call()
    await call.ring()
    await placing.posted(queue_id, 18)
    await placing.house.delivered()
    await placing.house.kill()
    await call.answer()
    await placing.house.start()
    await hear(call, MENU)
    await call.ended(LONGEST_WAIT)
    assert [post.code for post in await placing.posted(queue_id)] == [12, 18, 21, 1]


async def test_a_call_in_progress_goes_on_in_the_next_controller(placing: Placing) -> None:
    queue_id = await placing.place()
    call = await placing.line.next_call()
    await call.ring()
    await call.answer()
    heard = await hear(call, MENU)
    await placing.posted(queue_id, 21)
    await placing.house.delivered()
    await placing.house.kill()
    killed = call.now
    await placing.house.start()
    await hear(call, MENU, after=max(killed, heard.ended))
    await call.ended(LONGEST_WAIT)
    assert [post.code for post in await placing.posted(queue_id)] == [12, 18, 21, 1]


async def test_a_call_that_nobody_saw_the_end_of_is_tried_again_or_closed(placing: Placing) -> None:
    twice = await placing.place(tries=2, next_try_seconds=1)
    call = await placing.line.next_call()
    await call.ring()
    await placing.posted(twice, 18)
    once = await placing.place()
    other = await placing.line.next_call()
    await other.ring()
    await placing.posted(once, 18)
    await placing.house.delivered()
    await placing.house.kill()
    await call.refuse(486)
    await other.refuse(486)
    await placing.house.start()
    await (await placing.line.next_call()).refuse(486)
    assert [post.code for post in await placing.posted(twice)] == [12, 18, 0, 12, 8]
    posted = await placing.posted(once)
    assert [post.code for post in posted] == [12, 18, 9]
    assert posted[-1].headers["Ringpost-Event"] == "call.lost"


async def test_a_call_waits_through_the_controllers_death_for_its_time(placing: Placing) -> None:
    queue_ids = [await placing.place(number=f"1201555160{index}") for index in range(3)]
    queue_ids.append(await placing.place(at="2099-01-01T00:00:00Z"))
    calls = [await placing.line.next_call() for _ in range(3)]
    for call in calls:
        await call.refuse(486)
    for queue_id in queue_ids[:3]:
        await placing.posted(queue_id)
    await placing.house.kill()
    await placing.house.start()
    with pytest.raises(SoftphoneError):
        await placing.line.next_call(2)
    assert (await placing.house.admin(f"/admin/calls/{queue_ids[3]}/cancel"))[0] == 200
    assert [post.code for post in await placing.posted(queue_ids[3])] == [22]


async def test_a_call_that_rings_when_asterisk_dies_is_tried_again(placing: Placing, asterisk: RunningAsterisk) -> None:
    queue_id = await placing.place(tries=2, next_try_seconds=1)
    call = await placing.line.next_call()
    await call.ring()
    await placing.posted(queue_id, 18)
    await asterisk.server.kill()
    await asterisk.server.start()
    again = await placing.line.next_call(30)
    await again.ring()
    await again.answer()
    await hear(again, MENU)
    await again.ended(LONGEST_WAIT)
    codes = [post.code for post in await placing.posted(queue_id)]
    assert codes == [12, 18, 0, 12, 18, 21, 1]


async def test_a_call_goes_on_while_the_database_is_away_and_the_next_one_waits_for_it(
    asterisk: RunningAsterisk, tools: ProgramTree, postgres_folder: Path, tmp_path: Path, softphone: Phones
) -> None:
    database = PostgresServer(postgres_folder / "outgoing", logs=postgres_folder / "outgoing-logs", settings=FAST)
    await database.start()
    try:
        async with (
            customer() as acme,
            running_house(tmp_path, asterisk, database.dsn, tools.root, menu_yaml(tmp_path, acme.url)) as house,
            softphone(asterisk) as phone,
            phone.answering(port=asterisk.configuration.trunks[0].port) as line,
        ):
            placing = Placing(house, acme, line)
            queue_id = await placing.place()
            call = await line.next_call()
            await call.ring()
            await placing.posted(queue_id, 18)
            await database.stop()
            await call.answer()
            await hear(call, MENU)
            await call.ended(LONGEST_WAIT)
            wanted = {"key": "acme", "number": THEM, "script": SCRIPT}
            status, answer = await house.admin("/admin/calls", wanted)
            assert status == 503
            assert "PostgreSQL" in answer["error"]
            await database.start()
            assert [post.code for post in await placing.posted(queue_id)] == [12, 18, 21, 1]
            again = await placing.place(number=NUMBER.replace("0101", "0199"))
            await (await line.next_call()).refuse(486)
            assert (await placing.posted(again))[-1].code == 8
    finally:
        await database.stop()
