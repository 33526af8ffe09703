"""The call-script language: parse and check of a long script, and a long run in the engine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from controller.script.checker import check
from controller.script.effects import End
from controller.script.engine import Engine
from controller.script.outcomes import Finished
from controller.script.parser import parse
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
            f"{STEPS:,} steps of a script in the engine",
            "1,000 ms",
            _median(_run, 3),
            None,
            "ms",
            "median of 3",
            budget=1000.0,
        ),
    ]


def _run() -> None:
    program = parse(r"~\Label(again)~ ~\IncreaseVariable(n|1)~ ~\PlaySilence(0.1)~ ~\Goto(again)~")
    engine = Engine(program, State.for_incoming())
    effect = engine.start()
    for _ in range(STEPS // 4):
        assert not isinstance(effect, End)
        effect = engine.resume(Finished())
        engine.take_notes()


def _median(work: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken)
