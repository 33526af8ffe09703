"""Waiting until the other side is silent."""

from __future__ import annotations

import asyncio

from controller.asterisk.ari.events import Event
from controller.calls.effects.ending import plain_outcome
from controller.calls.line.answer_detection import GREETING_OVER
from controller.calls.line.line import Happening, Line
from controller.calls.line.talk_detection import TALK_EVENTS
from controller.script.effects import ListenForSilence
from controller.script.outcomes import Outcome, SilenceHeard


async def wait_for_silence(line: Line, effect: ListenForSilence) -> Outcome:
    """Wait until the other side was silent for so long, at most `limit` seconds a try. Raises Lost, AsteriskError."""
    if effect.greeting and line.answer_detection.judges:
        return await _await_greeting(line, effect)
    async with line.talk_detection.wanted(round(effect.seconds * 1000)):
        return await _listen_for_silence(line, effect)


async def _await_greeting(line: Line, effect: ListenForSilence) -> Outcome:
    with line.answer_detection.awaiting(effect.seconds):
        happening = await line.wait(effect.tries * effect.limit, until=lambda event: event.type == GREETING_OVER)
    if happening in (Happening.EVENT, Happening.TIME):
        return SilenceHeard(happening is Happening.EVENT)
    return plain_outcome(happening)


async def _listen_for_silence(line: Line, effect: ListenForSilence) -> Outcome:
    """Until somebody talks it is silent; silence from before the wait does not count."""
    loop = asyncio.get_running_loop()
    began = loop.time()

    def changes(event: Event) -> bool:
        return event.type in TALK_EVENTS and event.channel_id == line.channel.id

    for _ in range(max(1, effect.tries)):
        ends = loop.time() + effect.limit
        while (left := ends - loop.time()) > 0:
            missing = max(line.talk_detection.silent_since, began) + effect.seconds - loop.time()
            if missing <= 0 and not line.talk_detection.talking:
                return SilenceHeard(True)
            happening = await line.wait(left if line.talk_detection.talking else min(left, missing), until=changes)
            if happening not in (Happening.EVENT, Happening.TIME):
                return plain_outcome(happening)
    return SilenceHeard(False)
