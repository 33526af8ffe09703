"""The call-script language: parse and check of a long script, and a long run in the simulator."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from controller.script.analysis.checker import check
from controller.script.parser import parse
from controller.script.simulation.simulator import Simulation
from controller.script.state import State
from tests.bench.rows import Row

COMMANDS = 100
STEPS = 10_000


def measure() -> list[Row]:
    """All rows about scripts; each time is the median of many."""
    script = "\n".join(
        rf"~\Label(l{n})~ Text number {n}. ~\AssignDTMF({n % 10}|l{n})~ ~\SetVar(v{n}|{n})~ ~\WaitForDTMF(2)~"
        for n in range(COMMANDS // 4)
    )
    return [
        Row(
            "parse and check of a 100-command script",
            "2 ms",
            _median(lambda: check(parse(script)), 50),
            None,
            "ms",
            "median of 50",
            budget=2.0,
        ),
        Row(
            f"a simulated run of {STEPS:,} steps",
            "1,000 ms",
            _median(_run, 5),
            None,
            "ms",
            "median of 5",
            budget=1000.0,
        ),
    ]


def _run() -> None:
    program = parse(
        rf"~\Label(again)~ ~\IncreaseVariable(n|1)~ ~\PlaySilence(0.1)~ ~\GotoIf(n|{STEPS // 5}|done)~ ~\Goto(again)~"
        r"~\Label(done)~"
    )
    simulation = Simulation(program, State.for_incoming())
    for _ in simulation.run():
        pass
    assert len(simulation.steps) >= STEPS
    assert simulation.regular


def _median(work: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken)
