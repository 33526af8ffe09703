"""Asterisk goes away under the controller and comes back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from controller.programs import ProgramTree
from controller.softphone.phone import Softphone
from tests.support.asterisk import RunningAsterisk
from tests.support.house import customer, running_house
from tests.support.menu import MENU, NUMBER, ONE, TWO, choose, menu_yaml
from tests.support.tones import hear

Phones = Callable[[RunningAsterisk], AbstractAsyncContextManager[Softphone]]


async def test_after_a_restart_of_asterisk_lost_calls_are_closed_and_new_ones_answered(
    asterisk: RunningAsterisk, tools: ProgramTree, postgres: str, tmp_path: Path, softphone: Phones
) -> None:
    async with (
        customer() as acme,
        running_house(tmp_path, asterisk, postgres, tools.root, menu_yaml(tmp_path, acme.url)) as house,
    ):
        async with softphone(asterisk) as phone:
            call = await phone.dial(NUMBER, caller="12015551300")
            await hear(call, MENU)
            await asterisk.server.kill()
            status, body = await house.get("/health/ready")
            assert (status, body["parts"]["ari"]) == (503, "down")
        await asterisk.server.start()
        posted = await acme.finals(1, timeout=30)
        assert [(post.form["callerid"], post.code) for post in posted] == [("2015551300", 29), ("2015551300", 30)]
        await house.ready()

        async with softphone(asterisk) as phone:
            for index, expected in enumerate((ONE, TWO)):
                call = await phone.dial(NUMBER)
                assert await choose(call, index) == expected
                await call.ended()
        await acme.finals(3)
