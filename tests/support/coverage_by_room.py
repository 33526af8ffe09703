"""`make test`, at its end: how much of a room the tests took, branches included; exit status 1 below a limit.

`make test` watches the rooms with a limit, `make coverage` every room.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coverage import Coverage

PROJECT = Path(__file__).parents[2]
# Of unit and integration tests. Those with calls run the service as a process of its own, and are not watched.
LIMITS = {"calls": 90.0, "postbacks": 90.0, "script": 90.0}
"""Percent of statements and branches that must have been taken, of the rooms that would lose calls or their results."""


def of_rooms(report: Mapping[str, Any]) -> dict[str, float]:
    """Percent of the statements and branches of each room that were taken, from coverage's JSON report."""
    taken: dict[str, int] = defaultdict(int)
    there: dict[str, int] = defaultdict(int)
    for name, file in report["files"].items():
        room = Path(name).parts[1].removesuffix(".py")
        if room == "__init__":
            continue
        summary = file["summary"]
        taken[room] += summary["covered_lines"] + summary["covered_branches"]
        there[room] += summary["num_statements"] + summary["num_branches"]
    return {room: 100 * taken[room] / total for room, total in sorted(there.items()) if total}


def too_low(rooms: Mapping[str, float], limits: Mapping[str, float]) -> list[str]:
    """What to say of each room that is below its limit."""
    return [
        f"{room}/ is at {rooms.get(room, 0.0):.1f} %, and must not fall below {limit:.0f} %: "
        f"`coverage report --show-missing --include 'controller/{room}/*'` shows what no test takes."
        for room, limit in limits.items()
        if rooms.get(room, 0.0) < limit
    ]


def main() -> int:
    """Print the table; 1 when a room is below its limit."""
    coverage = Coverage()
    coverage.load()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "coverage.json"
        coverage.json_report(outfile=str(target))
        rooms = of_rooms(json.loads(target.read_text()))
    print("Statements and branches that the unit and integration tests took of each room that was watched:")
    for room, percent in rooms.items():
        print(f"  {room:<14} {percent:5.1f} %{f'  (limit {LIMITS[room]:.0f} %)' if room in LIMITS else ''}")
    complaints = too_low(rooms, LIMITS)
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
