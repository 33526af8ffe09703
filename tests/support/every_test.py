"""`make test`: every layer of tests, and after them what they took of each room.

Tests without calls are busy all the time: one worker for each core. Each real call has an Asterisk, a service and a
telephone that wait for one another most of the time, so more of these tests run side by side; the service is a process
of its own, so that there is little to be watched: coverage would only make the telephone slow.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass

from tests.support import coverage_by_room, once_more


@dataclass(frozen=True, slots=True)
class Layers:
    """Tests that run together, and how."""

    name: str
    folders: tuple[str, ...]
    workers: int
    options: tuple[str, ...] = ()

    def run(self) -> int:
        """Run them; pytest's exit status."""
        began = time.monotonic()
        # A file is one worker's: its tests share a service.
        beside = ("-n", os.environ.get("WORKERS") or str(self.workers), "--dist", "loadfile")
        command = (sys.executable, "-m", "pytest", *beside, *self.options, *self.folders)
        status = subprocess.run(command, check=False).returncode
        print(f"{self.name}: {time.monotonic() - began:.0f} s", flush=True)
        return status


WITHOUT_CALLS = Layers(
    "unit and integration tests", ("tests/unit", "tests/integration"), 2, ("--cache-clear", "--cov", "--cov-report=")
)
WITH_CALLS = Layers(
    "browser, acceptance and adversity tests",
    ("tests/acceptance", "tests/adversity", "tests/browser"),
    3,
    ("--no-loadscope-reorder",),
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


def main() -> int:
    """Run all of them, whatever fails; 1 when something did."""
    failed = WITHOUT_CALLS.run() != 0
    if WITH_CALLS.run() != 0:
        failed |= once_more.main() != 0
    return int(coverage_by_room.main() != 0 or failed)


if __name__ == "__main__":
    sys.exit(main())
