"""Playing prompts on a line: speech, sounds, silence and the beep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import structlog

from controller.asterisk.ari.events import Event
from controller.calls.line import Happening, Line
from controller.calls.prompting import CallPrompts
from controller.errors import AsteriskError, AsteriskNotFound, AsteriskUnreachable, SpeechError
from controller.script.effects import Play, Prompt
from controller.script.outcomes import Failed, Finished, HungUp, Outcome

log = structlog.get_logger()

# How much longer than its prompts a playback may take before it is given up: fetching a new prompt from the media
# address can take a while, and somebody who talks can hold it (SoundPausing).
PATIENCE_SECONDS = 15.0
PAUSED_AT_MOST_SECONDS = 30.0


class Lost(Exception):
    """Asterisk's events were interrupted: the effect has to be carried out again."""


async def play(line: Line, effect: Play, prompts: CallPrompts) -> Outcome:
    """Play the effect's prompts. Prompts that cannot be made are left out, and the rest is played.

    Gives Finished (also when the engine stopped it), Failed when nothing could be played, or HungUp. Raises Lost.
    """
    media, seconds, missing = await _media(effect.prompts, prompts)
    if not media:
        return Failed("; ".join(missing)) if missing else Finished()
    if effect.pausing:
        await line.channel.set_variable("TALK_DETECT(set)", "")
    playback_id = line.playback_id()
    try:
        await line.channel.play(media, playback_id=playback_id)
    except AsteriskNotFound:
        return HungUp()
    except AsteriskUnreachable:
        raise Lost from None
    except AsteriskError as error:
        return Failed(str(error))
    try:
        outcome = await _until_played(line, playback_id, seconds, pausing=effect.pausing)
    finally:
        if effect.pausing and not line.hung_up:
            await _quietly_stop_detection(line)
    if isinstance(outcome, Finished) and missing:
        return Failed("; ".join(missing))
    return outcome


async def _media(wanted: Sequence[Prompt], prompts: CallPrompts) -> tuple[list[str], float, list[str]]:
    media: list[str] = []
    missing: list[str] = []
    seconds = 0.0
    for prompt in wanted:
        try:
            uri, length = prompts.ready(prompt) or await prompts.make(prompt)
        except SpeechError as error:
            log.warning("a prompt could not be played", kind=type(prompt).__name__, reason=str(error))
            missing.append(str(error))
            continue
        if length > 0:
            media.append(uri)
            seconds += length
    return media, seconds, missing


async def _until_played(line: Line, playback_id: str, seconds: float, *, pausing: bool) -> Outcome:
    state = ""
    talking = False

    def finished(event: Event) -> bool:
        nonlocal state, talking
        if event.type == "PlaybackFinished" and event.playback_id == playback_id:
            state = event.playback_state or "done"
            return True
        if pausing and event.type in ("ChannelTalkingStarted", "ChannelTalkingFinished"):
            talking = event.type == "ChannelTalkingStarted"
            return True
        return False

    while True:
        happening = await line.wait(seconds + (PAUSED_AT_MOST_SECONDS if talking else PATIENCE_SECONDS), until=finished)
        if happening is Happening.EVENT and not state:
            await _control(line, playback_id, "pause" if talking else "unpause")
            continue
        if happening is Happening.EVENT:
            return Failed("Asterisk could not play it") if state == "failed" else Finished()
        if happening is Happening.HUNG_UP:
            return HungUp()
        if happening is Happening.TIME and talking:
            talking = False
            await _control(line, playback_id, "unpause")
            continue
        await _stop(line, playback_id)
        if happening is Happening.LOST:
            raise Lost
        if happening is Happening.TIME:
            return Failed("the playback did not end in time")
        return Finished()


async def _stop(line: Line, playback_id: str) -> None:
    try:
        await line.ari.playbacks.stop(playback_id)
    except AsteriskNotFound:
        pass  # it ended by itself at the same moment
    except AsteriskError as error:
        log.warning("a playback was not stopped", reason=str(error))


async def _control(line: Line, playback_id: str, operation: Literal["pause", "unpause"]) -> None:
    try:
        await line.ari.playbacks.control(playback_id, operation)
    except AsteriskError as error:
        log.info("a playback was not paused", operation=operation, reason=str(error))


async def _quietly_stop_detection(line: Line) -> None:
    try:
        await line.channel.set_variable("TALK_DETECT(remove)", "")
    except AsteriskError as error:
        log.info("talk detection was not removed", reason=str(error))
