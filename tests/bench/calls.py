"""Calls at a rate, and what they cost: by SIPp alone for set-up times, by the softphone for calls that press keys.

The same menu stands here as bare dialplan, so that each number of Ringpost's can stand beside Asterisk's own.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from controller.softphone.load_generator import place_many
from controller.softphone.phone import Softphone
from controller.softphone.phone_call import PhoneCall

SCENARIO = Path(__file__).parent / "answer-and-hang-up.xml"
# What SIPp may need beyond the time that the calls take: its start, and calls that are slow.
GRACE_SECONDS = 30.0

# For tests.support.exchange: `quick` answers and waits, `menu` is the two prompts and the digit between them.
BARE_DIALPLAN = """
exten => quick,1,Answer()
 same => n,Wait(60)
exten => menu,1,Answer()
 same => n,Read(KEY,tone-1,1,,1,10)
 same => n,Playback(tone-${KEY})
 same => n,Hangup()
"""


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Of some times, in milliseconds; all 0 when there are none."""

    p50: float = 0.0
    p90: float = 0.0
    p99: float = 0.0
    longest: float = 0.0

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> Percentiles:
        if not milliseconds:
            return cls()
        p50, p90, p99 = np.percentile(milliseconds, [50, 90, 99])
        return cls(float(p50), float(p90), float(p99), max(milliseconds))


@dataclass(frozen=True, slots=True)
class CallLoadResult:
    """How a row of calls went: of those `placed` so many were `answered`, and so many `failed` in whatever way.

    `cpu` is the CPU time in seconds that each of the named processes used meanwhile, `invite_to_200` the time from the
    INVITE to its answer, and `reasons` says of what kind the failures were.
    """

    placed: int
    answered: int
    failed: int
    seconds: float
    invite_to_200: Percentiles
    cpu: Mapping[str, float] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)

    def cpu_per_call(self, process: str) -> float:
        """Milliseconds of CPU that one call cost this process."""
        return 1000 * self.cpu[process] / max(1, self.placed)


def cpu_seconds(pid: int) -> float:
    """What a process and its threads have used so far, in user and system mode (proc(5), stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class CpuMeter:
    """The CPU time of some processes from its making on."""

    def __init__(self, processes: Mapping[str, int]) -> None:
        self._processes = dict(processes)
        self._before = {name: cpu_seconds(pid) for name, pid in processes.items()}

    def used(self) -> dict[str, float]:
        return {name: cpu_seconds(pid) - self._before[name] for name, pid in self._processes.items()}


async def run_calls(
    sipp: Sequence[str],
    server: tuple[str, int],
    number: str,
    *,
    rate: float,
    count: int,
    hold_ms: int = 500,
    local_host: str = "127.0.0.2",
    processes: Mapping[str, int] | None = None,
) -> CallLoadResult:
    """`count` calls to `number`, `rate` a second, each held for `hold_ms` after the answer, by SIPp alone.

    They send and take no media. `processes` names those whose CPU time is to be measured (name → pid).
    """
    meter = CpuMeter(processes or {})
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ringpost-load-") as folder:
        scenario = Path(folder) / "calls.xml"
        scenario.write_text(SCENARIO.read_text().replace("__HOLD__", str(hold_ms)))
        limit = count / rate + hold_ms / 1000 + GRACE_SECONDS
        process = await asyncio.create_subprocess_exec(
            *sipp, f"{server[0]}:{server[1]}", "-sf", str(scenario), "-s", number, "-i", local_host, "-mi", local_host,
            "-r", f"{rate:g}", "-m", str(count), "-l", str(count), "-timeout", f"{limit:.0f}", "-timeout_error",
            "-nostdin", "-bind_local", "-trace_rtt", "-rtt_freq", "1", "-trace_stat", "-stf", f"{folder}/calls.csv",
            "-trace_error_codes",
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with asyncio.timeout(limit + 10):
                await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        seconds = time.monotonic() - began
        cpu = meter.used()
        last = _last_row(Path(folder) / "calls.csv")
        times = _response_times(Path(folder))
    reasons = {name[:-3]: int(value) for name, value in last.items() if name[:6] == "Failed" and name[-3:] == "(C)"}
    failed = reasons.pop("FailedCall", 0)
    return CallLoadResult(
        placed=int(last.get("OutgoingCall(C)", 0)),
        answered=len(times),
        failed=failed + count - int(last.get("OutgoingCall(C)", 0)),
        seconds=seconds,
        invite_to_200=Percentiles.of(times),
        cpu=cpu,
        reasons={name: value for name, value in reasons.items() if value},
    )


async def run_key_calls(
    phone: Softphone,
    number: str,
    key: str,
    *,
    rate: float,
    count: int,
    press_after: float = 0.2,
    longest: float = 30.0,
    processes: Mapping[str, int] | None = None,
) -> CallLoadResult:
    """`count` calls to `number` that press `key` `press_after` seconds after the answer and wait for the hang-up.

    The softphone sends only the keys and listens to nothing, so that it takes little from what is measured.
    """

    async def choose(call: PhoneCall, _: int) -> None:
        # A pause is part of what the caller does here, not a wait for something.
        await asyncio.sleep(press_after)
        await call.press(key)

    meter = CpuMeter(processes or {})
    began = time.monotonic()
    placed = await place_many(
        phone, count, rate=rate, number=number, script=choose, ending=longest, silent=True, deaf=True
    )
    seconds = time.monotonic() - began
    answers = [call.at("answered") for one in placed if (call := one.call)]
    times = [1000 * answer for answer in answers if answer is not None]
    errors = [one.error for one in placed if one.error is not None]
    return CallLoadResult(
        placed=count,
        answered=len(times),
        failed=len(errors),
        seconds=seconds,
        invite_to_200=Percentiles.of(times),
        cpu=meter.used(),
        reasons=Counter(str(error) for error in errors),
    )


def _last_row(path: Path) -> dict[str, str]:
    """SIPp's statistics are cumulative: the last line has them all."""
    lines = path.read_text().splitlines() if path.exists() else []
    return dict(zip(lines[0].split(";"), lines[-1].split(";"), strict=False)) if len(lines) > 1 else {}


def _response_times(folder: Path) -> list[float]:
    """Milliseconds from each INVITE to its 200."""
    rows = [line.split(";") for path in folder.glob("*_rtt.csv") for line in path.read_text().splitlines()[1:]]
    return [float(row[1]) for row in rows if len(row) == 3 and row[2] == "answer"]
