"""What routings have done on a call: the time is told, a message taken, somebody called back, music played."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog

from controller.calls.call_prompts import CallPrompts
from controller.calls.effects.record import record
from controller.calls.effects.transfer import NOTHING_HEARD, Heard
from controller.calls.line.line import Line
from controller.calls.store.recordings import Recordings
from controller.errors import JournalFull, NotificationRefused, SpeechError, StoreError
from controller.script.effects import CallBack, Record, Sound, TakeMessage, TellTime, Transfer
from controller.script.outcomes import Failed, Finished, Outcome, TimeTold

log = structlog.get_logger()

PlaceCall = Callable[[str, CallBack], Awaitable[None]]
"""Has somebody called for a licence key, by its name. NotificationRefused, StoreError, JournalFull."""

# Messages are sounds of the licence key that no script and no program can name: their ids have no slash.
MESSAGES = "voicemail"
# A sound that is played while others ring is repeated so often at most.
MOST_REPEATS = 100


@dataclass(frozen=True, slots=True)
class RoutingEffects:
    """now: the time, with its zone. call_back: has somebody called. message_left: told of what may be a new message."""

    now: Callable[[], datetime]
    call_back: PlaceCall
    message_left: Callable[[], None]


def message_sound(mailbox: str, queue_id: int, number: int) -> str:
    """The sound id of a message: the mailbox, the call that left it, and which of the call's recordings it is."""
    return f"{MESSAGES}/{mailbox}/{queue_id}-{number}"


def tell_time(effect: TellTime, now: datetime) -> Outcome:
    """The time of the week in a zone; Failed for a zone that is not known."""
    try:
        local = now.astimezone(ZoneInfo(effect.zone))
    except (ZoneInfoNotFoundError, ValueError):
        return Failed(f"there is no time zone {effect.zone}")
    return TimeTold(local.weekday(), local.hour * 60 + local.minute)


async def take_message(
    line: Line, effect: TakeMessage, prompts: CallPrompts, recordings: Recordings, application: str
) -> Outcome:
    """Record a message, and keep it as a sound that belongs to its mailbox. As `record`."""
    sound = message_sound(effect.mailbox, line.queue_id, line.engine.state.recordings_made)
    wanted = Record(sound, effect.maximum_seconds, effect.silence_seconds)
    return await record(line, wanted, prompts, recordings, application)


async def call_back(line: Line, effect: CallBack, place_call: PlaceCall, license_key: str) -> Outcome:
    """Have somebody called back. Failed with the reason when that is refused."""
    try:
        await place_call(license_key, effect)
    except (NotificationRefused, StoreError, JournalFull) as error:
        log.warning("nobody is called back", call=line.queue_id, reason=str(error))
        return Failed(str(error))
    return Finished()


async def music(effect: Transfer, prompts: CallPrompts) -> Heard:
    """What the caller hears while a transfer rings; nothing when there is no such sound."""
    if not effect.music:
        return NOTHING_HEARD
    sound = Sound(effect.music)
    try:
        uri, seconds = prompts.ready(sound) or await prompts.make(sound)
    except SpeechError as error:
        log.warning("there is no music on hold", reason=str(error))
        return NOTHING_HEARD
    repeats = math.ceil(effect.ring_seconds / seconds) + 1 if seconds > 0 else 0
    return Heard((uri,) * min(repeats, MOST_REPEATS))
