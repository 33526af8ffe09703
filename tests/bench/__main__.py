"""`make bench`: the budgets, each beside bare Asterisk in the same run. `--quick` for a look in a minute."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import uvloop
from rich.console import Console

from controller.embedded.debian import provision
from controller.programs import ProgramTree
from tests.bench import bench_calls, bench_postbacks, bench_script
from tests.bench.rows import show

PROJECT = Path(__file__).parent.parent.parent


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer calls and a smaller backlog")
    parser.add_argument("--only", choices=("script", "calls", "postbacks"), help="one part alone")
    arguments = parser.parse_args()
    console = Console(width=150)
    rows = []
    if arguments.only in (None, "script"):
        rows += bench_script.measure()
    if arguments.only in (None, "calls"):
        named = os.environ.get("RINGPOST_TOOLS")
        tools = ProgramTree(Path(named)) if named else provision(PROJECT / ".ringpost" / "tools")
        rows += uvloop.run(bench_calls.measure(tools, quick=arguments.quick))
    if rows:
        show(rows, console)
    if arguments.only in (None, "postbacks"):
        bench_postbacks.show(uvloop.run(bench_postbacks.run(quick=arguments.quick)), console)


if __name__ == "__main__":
    main()
