"""Sending DTMF digits to the other side."""

from __future__ import annotations

import re

from controller.calls.effects.ending import plain_outcome
from controller.calls.line.line import Happening, Line
from controller.script.effects import SendDigits
from controller.script.outcomes import Finished, Outcome

HALF_SECOND_PAUSE = "w"


async def send_digits(line: Line, effect: SendDigits) -> Outcome:
    """Send DTMF, and wait until it is sent; `w` is a pause of half a second. Raises Lost, AsteriskError."""
    for part in re.findall(r"w+|[^w]+", effect.digits.lower()):
        if part.startswith(HALF_SECOND_PAUSE):
            happening = await line.wait(0.5 * len(part))
        else:
            await line.channel.send_dtmf(part.upper(), duration_ms=effect.tone_ms, between_ms=effect.gap_ms)
            happening = await line.wait(len(part) * (effect.tone_ms + effect.gap_ms) / 1000)
        if happening is not Happening.TIME:
            return plain_outcome(happening)
    return Finished()
