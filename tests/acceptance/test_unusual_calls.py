"""Unusual calls on the whole house: no packets at all, prompts that are not there."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest

from controller.programs import ProgramTree
from tests.support.asterisk import TRUNK_ADDRESS, running_asterisk
from tests.support.house import KEY, Customer, House, Posted, customer, running_house
from tests.support.sip_peer import SipAnswer, SipPeer, sip_peer
from tests.support.tones import write_tone

QUIET, SILENT = "+12015550102", "+12015550103"
SOUND = 7
NO_PACKETS_SECONDS = 8
SCRIPTS = {
    "quiet": r"~\WaitForDTMF(120)~ ~\EndCall()~",
    "silent": r"~^sound~ ~^sound~ ~\EndCall()~",
}
YAML = """
license_keys:
  acme: {{key: {key}, products: [phone], status_post_url: "{url}/calls", sounds: sounds}}
dids:
  "+12015550102": {{voice: acme, script: quiet.txt}}
  "+12015550103": {{voice: acme, script: silent.txt}}
trunks: {{carrier: {{host: 127.0.0.2}}}}
"""


@dataclass
class Running:
    """The house, and how it is called."""

    house: House
    acme: Customer
    server: tuple[str, int]

    async def call(self, peer: SipPeer, number: str, caller: str) -> SipAnswer:
        """Call a number of the house; the answer, confirmed."""
        peer.invite(f"sip:{number}@127.0.0.1", headers={"From": f"<sip:1{caller}@carrier.example>;tag={caller}"})
        answer = await peer.final_answer()
        assert answer.status == 200, answer.text
        peer.acknowledge(answer)
        return answer

    async def final(self, caller: str) -> Posted:
        """The final post-back of this caller's call."""
        await self.acme.wait(lambda _: any(each.final for each in self.acme.posted_for(caller)))
        return self.acme.posted_for(caller)[-1]

    async def reason(self, posted: Posted) -> str:
        """Why a call ended, as its trace says."""
        connection = await asyncpg.connect(self.house.dsn)
        try:
            query = "SELECT fields->>'reason' FROM call_trace WHERE queue_id = $1 AND event = 'end'"
            return str(await connection.fetchval(query, int(posted.form["QueueID"])))
        finally:
            await connection.close()


@pytest.fixture(scope="module")
async def running(
    tools: ProgramTree, fresh_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    folder = tmp_path_factory.mktemp("unusual")
    (folder / "sounds").mkdir()
    write_tone(folder / "sounds" / "sound.wav", SOUND, 0.4)
    for name, script in SCRIPTS.items():
        (folder / f"{name}.txt").write_text(script)
    numbers = frozenset({QUIET, SILENT})
    async with (
        customer() as acme,
        running_asterisk(tools, numbers=numbers, rtp_timeout_seconds=NO_PACKETS_SECONDS) as asterisk,
        running_house(folder, asterisk, fresh_database, tools.root, YAML.format(key=KEY, url=acme.url)) as house,
    ):
        yield Running(house, acme, ("127.0.0.1", asterisk.sip_port))


async def test_who_sends_no_packets_is_taken_for_gone_after_the_documented_time(running: Running) -> None:
    async with sip_peer(TRUNK_ADDRESS, running.server) as peer:
        answer = await running.call(peer, QUIET, "2015551202")
        # Asterisk counts from the first packet on.
        await peer.send_silence(peer.audio_address(answer), 0.2)
        bye = await peer.asked("BYE")
        peer.reply(bye, "200 OK")
        final = await running.final("2015551202")
    assert await running.reason(final) == "no-media"


async def test_prompts_that_asterisk_cannot_play_are_told_everywhere(running: Running) -> None:
    media = running.house.folder / "state" / "media"
    shutil.move(media, media.with_name("media.away"))
    try:
        async with sip_peer(TRUNK_ADDRESS, running.server) as peer:
            for number in range(2):
                await running.call(peer, SILENT, f"201555130{number}")
                await running.final(f"201555130{number}")
                peer.answers.clear()
    finally:
        shutil.rmtree(media, ignore_errors=True)
        shutil.move(media.with_name("media.away"), media)
    assert "prompt" in "".join(line for line in running.house.log.splitlines() if '"level": "error"' in line)
    _, metrics = await running.house.get("/metrics")
    (counted,) = [line for line in metrics.splitlines() if line.startswith("ringpost_prompts_unheard_total")]
    assert float(counted.split()[1]) >= 3
