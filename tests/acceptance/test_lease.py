"""The lease of a call: renewed while a long prompt plays, without anybody waiting for that prompt."""

from __future__ import annotations

import asyncio
from pathlib import Path

from controller.asterisk.ami import AmiClient
from controller.programs import ProgramTree
from controller.softphone.phone import Softphone
from tests.support.asterisk import TRUNK_ADDRESS, RunningAsterisk
from tests.support.house import KEY, customer, running_house
from tests.support.patience import LONGEST_WAIT
from tests.support.tones import hear, write_tone

LONG, SHORT = 20, 21
YAML = """
license_keys:
  acme: {{key: {key}, products: [phone], sounds: sounds}}
dids:
  "+12015550101": {{voice: acme, script: long.txt}}
  "+12015550102": {{voice: acme, script: short.txt}}
trunks:
  carrier: {{host: 127.0.0.2}}
"""


async def test_a_lease_is_renewed_during_a_long_prompt_and_other_calls_do_not_wait_for_it(
    asterisk: RunningAsterisk, tools: ProgramTree, postgres: str, tmp_path: Path
) -> None:
    (tmp_path / "sounds").mkdir()
    write_tone(tmp_path / "sounds" / "long.wav", LONG, 40.0)
    write_tone(tmp_path / "sounds" / "short.wav", SHORT, 0.4)
    (tmp_path / "long.txt").write_text("~^long~")
    (tmp_path / "short.txt").write_text("~^short~")
    known = asterisk.configuration
    ami = AmiClient(host="127.0.0.1", port=known.ami_port, username=known.ami_username, secret=known.ami_password)
    running = asyncio.create_task(ami.run())
    sipp = tools.command("sipp")
    try:
        async with (
            customer(),
            running_house(tmp_path, asterisk, postgres, tools.root, YAML.format(key=KEY)),
            Softphone(sipp, server=("127.0.0.1", asterisk.sip_port), local_host=TRUNK_ADDRESS) as phone,
        ):
            await ami.wait_ready(LONGEST_WAIT)
            others = set(await asterisk.channels())
            call = await phone.dial("12015550101")
            await hear(call, LONG)
            (channel,) = set(await asterisk.channels()) - others

            await ami.set_variable(channel, "TIMEOUT(absolute)", "60")
            other = await phone.dial("12015550102", timeout=20)
            await hear(other, SHORT, timeout=20)
            await other.ended()
            assert channel in await asterisk.channels(), "everything waited for the end of the long prompt"

            await ami.set_variable(channel, "TIMEOUT(absolute)", "1")
            await call.ended(LONGEST_WAIT)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
