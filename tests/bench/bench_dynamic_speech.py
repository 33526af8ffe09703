"""`python -m tests.bench.bench_dynamic_speech`: real calls that are told what is known only then, ten at once.

Each hears a beep and then a text of three sentences. Measured on what arrives as RTP: from the end of the beep to the
first sample of speech, and the longest pause in the speech. See docs/speech.md.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import asyncpg
import numpy as np

from controller.embedded.postgres_server import FAST, PostgresServer
from controller.programs import ProgramTree
from tests.bench.bench_speech import PROJECT
from tests.support.asterisk import TRUNK_ADDRESS, running_asterisk
from tests.support.house import KEY, House, customer, running_house
from tests.support.sip_peer import sip_peer

NUMBER = "+12015550101"
YAML = """
license_keys:
  acme: {{key: {key}, products: [phone], status_post_url: "{url}/calls"}}
dids:
  "+12015550101": {{voice: acme, script: says.txt}}
trunks:
  carrier: {{host: {carrier}}}
"""
SCRIPT = (
    r"~\SetVar(told|Your balance is [callerid] dollars today. It is due on the first of May for [callerid]. "
    r"Thank you for calling us, number [callerid].)~ ~\PlaySpecialSoundFile(beep)~ ~\VariableToTTS(told)~ ~\EndCall()~"
)
FRAME, FRAME_SECONDS, LOUD = 160, 0.02, 300
# The built-in beep lasts so long; what is heard earlier is the beep.
BEEP_SECONDS = 0.35


@dataclass(frozen=True, slots=True)
class Told:
    """One call: seconds from the beep to the speech, and of the longest pause within the speech."""

    first: float
    pause: float


async def call(house: House, caller: int) -> Told:
    """Call, listen to the end."""
    async with sip_peer(TRUNK_ADDRESS, ("127.0.0.1", house.asterisk.sip_port)) as peer:
        peer.invite(f"sip:{NUMBER}@127.0.0.1", headers={"From": f"<sip:+1{caller}@{TRUNK_ADDRESS}>;tag={caller}"})
        answer = await peer.final_answer()
        peer.acknowledge(answer)
        await peer.asked("BYE")
        samples = peer.audio.samples
    frames = np.abs(samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)).max(axis=1) > LOUD
    loud = np.flatnonzero(frames)
    beep_over = loud[0] + round(BEEP_SECONDS / FRAME_SECONDS)
    speech = loud[loud >= beep_over + 1]
    return Told(float(speech[0] - beep_over) * FRAME_SECONDS, float(np.diff(speech).max(initial=1) - 1) * FRAME_SECONDS)


async def measure(calls: int, rounds: int, speech: Path, tools: ProgramTree) -> tuple[list[Told], str]:
    """What so many calls at once were told, round after round, and the metrics of speech at the end."""
    with tempfile.TemporaryDirectory(prefix="ringpost-bench-") as name:
        folder = Path(name)
        os.chmod(folder, 0o711)  # PostgreSQL runs as somebody else  # noqa: PTH101
        (folder / "says.txt").write_text(SCRIPT)
        (folder / "state").mkdir()
        (folder / "state" / "speech").symlink_to(speech)
        postgres = PostgresServer(folder / "postgres", logs=folder / "logs", settings=FAST)
        await postgres.start()
        try:
            connection = await asyncpg.connect(postgres.dsn, timeout=10)
            await connection.execute("CREATE DATABASE dynamic")
            await connection.close()
            async with customer() as acme, running_asterisk(tools, numbers=frozenset({NUMBER})) as asterisk:
                yaml = YAML.format(key=KEY, url=acme.url, carrier=TRUNK_ADDRESS)
                async with running_house(folder, asterisk, postgres.dsn_of("dynamic"), tools.root, yaml) as house:
                    await call(house, 2_015_550_100)
                    told: list[Told] = []
                    for number in range(rounds):
                        first = 2_015_550_200 + number * calls
                        told += await asyncio.gather(*(call(house, first + each) for each in range(calls)))
                    async with aiohttp.ClientSession() as http, http.get(f"{house.url}/metrics") as answer:
                        found = re.findall(r"^ringpost_(?:speech|prompts)_\S+ \S+$", await answer.text(), re.MULTILINE)
                    return told, "\n".join(line for line in found if "created" not in line)
        finally:
            await postgres.stop()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10, help="so many at once")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--speech", type=Path, default=PROJECT / ".ringpost" / "speech", help="the speech environment")
    arguments = parser.parse_args()
    tools = ProgramTree(Path(os.environ.get("RINGPOST_TOOLS") or PROJECT / ".ringpost" / "tools"))
    told, metrics = asyncio.run(measure(arguments.calls, arguments.rounds, arguments.speech.absolute(), tools))
    for what, values in (
        ("from the beep to the first sample", [each.first for each in told]),
        ("the longest pause", [each.pause for each in told]),
    ):
        p50, p95, most = np.percentile(values, [50, 95, 100]) * 1000
        print(f"{what}: median {p50:.0f} ms, p95 {p95:.0f} ms, at most {most:.0f} ms, of {len(values)} calls")
    print(metrics)


if __name__ == "__main__":
    main()
