"""`make test`: every layer of tests side by side, and after them what they took of the rooms that would lose calls.

Tests without calls are busy all the time, on PostgreSQL or in Python. Each real call has an Asterisk, a service and a
telephone that wait for one another most of the time, but not for the processor: whatever tests have no calls gives way
to them (`nice`), and has what they leave. While the tools for calls are fetched, the others run already.

Watching what a test takes of the code makes it half as slow again. Those are watched that name one of the rooms with a
limit, and those of the parts that they share; `make coverage` watches all, and tells of all rooms.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support import coverage_by_room, once_more

PROJECT = Path(__file__).parents[2]
PATIENT = 5
"""The niceness of tests without calls."""


@dataclass(frozen=True, slots=True)
class Layers:
    """Tests that run together, and how."""

    name: str
    tests: tuple[str, ...]
    workers: int
    options: tuple[str, ...] = ()
    niceness: int = 0

    def run(self) -> int:
        """Run them to their end, each line of what they say with their name before it; pytest's exit status."""
        began = time.monotonic()
        # A file is one worker's: its tests share a service.
        beside = ("-n", os.environ.get("WORKERS") or str(self.workers), "--dist", "loadfile")
        nice = ("nice", "-n", str(self.niceness)) if self.niceness else ()
        kept = ("--cache-clear", "-o", f"cache_dir={once_more.CACHE}/{self.name}")
        process = subprocess.Popen(
            (*nice, sys.executable, "-m", "pytest", *beside, *kept, *self.options, *self.tests),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        with process:
            assert process.stdout is not None
            for line in process.stdout:
                sys.stdout.write(f"{self.name:<9} | {line}")
                sys.stdout.flush()
        print(f"{self.name}: {time.monotonic() - began:.0f} s", flush=True)
        return process.returncode


def files(folder: str) -> list[str]:
    """The files of tests in a folder, from the project's folder."""
    return sorted(str(path.relative_to(PROJECT)) for path in (PROJECT / folder).rglob("test_*.py"))


@cache
def _takers() -> frozenset[str]:
    """The modules that name a room with a limit: its own, and those of tests.support that import one of these."""
    takers = {f"controller.{room}" for room in coverage_by_room.LIMITS}
    support = {f"tests.support.{path.stem}": path.read_text() for path in Path(__file__).parent.glob("*.py")}
    found = takers
    while found:
        found = {name for name, text in support.items() if name not in takers and _names(text, takers)}
        takers |= found
    return frozenset(takers)


def _names(text: str, modules: Iterable[str]) -> bool:
    return re.search(rf"\b({'|'.join(map(re.escape, modules))})\b", text) is not None


def takes_rooms(file: str) -> bool:
    """Whether a file of tests names a room with a limit, or something of tests.support that does."""
    return _names((PROJECT / file).read_text(), _takers())


_QUIET = (*files("tests/unit"), *files("tests/integration"))
WATCHED = Layers(
    "watched",
    tuple(file for file in _QUIET if takes_rooms(file)),
    3,  # it has the most to do: with fewer it would run on alone, on one core, when the others are done
    ("--cov-report=", *(f"--cov=controller/{room}" for room in coverage_by_room.LIMITS)),
    PATIENT,
)
OTHERS = Layers("others", tuple(file for file in _QUIET if not takes_rooms(file)), 1, niceness=PATIENT)
WITH_CALLS = Layers("calls", ("tests/acceptance", "tests/adversity", "tests/browser"), 3, ("--no-loadscope-reorder",))

TOOLS = (
    "make",
    "--no-print-directory",
    "--jobs",
    "4",
    "tools",
    "test-tools",
    "browser-tools",
    "browser-library",
    "softphone-tools",
)

LONGEST = (
    "test_private_home",
    "test_run_command",
    "test_many_kills",
    "test_texts",
    "test_outgoing_calls_survive",
    "test_outgoing_calls",
    "test_dialer",
    "test_live_commands",
    "test_script_cases",
    "test_postbacks_survive",
    "test_messages_survive",
    "test_transfer_adopted",
)
"""The files to begin with: no worker is left with one of them when the others have nothing more to do."""


def with_calls() -> int:
    """Fetch what calls need, and make them; an exit status."""
    return subprocess.run(TOOLS, check=False).returncode or WITH_CALLS.run()


def side_by_side() -> dict[str, int]:
    """Run everything; the exit status of each part. One after another when the workers are counted by WORKERS."""
    parts = {WATCHED.name: WATCHED.run, OTHERS.name: OTHERS.run, WITH_CALLS.name: with_calls}
    if os.environ.get("WORKERS"):
        return {name: part() for name, part in parts.items()}
    ended: dict[str, int] = {}

    def end(name: str) -> None:
        ended[name] = parts[name]()

    running = [threading.Thread(target=end, args=(name,)) for name in parts]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return {name: ended.get(name, 1) for name in parts}


def main() -> int:
    """Run all of them, whatever fails; 1 when something did."""
    ended = side_by_side()
    if ended[WATCHED.name] == ended[OTHERS.name] == 0 != ended[WITH_CALLS.name]:
        ended[WITH_CALLS.name] = once_more.main(WITH_CALLS.name)
    return int(coverage_by_room.main() != 0 or any(ended.values()))


if __name__ == "__main__":
    sys.exit(main())
