"""What calls had in Asterisk when their controller was killed is gone after a restart, unless somebody needs it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import aiohttp

from controller.programs import ProgramTree
from controller.softphone.phone import Softphone
from tests.support.asterisk import RunningAsterisk
from tests.support.house import KEY, customer, running_house
from tests.support.patience import LONGEST_WAIT

Phones = Callable[[RunningAsterisk], AbstractAsyncContextManager[Softphone]]
ROOM, TRANSFER = "12015550101", "12015550102"


async def _list(asterisk: RunningAsterisk, what: str) -> list[dict[str, Any]]:
    known = asterisk.configuration
    login = {"Authorization": aiohttp.encode_basic_auth(known.ari_username, known.ari_password)}
    async with aiohttp.ClientSession(headers=login) as http, http.get(f"{asterisk.ari_url}/ari/{what}") as answer:
        return list(await answer.json())


async def test_bridges_and_legs_of_calls_that_ended_while_the_controller_was_dead_are_swept(
    asterisk: RunningAsterisk, tools: ProgramTree, postgres: str, tmp_path: Path, softphone: Phones
) -> None:
    (tmp_path / "room.txt").write_text(r"~\SetVar(ConfKey|Our-Room)~ ~\Conference()~")
    (tmp_path / "transfer.txt").write_text(r"~\TransferTo(12015550120)~")
    async with customer() as acme:
        yaml = f"""
license_keys: {{acme: {{key: {KEY}, products: [phone], status_post_url: '{acme.url}/calls'}}}}
dids:
  "+{ROOM}": {{voice: acme, script: room.txt}}
  "+{TRANSFER}": {{voice: acme, script: transfer.txt}}
trunks: {{carrier: {{host: 127.0.0.2}}}}
"""
        async with (
            running_house(tmp_path, asterisk, postgres, tools.root, yaml) as house,
            softphone(asterisk) as phone,
            phone.answering(port=asterisk.configuration.trunks[0].port) as line,
        ):
            alone = await phone.dial(ROOM, caller="12015551601")
            talking = await phone.dial(TRANSFER, caller="12015551602")
            other = await line.next_call()
            await other.answer()
            await acme.wait(lambda posted: any(post.code == 41 for post in posted))
            async with asyncio.timeout(LONGEST_WAIT):
                while len(await _list(asterisk, "bridges")) < 2:
                    await asyncio.sleep(0.05)
            await house.delivered()
            await house.kill()
            await alone.hang_up()
            await talking.hang_up()
            await house.start()
            ending = await other.ended()
            assert ending.by == "them"
            async with asyncio.timeout(LONGEST_WAIT):
                while await _list(asterisk, "bridges") or await _list(asterisk, "channels"):
                    await asyncio.sleep(0.1)
            again = await phone.dial(ROOM, caller="12015551603")
            posted = await acme.wait(
                lambda posted: any(each.form["callerid"] == "2015551603" and each.code != 29 for each in posted)
            )
            await again.hang_up()
            assert [post.code for post in posted if post.form["callerid"] == "2015551603"] == [29, 41]
