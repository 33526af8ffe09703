"""How many examples a property is tried on: a part of them with every change, all of them in `make fuzz`."""

from __future__ import annotations

import os

THOROUGH = "RINGPOST_THOROUGH"
"""The environment variable that `make fuzz` sets."""
PART = 4


def examples(count: int) -> int:
    """`count` where time is no matter, a part of them else."""
    return count if os.environ.get(THOROUGH) else count // PART
