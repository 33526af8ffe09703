"""`make test`, after a failure: the few real calls that failed beside other tests are made once more, alone.

A call on a machine whose two cores are busy with other tests can miss its moment. What fails again, what fails in
another layer, and more failures than a few are mistakes and stay so. What passes alone is named at the end: it is
unsteady, and has to be mended.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

CACHE = Path(".pytest_cache")
"""A folder in which each part of `make test` has its own."""
REAL_TIME = ("tests/acceptance/", "tests/adversity/", "tests/browser/")
AT_MOST = 4


def worth_another_try(failed: Sequence[str]) -> bool:
    """Whether these tests, by their ids, are a few, and all of them live on the clock of a real call."""
    return 0 < len(failed) <= AT_MOST and all(test.startswith(REAL_TIME) for test in failed)


def main(part: str) -> int:
    """Run again what failed in a part of `make test`; 1 when that is not worth it, or one fails again."""
    last_failed = CACHE / part / "v" / "cache" / "lastfailed"
    failed = list(json.loads(last_failed.read_text())) if last_failed.exists() else []
    if not worth_another_try(failed):
        return 1
    print(f"\n{len(failed)} of the tests with real calls failed beside others; once more, alone:", flush=True)
    print(*failed, sep="\n", flush=True)
    again = subprocess.run([sys.executable, "-m", "pytest", "-n0", *failed], check=False).returncode
    if again == 0:
        print("UNSTEADY, passed alone:", *failed, sep="\n  ", flush=True)
    return again
