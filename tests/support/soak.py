"""How long the patient tests go on: a moment in `make test`, the full time in `make soak`."""

from __future__ import annotations

import os

SOAKING = os.environ.get("RINGPOST_SOAK") == "1"
"""Whether the full time is asked for."""


def soaking(usually: float, full: float) -> float:
    """The one value in `make test`, the other in `make soak`."""
    return full if SOAKING else usually
