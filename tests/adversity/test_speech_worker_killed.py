"""kill -9 of the speech worker, again and again, while calls wait for what it is to say: nobody hears silence."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

import aiohttp
import numpy as np

from controller.programs import ProgramTree
from controller.speech.neural.piper_engine import WORKER_PROGRAM
from tests.support.asterisk import TRUNK_ADDRESS, running_asterisk
from tests.support.house import KEY, House, customer, running_house
from tests.support.patience import until
from tests.support.sip_peer import SipPeer, sip_peer
from tests.support.stand_in_piper import StandIn

NUMBER = "+12015550101"
YAML = """
license_keys:
  acme: {{key: {key}, products: [phone], status_post_url: "{url}/calls"}}
dids:
  "+12015550101": {{voice: acme, script: says.txt}}
trunks:
  carrier: {{host: {carrier}}}
"""
# What each caller is told is known in the call only: no prompt of it is there.
SCRIPT = (
    r"~\SetVar(told|Your number is [callerid], and we know it. Nothing is owed for number [callerid]. "
    r"Thank you for calling from [callerid].)~ ~\VariableToTTS(told)~ ~\EndCall()~"
)
CALLERS = ("2015550201", "2015550202", "2015550203")
LOUD = 500
# Three sentences last about two seconds, whoever speaks them.
LEAST_HEARD_SECONDS = 1.0
FRAME = 160
# Seconds; the test has ended by then.
CANCELLED_BEFORE = 3600.0


def workers_of(parent: int) -> list[int]:
    """The speech workers that a process has started."""
    found = []
    for each in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            pid = int(each.name)
            is_child = int((each / "stat").read_text().rpartition(")")[2].split()[1]) == parent
            if is_child and os.fsencode(WORKER_PROGRAM.name) in (each / "cmdline").read_bytes():
                found.append(pid)
    return found


async def kill_workers(parent: int, killed: list[int]) -> None:
    """End each worker as soon as it is there, until cancelled."""
    while True:
        await until(lambda: workers_of(parent), CANCELLED_BEFORE)
        for pid in workers_of(parent):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
        await until(lambda: not set(killed) & set(workers_of(parent)), CANCELLED_BEFORE)


async def call(house: House, caller: str) -> SipPeer:
    async with sip_peer(TRUNK_ADDRESS, ("127.0.0.1", house.asterisk.sip_port)) as peer:
        sender = f"<sip:+1{caller}@{TRUNK_ADDRESS}>;tag={caller}"
        peer.invite(f"sip:{NUMBER}@127.0.0.1", headers={"From": sender})
        answer = await peer.final_answer()
        assert answer.status == 200, answer.text
        peer.acknowledge(answer)
        await peer.asked("BYE")
        return peer


async def test_nobody_hears_silence_while_the_speech_worker_is_killed(
    tools: ProgramTree, fresh_database: str, tmp_path: Path
) -> None:
    (tmp_path / "says.txt").write_text(SCRIPT)
    StandIn(tmp_path).install(tmp_path / "state" / "speech")
    async with customer() as acme, running_asterisk(tools, numbers=frozenset({NUMBER})) as asterisk:
        yaml = YAML.format(key=KEY, url=acme.url, carrier=TRUNK_ADDRESS)
        async with running_house(tmp_path, asterisk, fresh_database, tools.root, yaml) as house:
            assert house.process is not None
            killed: list[int] = []
            killing = asyncio.create_task(kill_workers(house.process.pid, killed))
            peers = await asyncio.gather(*(call(house, caller) for caller in CALLERS))
            killing.cancel()
            await acme.finals(len(CALLERS))
            async with aiohttp.ClientSession() as http, http.get(f"{house.url}/metrics") as answer:
                metrics = (await answer.text()).splitlines()
    assert killed
    for peer in peers:
        samples = peer.audio.samples
        frames = np.abs(samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)).max(axis=1)
        assert np.count_nonzero(frames > LOUD) * 0.02 >= LEAST_HEARD_SECONDS
    assert "ringpost_prompts_unheard_total 0.0" in metrics
