"""How a wait that had no event of its own to wait for ended, as an outcome."""

from __future__ import annotations

from controller.calls.line.line import Happening, Lost
from controller.script.outcomes import Finished, HungUp, Outcome


def plain_outcome(happening: Happening) -> Outcome:
    """HungUp after a hang-up, else Finished. Raises Lost when Asterisk was away meanwhile."""
    if happening is Happening.LOST:
        raise Lost
    return HungUp() if happening is Happening.HUNG_UP else Finished()
