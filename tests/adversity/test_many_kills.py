"""The controller is killed again and again: calls that are up go on, and those that come meanwhile are answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from controller.programs import ProgramTree
from controller.softphone.phone import Softphone
from controller.softphone.phone_call import PhoneCall
from tests.support.asterisk import RunningAsterisk, running_asterisk
from tests.support.house import KEY, House, customer, running_house
from tests.support.patience import LONGEST_WAIT
from tests.support.soak import soaking
from tests.support.tones import hear, tone, write_tone

Phones = Callable[[RunningAsterisk], AbstractAsyncContextManager[Softphone]]

KILLS = int(soaking(8, 60))
KILL_EVERY_SECONDS = 3.0
# Where a start takes longer than that, a controller still lives for so long.
LIVES_SECONDS = 0.5
CALL_EVERY_SECONDS = 1.7
# What a caller is promised where the machine starts a controller in three seconds; a busy one takes longer.
RINGS_SECONDS = int(soaking(90, 10))
# A controller renews leases by itself after a third of this: it is killed before.
LEASE_SECONDS = int(soaking(120, 30))
TONE, THROUGH = 30, 31
WAITER, TALKER = "12015550101", "12015550102"
THEM = "12015551700"
YAML = """
service: {{lease_seconds: {lease}}}
license_keys:
  acme: {{key: {key}, products: [phone], status_post_url: "{url}/calls", sounds: sounds}}
dids:
  "+12015550101": {{voice: acme, script: wait.txt}}
  "+12015550102": {{voice: acme, script: transfer.txt}}
trunks:
  carrier: {{host: 127.0.0.2}}
"""


def _yaml(folder: Path, url: str) -> str:
    (folder / "sounds").mkdir()
    write_tone(folder / "sounds" / "tone.wav", TONE, 0.5)
    script = r"~\ClearDTMF()~ ~\AssignDTMF(1|end)~ ~^tone~ ~\WaitForDTMF(600)~ ~\Label(end)~ Bye."
    (folder / "wait.txt").write_text(script)
    (folder / "transfer.txt").write_text(rf"~\TransferTo({THEM})~")
    return YAML.format(lease=LEASE_SECONDS, key=KEY, url=url)


async def _kill_again_and_again(house: House) -> None:
    """Kill it every three seconds; where it takes longer to start, soon after it is ready."""
    for _ in range(KILLS):
        pause = asyncio.create_task(asyncio.sleep(KILL_EVERY_SECONDS))
        await house.start()
        await asyncio.sleep(LIVES_SECONDS)
        await pause
        await house.kill()


async def _answered(phone: Softphone, index: int) -> PhoneCall:
    call = await phone.dial(WAITER, caller=f"12015552{index:03d}", timeout=200)
    await hear(call, TONE, timeout=200)
    return call


async def _say(one: PhoneCall, other: PhoneCall) -> None:
    """The other side hears what one side says."""
    # The first packet that a side hears sets its clock, and may be the tone's own: it then begins at about zero.
    moment = other.now - 0.25
    await one.play(tone(THROUGH, 0.5))
    await hear(other, THROUGH, after=moment)


async def test_no_lease_lapses_and_every_call_is_answered(
    tools: ProgramTree, postgres: str, tmp_path: Path, softphone: Phones
) -> None:
    async with (
        customer() as acme,
        running_asterisk(tools, lease_seconds=LEASE_SECONDS, wait_for_controller_seconds=RINGS_SECONDS) as asterisk,
        running_house(tmp_path, asterisk, postgres, tools.root, _yaml(tmp_path, acme.url)) as house,
        softphone(asterisk) as phone,
        phone.answering(port=asterisk.configuration.trunks[0].port) as line,
    ):
        early = [await _answered(phone, 900 + index) for index in range(3)]
        talking = await phone.dial(TALKER, caller="12015552950")
        leg = await line.next_call()
        await leg.answer()
        await _say(talking, leg)
        await house.delivered()
        await house.kill()

        killing = asyncio.create_task(_kill_again_and_again(house))
        calls: list[asyncio.Task[PhoneCall]] = []
        try:
            while not killing.done():
                calls.append(asyncio.create_task(_answered(phone, len(calls))))
                await asyncio.wait({killing}, timeout=CALL_EVERY_SECONDS)
            await killing
            await house.start()
            late = await asyncio.gather(*calls)
        finally:
            killing.cancel()
            for each in calls:
                each.cancel()
        await _say(talking, leg)
        await _say(leg, talking)
        for call in (*early, *late):
            await call.press("1")
        for call in (*early, *late):
            await call.ended(LONGEST_WAIT)
        await talking.hang_up()
        posted = await acme.finals(len(early) + len(late) + 1, timeout=30)
        ends = {post.form["callerid"]: post for post in posted if post.final}
        assert {post.headers["Ringpost-Event"] for post in ends.values()} == {"call.completed"}
        assert sum(post.final for post in posted) == len(early) + len(late) + 1
