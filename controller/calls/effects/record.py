"""Recording what the other side says, as a sound of the licence key."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress

import structlog

from controller.asterisk.ari.events import Event
from controller.calls.call_prompts import CallPrompts
from controller.calls.effects.ending import plain_outcome
from controller.calls.effects.owned import owned
from controller.calls.line.line import Happening, Line, Lost
from controller.calls.line.talk_detection import TALK_EVENTS
from controller.calls.store.recordings import Recordings
from controller.errors import (
    AsteriskError,
    AsteriskNotFound,
    AsteriskRefused,
    AsteriskTimeout,
    AsteriskUnreachable,
    AudioInvalid,
)
from controller.script.effects import Record
from controller.script.outcomes import Failed, HungUp, Outcome, Recorded

log = structlog.get_logger()

PATIENCE_SECONDS = 5.0
# A recording that Asterisk could not begin is begun again: so often at most, after so long.
BEGINNINGS = 3
AGAIN_SECONDS = 0.1
# Asterisk counts whole seconds of its clock, and stops up to two of them late: the maximum is kept here.
_LATE_SECONDS = 2
_CONFLICT = 409
# Talk is over after so much silence; and so much longer is waited before a recording without packets is ended.
_SILENCE_MS = 500
_LONGER_SILENCE_SECONDS = 1.0


async def record(line: Line, effect: Record, prompts: CallPrompts, recordings: Recordings, application: str) -> Outcome:
    """Record until `#`, the maximum, silence, or the hang-up, and keep it under the sound's id. Raises Lost.

    What was said before a hang-up, or before the call's longest time, is kept too: a caller who leaves a message and
    hangs up has left it. After a lost connection a recording that goes on is gone on with, and a finished one is kept.
    """
    if reason := prompts.why_not_recordable(effect.sound_id):
        return Failed(reason)
    number = line.engine.state.recordings_made
    for _ in range(BEGINNINGS):
        name = recordings.begin(line.queue_id, number, prompts.license_key, effect.sound_id)
        if not await _begin(line, effect, name, recordings):
            return await _keep(line, name, recordings)
        await recordings.note(name)
        if await _recorded(line, effect, name):
            return await _keep(line, name, recordings)
        await recordings.drop(name)
        if line.hung_up:
            return HungUp()
        await _leave_dialling(line, application)
        happening = await line.wait(AGAIN_SECONDS)
        if happening is not Happening.TIME:
            return plain_outcome(happening)
    return Failed("Asterisk could not record")


async def _leave_dialling(line: Line, application: str) -> None:
    """Take the channel out of the bridge that Asterisk dials in: it stays there after the answer, and nothing can be
    recorded there. It leaves for another bridge, and that one for none. Raises AsteriskError.
    """
    bridge = line.ari.bridges.get(line.fixed_id("bridge"))
    async with owned(line, "the bridge after the dialling", bridge.destroy):
        await line.ari.bridges.create(bridge_id=bridge.id, bridge_type="mixing,dtmf_events", name=application)
        await bridge.add_channel(line.channel.id)
        await bridge.remove_channel(line.channel.id)


async def _recorded(line: Line, effect: Record, name: str) -> bool:
    """Wait for the end of the recording, or end it; False when Asterisk could not make it. Raises Lost."""
    failed = False

    def finished(event: Event) -> bool:
        nonlocal failed
        if event.recording_name != name or event.type not in ("RecordingFinished", "RecordingFailed"):
            return False
        failed = event.type == "RecordingFailed"
        return True

    happening = await _wait_out(line, effect, finished)
    if happening is Happening.LOST:
        raise Lost
    if happening in (Happening.STOPPED, Happening.TIME) or line.ended_from_outside:
        with suppress(AsteriskError):
            await line.ari.recordings.stop(name)
    if happening is not Happening.EVENT:
        # The file is whole when this is told, also after a hang-up.
        await line.past_hang_up(PATIENCE_SECONDS, until=finished)
    return not failed


async def _wait_out(line: Line, effect: Record, finished: Callable[[Event], bool]) -> Happening:
    """Until Asterisk has ended the recording, its time is over (TIME), or the call is.

    Asterisk counts the silence of packets that come. Where none come, because the other side suppresses silence, the
    line is listened to, and is silent for a moment longer.
    """
    loop = asyncio.get_running_loop()
    ends = loop.time() + effect.maximum_seconds
    if not effect.silence_seconds:
        return await line.wait(effect.maximum_seconds, until=finished)
    over = False

    def told(event: Event) -> bool:
        nonlocal over
        over = finished(event)
        return over or (event.type in TALK_EVENTS and event.channel_id == line.channel.id)

    talk = line.talk_detection
    async with talk.listening(_SILENCE_MS) as listens:
        began = loop.time()
        while True:
            silent_until = max(talk.silent_since, began) + effect.silence_seconds + _LONGER_SILENCE_SECONDS
            counts = listens and not talk.talking
            left = min(ends, silent_until if counts else ends) - loop.time()
            happening = await line.wait(max(0.0, left), until=told)
            if over or happening is not Happening.EVENT:
                return happening


async def keep_begun(line: Line, recordings: Recordings) -> Outcome:
    """The call is over, and the effect was not carried out again: what had been recorded is kept. Raises Lost."""
    name = recordings.begun(line.queue_id, line.engine.state.recordings_made)
    if name is None:
        return HungUp()
    try:
        return await _keep(line, name, recordings)
    except AsteriskError as error:
        log.info("nothing is kept of a recording", reason=str(error))
        return HungUp()


async def _begin(line: Line, effect: Record, name: str, recordings: Recordings) -> bool:
    """Begin the recording; False when it is over already, and its file is there. AsteriskError."""
    try:
        await line.channel.record(
            name=name,
            max_seconds=math.ceil(effect.maximum_seconds) + _LATE_SECONDS,
            max_silence_seconds=math.ceil(effect.silence_seconds),
            terminate_on="#",
            if_exists="fail",
        )
    except AsteriskRefused as error:
        if error.status != _CONFLICT:
            await recordings.drop(name)
            raise
        # It was begun before the connection was lost.
        return await line.ari.recordings.is_under_way(name)
    except AsteriskTimeout:
        with suppress(AsteriskError):
            await line.ari.recordings.stop(name)
        raise
    return True


async def _keep(line: Line, name: str, recordings: Recordings) -> Outcome:
    """Keep what was recorded. Raises Lost; AsteriskError when there is nothing, for the caller may have hung up."""
    try:
        seconds = await recordings.keep(name)
    except AsteriskUnreachable:
        raise Lost from None
    except AsteriskNotFound:
        raise AsteriskError("nothing was recorded") from None
    except (AsteriskError, AudioInvalid) as error:
        log.warning("a recording was not kept", reason=str(error))
        return HungUp() if line.hung_up else Failed(str(error))
    log.info("recorded", seconds=round(seconds, 1))
    return Recorded(seconds, hung_up=line.hung_up)
