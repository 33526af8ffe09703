"""`make bench`: the budgets, each beside bare Asterisk in the same run. `--quick` for a look in a few minutes.

`--against CLONE` measures the calls through an earlier commit too, by turns with this one. See docs/performance.md.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import uvloop
from rich.console import Console

from controller.embedded.debian import provision
from controller.programs import ProgramTree
from tests.bench import (
    bench_calls,
    bench_line_types,
    bench_metering,
    bench_phone_notify,
    bench_postbacks,
    bench_script,
    bench_texts,
    bench_voipms,
    rows,
)

PROJECT = Path(__file__).parent.parent.parent


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer calls and a smaller backlog")
    parts = ("script", "voipms", "lines", "calls", "postbacks", "texts", "metering", "notify")
    parser.add_argument("--only", choices=parts, help="one part alone")
    parser.add_argument("--against", type=Path, metavar="CLONE", help="a clone of an earlier commit, after `make venv`")
    parser.add_argument("--save", type=Path, metavar="FILE", help="keep the figures for a later `--before`")
    parser.add_argument("--before", type=Path, metavar="FILE", help="figures of an earlier run, to print ratios")
    arguments = parser.parse_args()
    console = Console(width=180)
    measured = []
    if arguments.only in (None, "script"):
        measured += bench_script.measure()
    if arguments.only in (None, "lines"):
        measured += bench_line_types.measure()
    if arguments.only in (None, "voipms"):
        measured += bench_voipms.measure(quick=arguments.quick)
    if arguments.only in (None, "calls"):
        named = os.environ.get("RINGPOST_TOOLS")
        tools = ProgramTree(Path(named)) if named else provision(PROJECT / ".ringpost" / "tools")
        clone = arguments.against and arguments.against.resolve()
        measured += uvloop.run(bench_calls.measure(tools, quick=arguments.quick, clone=clone))
    if arguments.before:
        measured = rows.with_before(measured, arguments.before)
    if measured:
        rows.show(measured, console)
    if arguments.save:
        rows.save(measured, arguments.save)
    if arguments.only in (None, "postbacks"):
        bench_postbacks.show(uvloop.run(bench_postbacks.run(quick=arguments.quick)), console)
    if arguments.only in (None, "texts"):
        bench_texts.show(uvloop.run(bench_texts.run(quick=arguments.quick)), console)
    if arguments.only in (None, "metering"):
        records = bench_metering.QUICK_RECORDS if arguments.quick else bench_metering.RECORDS
        bench_metering.show(uvloop.run(bench_metering.run(records)), console)
    if arguments.only in (None, "notify"):
        bench_phone_notify.show(uvloop.run(bench_phone_notify.run(quick=arguments.quick)), console)


if __name__ == "__main__":
    main()
