"""Many calls at once: each gets its own branch, and its own post-backs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from controller.programs import ProgramTree
from controller.softphone.load_generator import place_many
from controller.softphone.phone import Softphone
from tests.support.asterisk import TRUNK_ADDRESS, RunningAsterisk
from tests.support.house import customer, running_house
from tests.support.menu import NUMBER, ONE, TWO, choose, menu_yaml

CALLS = 100


async def test_a_hundred_calls_at_twenty_a_second_take_their_branches_and_post_each_once(
    asterisk: RunningAsterisk, tools: ProgramTree, fresh_database: str, tmp_path: Path
) -> None:
    async with (
        customer() as acme,
        running_house(tmp_path, asterisk, fresh_database, tools.root, menu_yaml(tmp_path, acme.url)),
        Softphone(tools.command("sipp"), server=("127.0.0.1", asterisk.sip_port), local_host=TRUNK_ADDRESS) as phone,
    ):
        placed = await place_many(
            phone,
            CALLS,
            rate=20,
            number=NUMBER,
            caller=lambda index: f"12015551{index:03d}",
            script=choose,
            silent=True,
        )
        assert [one.error for one in placed if one.error] == []
        assert [one.result for one in placed] == [ONE if index % 2 == 0 else TWO for index in range(CALLS)]

        posted = await acme.finals(CALLS, timeout=30)
        codes = Counter((post.form["callerid"], post.code) for post in posted)
        assert codes == {(f"2015551{index:03d}", code): 1 for index in range(CALLS) for code in (29, 30)}
        branches = {post.form["callerid"]: post.form["branch"] for post in posted if post.final}
        assert branches == {f"2015551{index:03d}": "one" if index % 2 == 0 else "two" for index in range(CALLS)}
        assert len({post.headers["webhook-id"] for post in posted}) == 2 * CALLS
