"""Waiting for what the caller presses: one digit, or several."""

from __future__ import annotations

from controller.calls.effects.ending import plain_outcome
from controller.calls.line.line import Line
from controller.script.effects import CollectDigits, WaitForDigit
from controller.script.outcomes import Outcome


async def wait_for_input(line: Line, effect: WaitForDigit | CollectDigits) -> Outcome:
    """Wait for what the caller presses; the engine says when it is enough. Raises Lost."""
    happening = await line.wait(effect.seconds)
    return plain_outcome(happening)
