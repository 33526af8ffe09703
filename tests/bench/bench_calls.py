"""Calls: what Ringpost costs and how quick it is, each beside the same call in bare Asterisk, in the same run.

The call: answer, a prompt, a menu digit that interrupts it, a second prompt, hang-up; stored, with two post-backs.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from controller.embedded.postgres_server import PostgresServer
from controller.programs import ProgramTree
from controller.softphone.load_generator import place_many
from controller.softphone.phone import Softphone
from controller.softphone.phone_call import PhoneCall
from tests.bench.calls import Percentiles, run_calls, run_key_calls
from tests.bench.rows import Row
from tests.support.asterisk import TRUNK_ADDRESS, RunningAsterisk, running_asterisk
from tests.support.folders import open_folder
from tests.support.house import KEY, House, customer, running_house
from tests.support.tones import Ear, write_tone

MENU_NUMBER, QUICK_NUMBER = "12015550101", "12015550102"
MENU = r"~\ClearDTMF()~~\AssignDTMF(1|one)~~\AssignDTMF(2|two)~ ~^tone-1~ ~\WaitForDTMF(10)~ ~\EndCall()~"
MENU += r"~\Label(one)~ ~^tone-1~ ~\EndCall()~ ~\Label(two)~ ~^tone-2~"
YAML = """
license_keys:
  acme: {{key: {key}, products: [phone], status_post_url: "{url}/calls", sounds: sounds}}
dids:
  "+{menu}": {{voice: acme, script: menu.txt}}
  "+{quick}": {{voice: acme, script: quick.txt}}
trunks:
  carrier: {{host: 127.0.0.2}}
"""
# The same calls without Ringpost, in the dialplan of an Asterisk that is configured alike.
BARE_DIALPLAN = """
[ringpost-trunk]
exten => quick,1,Answer()
 same => n,Wait(60)
exten => menu,1,Answer()
 same => n,Goto(bare-menu,s,1)
[bare-menu]
exten => s,1,Background(tone-1)
 same => n,WaitExten(10)
exten => _[1-9],1,Playback(tone-${EXTEN})
 same => n,Hangup()
"""
KEPT_CALLS = 200
TONE_MS = 80


@dataclass(frozen=True, slots=True)
class Benches:
    """What is measured against what."""

    tools: ProgramTree
    bare: RunningAsterisk
    asterisk: RunningAsterisk
    house: House

    @property
    def plain(self) -> tuple[str, int]:
        return ("127.0.0.1", self.bare.sip_port)

    @property
    def ours(self) -> tuple[str, int]:
        return ("127.0.0.1", self.asterisk.sip_port)

    @property
    def controller(self) -> int:
        assert self.house.process is not None
        return self.house.process.pid


@asynccontextmanager
async def benches(tools: ProgramTree) -> AsyncIterator[Benches]:
    """Bare Asterisk, and Ringpost with its own on a durable PostgreSQL, side by side."""
    with open_folder("ringpost-bench-") as folder:
        _furnish(folder)
        postgres = PostgresServer(folder / "postgres", logs=folder / "logs")
        await postgres.start()
        try:
            async with (
                customer() as acme,
                running_asterisk(tools, rtp_count=1000, dialplan=BARE_DIALPLAN) as bare,
                running_asterisk(tools, rtp_count=1000) as asterisk,
                running_house(
                    folder / "house",
                    asterisk,
                    postgres.dsn,
                    tools.root,
                    YAML.format(key=KEY, url=acme.url, menu=MENU_NUMBER, quick=QUICK_NUMBER),
                    log_level="info",
                ) as house,
            ):
                for code in (1, 2):
                    write_tone(bare.server.tree.sounds_dir / f"tone-{code}.wav", code, 0.6)
                yield Benches(tools, bare, asterisk, house)
        finally:
            await postgres.stop()


def _furnish(folder: Path) -> None:
    (folder / "house" / "sounds").mkdir(parents=True)
    for code in (1, 2):
        write_tone(folder / "house" / "sounds" / f"tone-{code}.wav", code, 0.6)
    (folder / "house" / "menu.txt").write_text(MENU)
    (folder / "house" / "quick.txt").write_text(r"~\PlaySilence(60)~")


async def measure(tools: ProgramTree, *, quick: bool) -> list[Row]:
    """All rows about calls."""
    async with benches(tools) as known:
        return [
            *await _cost(known, count=100 if quick else 400),
            await _answer(known, count=100 if quick else 1000),
            await _digit(known, count=20 if quick else 100),
            await _memory(known, count=50 if quick else KEPT_CALLS),
        ]


async def _cost(known: Benches, *, count: int) -> list[Row]:
    """CPU of one menu call at 20 calls/s: the two take turns, so that a slow minute of the machine hits both."""
    sipp = known.tools.command("sipp")
    bare = ours = controller = failed = 0.0
    turns = 4
    for _ in range(turns):
        async with Softphone(sipp, server=known.plain, local_host=TRUNK_ADDRESS) as phone:
            one = await run_key_calls(
                phone, "menu", "2", rate=20, count=count // turns, processes={"asterisk": _pid(known.bare)}
            )
        bare += one.cpu_per_call("asterisk") / turns
        failed += one.failed
        processes = {"asterisk": _pid(known.asterisk), "controller": known.controller}
        async with Softphone(sipp, server=known.ours, local_host=TRUNK_ADDRESS) as phone:
            two = await run_key_calls(phone, MENU_NUMBER, "2", rate=20, count=count // turns, processes=processes)
        ours += two.cpu_per_call("asterisk") / turns
        controller += two.cpu_per_call("controller") / turns
        failed += two.failed
    note = f"{count} calls each, {failed:.0f} failed"
    return [
        Row("CPU of the controller for a scripted call", "≤ Asterisk's own", controller, ours, "ms", note, limit=1.0),
        Row("CPU of Asterisk for that call, under Ringpost", "-", ours, bare, "ms", note),
    ]


async def _answer(known: Benches, *, count: int) -> Row:
    """INVITE to 200 at 50 calls/s, in turns."""
    sipp = known.tools.command("sipp")
    bare, ours = [], []
    for _ in range(2):
        bare.append(await run_calls(sipp, known.plain, "quick", rate=50, count=count // 2))
        ours.append(await run_calls(sipp, known.ours, QUICK_NUMBER, rate=50, count=count // 2))
    failed = sum(one.failed for one in bare + ours)
    mean_bare = sum(one.invite_to_200.p99 for one in bare) / 2
    mean_ours = sum(one.invite_to_200.p99 for one in ours) / 2
    note = f"p50 {ours[-1].invite_to_200.p50:.1f} against {bare[-1].invite_to_200.p50:.1f} ms; {failed} failed"
    return Row("INVITE to 200, p99 at 50 calls/s", "bare + 10 ms", mean_ours, mean_bare, "ms", note, margin=10.0)


async def _digit(known: Benches, *, count: int) -> Row:
    """From the moment when a key goes down, to be held for 80 ms, to the first packet of the next prompt."""

    async def react(call: PhoneCall, _index: int) -> float:
        ear = Ear(call)
        await ear.hear(1)
        pressed = call.now
        await call.press("2", tone_ms=TONE_MS, gap_ms=0)
        return 1000 * ((await ear.hear(2)).started - pressed)

    times: dict[str, list[float]] = {}
    for name, server, number in (("bare", known.plain, "menu"), ("ours", known.ours, MENU_NUMBER)):
        async with Softphone(known.tools.command("sipp"), server=server, local_host=TRUNK_ADDRESS) as phone:
            placed = await place_many(phone, count, rate=5, number=number, script=react)
        times[name] = [one.result for one in placed if one.result is not None]
    ours, bare = Percentiles.of(times["ours"]), Percentiles.of(times["bare"])
    note = f"p50 {ours.p50:.0f} against {bare.p50:.0f} ms; {len(times['ours'])} and {len(times['bare'])} digits"
    return Row(
        "key down to next prompt, p99", "80 ms of key + 30 ms", ours.p99, bare.p99, "ms", note, budget=TONE_MS + 30.0
    )


async def _memory(known: Benches, *, count: int) -> Row:
    """What the controller's memory grows by, for each of many calls that are up at once."""
    before = _resident(known.controller)
    load = asyncio.create_task(
        run_calls(known.tools.command("sipp"), known.ours, QUICK_NUMBER, rate=50, count=count, hold_ms=8000)
    )
    try:
        await _until_live(known.house, count)
        grown = _resident(known.controller) - before
    finally:
        await load
    return Row("memory of the controller for a call in progress", "100 kB", grown / count / 1000, None, "kB",
               f"{count} calls up at once", budget=100.0)  # fmt: skip


async def _until_live(house: House, count: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        _, metrics = await house.get("/metrics")
        if f"ringpost_calls_live {count:.1f}" in metrics:
            return
        await asyncio.sleep(0.1)
    raise TimeoutError("the calls did not all come up")


def _pid(asterisk: RunningAsterisk) -> int:
    assert asterisk.server.pid is not None
    return asterisk.server.pid


def _resident(pid: int) -> int:
    """Bytes of memory of a process (proc(5), statm)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
