"""The controller dies under a transfer: both parties talk on, and the next controller renews both leases at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import aiohttp

from controller.programs import ProgramTree
from controller.softphone.phone import Softphone
from controller.softphone.phone_call import PhoneCall
from tests.support.asterisk import RunningAsterisk, running_asterisk
from tests.support.house import KEY, customer, running_house
from tests.support.patience import LONGEST_WAIT
from tests.support.soak import soaking
from tests.support.tones import hear, tone

Phones = Callable[[RunningAsterisk], AbstractAsyncContextManager[Softphone]]

LEASE_SECONDS = 90
AWAY_SECONDS = soaking(10.0, 60.0)
YAML = """
service: {{lease_seconds: {lease}}}
license_keys:
  acme: {{key: {key}, products: [phone], status_post_url: "{url}/calls"}}
dids:
  "+12015550102": {{voice: acme, script: transfer.txt}}
trunks:
  carrier: {{host: 127.0.0.2}}
"""


async def _seconds_left(asterisk: RunningAsterisk) -> list[float]:
    """What is left of the lease of each channel."""
    known = asterisk.configuration
    login = {"Authorization": aiohttp.encode_basic_auth(known.ari_username, known.ari_password)}
    left = []
    async with aiohttp.ClientSession(f"{asterisk.ari_url}/ari/", headers=login) as http:
        async with http.get("channels") as answer:
            channels = [channel["id"] for channel in await answer.json()]
        for channel in channels:
            wanted = {"variable": "TIMEOUT(absolute)"}
            async with http.get(f"channels/{channel}/variable", params=wanted) as answer:
                left.append(float((await answer.json())["value"]))
    return left


async def _say(code: int, one: PhoneCall, other: PhoneCall) -> None:
    """The other side hears what one side says."""
    await one.play(tone(code, 0.5))
    await hear(other, code)


async def test_a_bridged_transfer_talks_on_without_a_controller_and_is_adopted_with_its_leg(
    tools: ProgramTree, postgres: str, tmp_path: Path, softphone: Phones
) -> None:
    (tmp_path / "transfer.txt").write_text(r"~\TransferTo(12015551700)~")
    async with (
        customer() as acme,
        running_asterisk(tools, lease_seconds=LEASE_SECONDS) as asterisk,
        running_house(
            tmp_path, asterisk, postgres, tools.root, YAML.format(lease=LEASE_SECONDS, key=KEY, url=acme.url)
        ) as house,
        softphone(asterisk) as phone,
        phone.answering(port=asterisk.configuration.trunks[0].port) as line,
    ):
        call = await phone.dial("12015550102")
        leg = await line.next_call()
        await leg.answer()
        await _say(31, call, leg)
        await house.delivered()
        await house.kill()
        await asyncio.sleep(AWAY_SECONDS)  # nobody renews a lease meanwhile
        await _say(32, leg, call)
        before = await _seconds_left(asterisk)
        await house.start()
        async with asyncio.timeout(LONGEST_WAIT):
            while min(await _seconds_left(asterisk)) <= max(before):
                await asyncio.sleep(0.1)
        assert len(before) == 2
        await _say(33, call, leg)
        await call.hang_up()
        (final,) = [post for post in await acme.finals(1) if post.final]
        assert final.code == 31
