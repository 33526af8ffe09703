"""The controller dies with calls up: nobody is stranded, nothing is forgotten, and a new one goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import aiohttp

from controller.programs import ProgramTree
from controller.softphone.phone import Softphone
from tests.support.asterisk import ANNOUNCEMENT, RunningAsterisk, running_asterisk
from tests.support.house import customer, running_house
from tests.support.menu import MENU, NUMBER, ONE, choose, menu_yaml
from tests.support.patience import LONGEST_WAIT
from tests.support.tones import hear

Phones = Callable[[RunningAsterisk], AbstractAsyncContextManager[Softphone]]


async def _channels(asterisk: RunningAsterisk) -> list[str]:
    known = asterisk.configuration
    login = {"Authorization": aiohttp.encode_basic_auth(known.ari_username, known.ari_password)}
    async with aiohttp.ClientSession(headers=login) as http, http.get(f"{asterisk.ari_url}/ari/channels") as answer:
        return [channel["id"] for channel in await answer.json()]


async def _no_channels(asterisk: RunningAsterisk) -> None:
    async with asyncio.timeout(LONGEST_WAIT):
        while await _channels(asterisk):
            await asyncio.sleep(0.1)


async def test_a_killed_controllers_calls_go_on_in_the_next_one_and_new_ones_hear_the_announcement_meanwhile(
    tools: ProgramTree, postgres: str, tmp_path: Path, softphone: Phones
) -> None:
    async with (
        customer() as acme,
        running_asterisk(tools, lease_seconds=60) as asterisk,
        running_house(tmp_path, asterisk, postgres, tools.root, menu_yaml(tmp_path, acme.url)) as house,
        softphone(asterisk) as phone,
    ):
        calls = [await phone.dial(NUMBER, caller=f"1201555120{index}") for index in range(3)]
        for call in calls:
            await hear(call, MENU)
        await acme.wait(lambda posted: len(posted) == 3)
        await house.delivered()
        killed = [call.now for call in calls]
        await house.kill()

        meanwhile = await phone.dial(NUMBER, caller="12015551299")
        await hear(meanwhile, ANNOUNCEMENT)
        await meanwhile.ended()

        await house.start()
        for call, moment in zip(calls, killed, strict=True):
            resumed = await hear(call, MENU, after=moment)
            await call.press("1")
            await hear(call, ONE, after=resumed.started)
            await call.ended()
        posted = await acme.finals(3)
        assert sorted(post.form["callerid"] for post in posted if post.final) == [
            f"201555120{index}" for index in range(3)
        ]
        assert len(posted) == 6

        again = await phone.dial(NUMBER)
        assert await choose(again, 0) == ONE
        await again.ended()
        await _no_channels(asterisk)


async def test_calls_whose_controller_never_comes_back_hear_the_announcement_when_their_lease_ends(
    asterisk: RunningAsterisk, tools: ProgramTree, postgres: str, tmp_path: Path, softphone: Phones
) -> None:
    async with (
        customer() as acme,
        running_house(tmp_path, asterisk, postgres, tools.root, menu_yaml(tmp_path, acme.url)) as house,
        softphone(asterisk) as phone,
    ):
        call = await phone.dial(NUMBER)
        await hear(call, MENU)
        await acme.wait(lambda posted: len(posted) == 1)
        await house.delivered()
        await house.kill()
        await hear(call, ANNOUNCEMENT, timeout=15)
        ending = await call.ended()
        assert ending.by == "them"
        await _no_channels(asterisk)

        await house.start()
        posted = await acme.finals(1)
        assert [(post.code, post.final) for post in posted] == [(29, False), (30, True)]
        assert posted[-1].headers["Ringpost-Event"] == "call.lost"
