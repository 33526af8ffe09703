"""Recording what the other side says, as a sound of the licence key."""

from __future__ import annotations

import math
from contextlib import suppress

import structlog

from controller.asterisk.ari.events import Event
from controller.calls.call_prompts import CallPrompts
from controller.calls.line.line import Happening, Line, Lost
from controller.errors import AsteriskError, AsteriskUnreachable, SpeechError, StoreError
from controller.script.effects import Record
from controller.script.outcomes import Failed, HungUp, Outcome, Recorded

log = structlog.get_logger()

PATIENCE_SECONDS = 5.0
# Asterisk counts whole seconds of its clock, and stops up to two of them late: the maximum is kept here.
_LATE_SECONDS = 2


async def record(line: Line, effect: Record, prompts: CallPrompts) -> Outcome:
    """Record until `#`, the maximum, silence, or the hang-up, and keep it under the sound's id. Raises Lost.

    What was said before a hang-up is kept too: a caller who leaves a message and hangs up has left it.
    """
    if reason := prompts.why_not_recordable(effect.sound_id):
        return Failed(reason)
    name = line.fixed_id("record")
    await line.channel.record(
        name=name,
        max_seconds=math.ceil(effect.maximum_seconds) + _LATE_SECONDS,
        max_silence_seconds=math.ceil(effect.silence_seconds),
        terminate_on="#",
    )
    failed = False

    def finished(event: Event) -> bool:
        nonlocal failed
        failed = event.type == "RecordingFailed"
        return event.recording_name == name and event.type in ("RecordingFinished", "RecordingFailed")

    happening = await line.wait(effect.maximum_seconds, until=finished)
    if happening is Happening.LOST:
        raise Lost
    if happening in (Happening.STOPPED, Happening.TIME):
        with suppress(AsteriskError):
            await line.ari.recordings.stop(name)
    if happening is not Happening.EVENT:
        # The file is whole when this is told, also after a hang-up.
        await line.past_hang_up(PATIENCE_SECONDS, until=finished)
    if failed:
        return HungUp() if line.hung_up else Failed("Asterisk could not record")
    return await _keep(line, name, effect.sound_id, prompts)


async def _keep(line: Line, name: str, sound_id: str, prompts: CallPrompts) -> Outcome:
    try:
        data = await line.ari.recordings.stored_file(name)
        seconds = await prompts.keep_recording(sound_id, data)
        await line.ari.recordings.delete_stored(name)
    except AsteriskUnreachable:
        raise Lost from None
    except (AsteriskError, SpeechError, StoreError) as error:
        log.warning("a recording was not kept", reason=str(error))
        return HungUp() if line.hung_up else Failed(str(error))
    log.info("recorded", seconds=round(seconds, 1))
    return Recorded(seconds, hung_up=line.hung_up)
