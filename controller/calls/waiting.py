"""Waiting on a line: for a digit, for several, for silence; and sending digits to the other side."""

from __future__ import annotations

import asyncio
import re

from controller.asterisk.ari.events import Event
from controller.calls.hearing import TALK_EVENTS
from controller.calls.line import Happening, Line, Lost
from controller.errors import AsteriskRefused
from controller.script.effects import CollectDigits, SendDigits, WaitForDigit, WaitForSilence
from controller.script.outcomes import Finished, HungUp, Outcome, SilenceHeard

HALF_SECOND_PAUSE = "w"
ECHO_CONTEXT = "ringpost-echo"
_NOT_IN_STASIS = 409


async def wait_for_input(line: Line, effect: WaitForDigit | CollectDigits) -> Outcome:
    """Wait for what the caller presses; the engine says when it is enough. Raises Lost."""
    happening = await line.wait(effect.seconds)
    return _plain(happening)


async def wait_for_silence(line: Line, effect: WaitForSilence) -> Outcome:
    """Wait until the other side was silent for so long, at most `limit` seconds a try. Raises Lost, AsteriskError."""
    async with line.hearing.wanted(round(effect.seconds * 1000)):
        return await _listen_for_silence(line, effect)


async def _listen_for_silence(line: Line, effect: WaitForSilence) -> Outcome:
    """Until somebody talks it is silent; silence from before the wait does not count."""
    loop = asyncio.get_running_loop()
    began = loop.time()

    def changes(event: Event) -> bool:
        return event.type in TALK_EVENTS and event.channel_id == line.channel.id

    for _ in range(max(1, effect.tries)):
        ends = loop.time() + effect.limit
        while (left := ends - loop.time()) > 0:
            missing = max(line.hearing.silent_since, began) + effect.seconds - loop.time()
            if missing <= 0 and not line.hearing.talking:
                return SilenceHeard(True)
            happening = await line.wait(left if line.hearing.talking else min(left, missing), until=changes)
            if happening not in (Happening.EVENT, Happening.TIME):
                return _plain(happening)
    return SilenceHeard(False)


async def send_digits(line: Line, effect: SendDigits) -> Outcome:
    """Send DTMF, and wait until it is sent; `w` is a pause of half a second. Raises Lost, AsteriskError."""
    for part in re.findall(r"w+|[^w]+", effect.digits.lower()):
        if part.startswith(HALF_SECOND_PAUSE):
            happening = await line.wait(0.5 * len(part))
        else:
            await line.channel.send_dtmf(part.upper(), duration_ms=effect.tone_ms, between_ms=effect.gap_ms)
            happening = await line.wait(len(part) * (effect.tone_ms + effect.gap_ms) / 1000)
        if happening is not Happening.TIME:
            return _plain(happening)
    return Finished()


async def echo(line: Line, application: str) -> Outcome:
    """Let the caller hear what the caller says, until hang-up: Asterisk's Echo(), outside of Stasis."""
    await line.ari.applications.subscribe(application, f"channel:{line.channel.id}")
    try:
        await line.channel.continue_in_dialplan(context=ECHO_CONTEXT, extension="s", priority=1)
    except AsteriskRefused as error:
        # 409, not in Stasis: it hears its echo already, and a former controller sent it there.
        if error.status != _NOT_IN_STASIS or await line.is_gone():
            raise
    await line.until_destroyed()
    return HungUp()


def _plain(happening: Happening) -> Outcome:
    if happening is Happening.LOST:
        raise Lost
    return HungUp() if happening is Happening.HUNG_UP else Finished()
