"""Calls: what Ringpost costs and how quick it is, each beside the same call in bare Asterisk, in the same run.

The call: answer, a prompt, a menu digit that interrupts it, a second prompt, hang-up; stored, with two post-backs.
Those that are compared take turns, in rounds of a few seconds, so that a slow minute of the machine hits all of them;
of the rounds each figure is the median.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from controller.programs import ProgramTree
from controller.softphone.load_generator import place_many
from controller.softphone.phone import Softphone
from controller.softphone.phone_call import PhoneCall
from tests.bench.calls import CallLoadResult, CpuMeter, Percentiles, run_calls, run_key_calls
from tests.bench.compared import QUICK_NUMBER, Benches, Side, benches
from tests.bench.rows import Row
from tests.support.asterisk import TRUNK_ADDRESS
from tests.support.house import House
from tests.support.tones import Ear

KEPT_CALLS = 200
TONE_MS = 80
POSTBACKS_PER_CALL = 2
ROUND_SECONDS = 4
ROUNDS = 5


async def measure(tools: ProgramTree, *, quick: bool, clone: Path | None = None) -> list[Row]:
    """All rows about calls. `clone`: a clone of an earlier commit that is measured by turns with this one."""
    rounds = 2 if quick else ROUNDS
    async with benches(tools, clone) as known:
        return [
            *await _cost(known, rounds),
            await _cost_under_load(known, rounds),
            await _answer(known, rounds, rate=50),
            await _answer(known, rounds, rate=100),
            await _digit(known, count=20 if quick else 100),
            await _memory(known, count=50 if quick else KEPT_CALLS),
        ]


async def _cost(known: Benches, rounds: int) -> list[Row]:
    """CPU of one menu call at 20 calls/s."""
    turns = await _menu_calls(known, known.sides, rounds, rate=20)
    note = _note(turns)
    before = turns.get("before", [])
    ours = _cpu(turns["ours"], "asterisk")
    return [
        Row("CPU of the controller for a scripted call", "≤ Asterisk's own", _cpu(turns["ours"], "controller"), ours,
            "ms", note, limit=1.0, before=_cpu(before, "controller") if before else None),
        Row("CPU of Asterisk for that call, under Ringpost", "-", ours, _cpu(turns["bare"], "asterisk"), "ms", note,
            before=_cpu(before, "asterisk") if before else None),
    ]  # fmt: skip


async def _cost_under_load(known: Benches, rounds: int) -> Row:
    """CPU of one menu call at 60 calls/s; beside it Asterisk's for the same calls.

    The bare dialplan is left out: at this rate it alone fills a small machine (see docs/performance.md).
    """
    sides = {name: side for name, side in known.sides.items() if name != "bare"}
    turns = await _menu_calls(known, sides, rounds, rate=60)
    before = turns.get("before", [])
    ours, beside = _cpu(turns["ours"], "controller"), _cpu(turns["ours"], "asterisk")
    return Row("CPU of the controller for a scripted call, at 60 calls/s", "1.8 ms", ours, beside, "ms", _note(turns),
               budget=1.8, before=_cpu(before, "controller") if before else None)  # fmt: skip


async def _answer(known: Benches, rounds: int, *, rate: int) -> Row:
    """INVITE to 200."""
    sipp = known.tools.command("sipp")
    turns: dict[str, list[CallLoadResult]] = {name: [] for name in known.sides}
    for _ in range(rounds):
        for name, side in known.sides.items():
            posted = len(known.customer.posted)
            result = await run_calls(sipp, side.server, side.quick, rate=rate, count=rate * ROUND_SECONDS)
            turns[name].append(result)
            if side is not known.bare:  # what is left to do must not fall into another's turn
                await _told(known, posted, result)
    p99 = {name: median(one.invite_to_200.p99 for one in results) for name, results in turns.items()}
    p50 = {name: median(one.invite_to_200.p50 for one in results) for name, results in turns.items()}
    note = f"p50 {p50['ours']:.1f} against {p50['bare']:.1f} ms; {_note(turns)}"
    return Row(f"INVITE to 200, p99 at {rate} calls/s", "bare + 10 ms", p99["ours"], p99["bare"], "ms", note,
               margin=10.0, before=p99.get("before"))  # fmt: skip


async def _menu_calls(
    known: Benches, sides: Mapping[str, Side], rounds: int, *, rate: int
) -> dict[str, list[CallLoadResult]]:
    """Menu calls by turns: the results of each side's rounds.

    A call is over when its customer has been told. On a machine that is too small, post-backs come long after the
    calls, and whoever leaves them for later has not worked less.
    """
    sipp = known.tools.command("sipp")
    turns: dict[str, list[CallLoadResult]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            posted, meter = len(known.customer.posted), CpuMeter(side.processes)
            async with Softphone(sipp, server=side.server, local_host=TRUNK_ADDRESS) as phone:
                result = await run_key_calls(phone, side.menu, "2", rate=rate, count=rate * ROUND_SECONDS)
            if side is not known.bare:
                await _told(known, posted, result)
            turns[name].append(replace(result, cpu=meter.used()))
    return turns


async def _told(known: Benches, posted: int, result: CallLoadResult) -> None:
    """Wait until the customer, who had so many post-backs before, has those of all calls that were answered."""
    await known.customer.wait(lambda received: len(received) >= posted + POSTBACKS_PER_CALL * result.answered)


def _cpu(results: Sequence[CallLoadResult], process: str) -> float:
    """Milliseconds of CPU of a process for a call, the median of the rounds."""
    return median(one.cpu_per_call(process) for one in results)


def _note(turns: Mapping[str, Sequence[CallLoadResult]]) -> str:
    rounds = len(turns["ours"])
    calls = sum(one.placed for one in turns["ours"])
    failed = sum(one.failed for results in turns.values() for one in results)
    return f"{calls} calls each, in {rounds} rounds by turns; {failed} failed"


async def _digit(known: Benches, *, count: int) -> Row:
    """From the moment when a key goes down, to be held for 80 ms, to the first packet of the next prompt."""

    async def react(call: PhoneCall, _index: int) -> float:
        ear = Ear(call)
        await ear.hear(1)
        pressed = call.now
        await call.press("2", tone_ms=TONE_MS, gap_ms=0)
        return 1000 * ((await ear.hear(2)).started - pressed)

    times: dict[str, list[float]] = {}
    for name, side in known.sides.items():
        async with Softphone(known.tools.command("sipp"), server=side.server, local_host=TRUNK_ADDRESS) as phone:
            placed = await place_many(phone, count, rate=5, number=side.menu, script=react)
        times[name] = [one.result for one in placed if one.result is not None]
    ours, bare = Percentiles.of(times["ours"]), Percentiles.of(times["bare"])
    note = f"p50 {ours.p50:.0f} against {bare.p50:.0f} ms; {len(times['ours'])} and {len(times['bare'])} digits"
    before = Percentiles.of(times["before"]).p99 if "before" in times else None
    return Row("key down to next prompt, p99", "bare + 5 ms", ours.p99, bare.p99, "ms", note,
               margin=5.0, before=before)  # fmt: skip


async def _memory(known: Benches, *, count: int) -> Row:
    """What the controller's memory grows by, for each of many calls that are up at once."""
    controller = known.ours.processes["controller"]
    before = _resident(controller)
    load = asyncio.create_task(
        run_calls(known.tools.command("sipp"), known.ours.server, QUICK_NUMBER, rate=50, count=count, hold_ms=8000)
    )
    try:
        await _until_live(known.house, count)
        grown = _resident(controller) - before
    finally:
        await load
    return Row("memory of the controller for a call in progress", "20 kB", grown / count / 1000, None, "kB",
               f"{count} calls up at once", budget=20.0)  # fmt: skip


async def _until_live(house: House, count: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        _, metrics = await house.get("/metrics")
        if f"ringpost_calls_live {count:.1f}" in metrics:
            return
        await asyncio.sleep(0.1)
    raise TimeoutError("the calls did not all come up")


def _resident(pid: int) -> int:
    """Bytes of memory of a process (proc(5), statm)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
