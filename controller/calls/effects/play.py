"""Playing prompts on a line: speech, sounds, silence and the beep. Each is told when it begins to be heard."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Literal

import structlog

from controller.asterisk.ari.events import Event
from controller.calls.call_prompts import CallPrompts
from controller.calls.effects.sound_sent import sound_sent
from controller.calls.line.line import Happening, Line, Lost
from controller.calls.line.talk_detection import TALK_EVENTS
from controller.calls.playback_health import PlaybackHealth
from controller.errors import AsteriskError, AsteriskNotFound, SpeechError
from controller.script.effects import Play, Prompt, Silence, Sound, Speech
from controller.script.outcomes import Failed, Finished, HungUp, Outcome
from controller.script.transcript import Told, tell_prompt
from controller.speech.heard_text import spoken

log = structlog.get_logger()

# How much longer than its prompts a playback may take before it is given up: fetching a new prompt from the media
# address can take a while, and somebody who talks can hold it (SoundPausing).
PATIENCE_SECONDS = 15.0
PAUSED_AT_MOST_SECONDS = 30.0
STAND_IN = "speech.stand_in"
# Silence is put together of these, so that the disk holds the same few media of it whatever scripts ask for.
SILENCES_MS = (60_000, 30_000, 10_000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10)
# What ended so much sooner than half of its length was not played.
PASSED_OVER_SECONDS = 0.1
# After so much silence the other side has stopped talking (SoundPausing); a breath is shorter.
BREATH_MS = 1000


@dataclass(slots=True)
class _Playlist:
    """The media of a Play. `told`: what each tells when it begins; the last entry, when all have been heard."""

    media: list[str] = field(default_factory=list)
    lengths: list[float] = field(default_factory=list)
    told: list[list[Told]] = field(default_factory=lambda: [[]])
    seconds: float = 0.0
    missing: list[str] = field(default_factory=list)
    begun: int = 0

    def add(self, uri: str, seconds: float, *told: Told) -> None:
        self.media.append(uri)
        self.lengths.append(seconds)
        self.seconds += seconds
        self.told[-1].extend(told)
        self.told.append([])

    def miss(self, reason: str, *told: Told) -> None:
        self.missing.append(reason)
        self.told[-1].extend(told)

    @property
    def is_left(self) -> bool:
        """Whether something has not been told yet."""
        return self.begun < len(self.told)

    def begin_next(self) -> list[Told]:
        """What is told now that the next medium begins, or the last has ended."""
        told = self.told[self.begun] if self.is_left else []
        self.begun += 1
        return told


async def play(line: Line, effect: Play, prompts: CallPrompts, health: PlaybackHealth) -> Outcome:
    """Play the effect's prompts. Prompts that cannot be made are left out, and the rest is played.

    Gives Finished (also when the engine stopped it) with what was not heard, Failed when nothing was to be heard, or
    nothing of a Play that is confirmed went out, or HungUp. What could not be heard is in the log, and counted. Raises
    Lost, AsteriskError.
    """
    playlist = await _playlist(line, effect.prompts, prompts, line.seconds_left())
    if playlist.missing:
        line.unheard += len(playlist.missing)
        health.unheard(len(playlist.missing))
    if not playlist.media:
        line.tell(playlist.begin_next())
        # What takes no time is no progress: without this, a script could play nothing for ever.
        return Failed("; ".join(playlist.missing) or "there is nothing to be heard")
    async with line.talk_detection.wanted(BREATH_MS) if effect.pausing else nullcontext():
        if effect.confirm_after:
            async with sound_sent(line, effect.confirm_after) as sent:
                outcome = await sent.judge(await _played(line, playlist, health, pausing=effect.pausing))
        else:
            outcome = await _played(line, playlist, health, pausing=effect.pausing)
    return Finished("; ".join(playlist.missing)) if isinstance(outcome, Finished) else outcome


async def _played(line: Line, playlist: _Playlist, health: PlaybackHealth, *, pausing: bool) -> Outcome:
    """Play the media to their end, or until the engine stops it. Raises Lost, AsteriskError."""
    playback_id = line.playback_id()
    await line.channel.play(playlist.media, playback_id=playback_id)
    line.tell(playlist.begin_next())
    playback = _Playback(line, playback_id, playlist, pausing=pausing)
    outcome = await playback.over()
    if playback.unheard:
        log.error("Asterisk did not play a prompt", media=playback.unheard)
        line.unheard += len(playback.unheard)
        health.unheard(len(playback.unheard))
        if isinstance(outcome, Finished):
            playlist.missing.append("Asterisk could not play it")
    elif isinstance(outcome, Finished):
        line.heard += 1
        health.heard()
    return outcome


async def _playlist(line: Line, wanted: Sequence[Prompt], prompts: CallPrompts, most_seconds: float) -> _Playlist:
    """What can be heard within so many seconds: the call ends before the rest, and nothing is made for it."""
    playlist = _Playlist()
    for prompt, told in _pieces(wanted):
        if playlist.seconds > most_seconds:
            break
        try:
            ready = prompts.ready(prompt)
            if ready is None and isinstance(prompt, Speech | Sound):
                await line.send_silence()  # while it is made
            uri, seconds = ready or await prompts.make(prompt)
        except SpeechError as error:
            log.error("a prompt could not be made", kind=type(prompt).__name__, reason=str(error))
            playlist.miss(str(error), *told)
            continue
        line.tell((STAND_IN, {"reason": reason}) for reason in prompts.take_stand_ins())
        if seconds > 0:
            playlist.add(uri, seconds, *told)
    return playlist


def _pieces(wanted: Sequence[Prompt]) -> Iterator[tuple[Prompt, tuple[Told, ...]]]:
    """The prompts, each with what is told when it begins; a silence in its pieces, told once."""
    for prompt in wanted:
        told: tuple[Told, ...] = (_told(prompt),)
        if not isinstance(prompt, Silence):
            yield prompt, told
            continue
        for piece in _silences(prompt.seconds):
            yield piece, told
            told = ()


def _silences(seconds: float) -> Iterator[Silence]:
    """Silences of `SILENCES_MS` that are so long together, to a hundredth of a second, but not shorter than that."""
    left = max(round(seconds * 1000), SILENCES_MS[-1])
    for length in SILENCES_MS:
        count, left = divmod(left, length)
        for _ in range(count):
            yield Silence(length / 1000)


def _told(prompt: Prompt) -> Told:
    if not isinstance(prompt, Speech):
        return tell_prompt(prompt, "")
    heard = spoken(prompt.text)
    return tell_prompt(prompt if heard.words else Silence(heard.pauses), heard.words)


class _Playback:
    """One playback under way: what is told of it, and the pauses that talk makes."""

    def __init__(self, line: Line, playback_id: str, playlist: _Playlist, *, pausing: bool) -> None:
        self._line = line
        self._id = playback_id
        self._playlist = playlist
        self._pausing = pausing
        self._state = ""
        self._medium = 0  # which of the playlist's is played
        self._began = asyncio.get_running_loop().time()
        self._last_told = 0.0
        self.unheard: list[str] = []
        self._talking = pausing and line.talk_detection.talking

    async def over(self) -> Outcome:
        """Wait for its end, or end it when the engine says so. Raises Lost."""
        if self._talking:
            await _control(self._line, self._id, "pause")
        while True:
            patience = PAUSED_AT_MOST_SECONDS if self._talking else PATIENCE_SECONDS
            happening = await self._line.wait(self._playlist.seconds + patience, until=self._noticed)
            if happening is Happening.EVENT and self._state:
                return self._played()
            if happening is Happening.HUNG_UP:
                return HungUp()
            if happening is Happening.TIME and self._talking:
                self._talking = False
            elif happening is not Happening.EVENT:
                break
            await _control(self._line, self._id, "pause" if self._talking else "unpause")
        await _stop(self._line, self._id)
        if happening is Happening.LOST:
            raise Lost
        if happening is Happening.TIME:
            self.unheard.append(self._playlist.media[min(self._medium, len(self._playlist.media) - 1)])
        return Failed("the playback did not end in time") if happening is Happening.TIME else Finished()

    def _noticed(self, event: Event) -> bool:
        if event.playback_id == self._id:
            if event.type == "PlaybackContinuing":  # one medium has ended, and the next begins
                self._medium_over(event)
                self._line.tell(self._playlist.begin_next())
            elif event.type == "PlaybackFinished":
                self._state = event.playback_state or "done"
                self._medium_over(event)
        elif self._pausing and event.type in TALK_EVENTS and event.channel_id == self._line.channel.id:
            self._talking = self._line.talk_detection.talking
            return True
        return bool(self._state)

    def _medium_over(self, event: Event) -> None:
        """Asterisk passes over what it cannot play, and tells nothing of it but that it was over at once.

        By the clock of this process the first one can only seem longer than it was; the others by Asterisk's own.
        """
        told = event.moment
        if self._state == "failed" or (told and self._was_passed_over(told)):
            self.unheard.append(self._playlist.media[min(self._medium, len(self._playlist.media) - 1)])
        self._medium += 1
        self._last_told = told

    def _was_passed_over(self, told: float) -> bool:
        if self._medium >= len(self._playlist.lengths):
            return False
        lasted = told - self._last_told if self._last_told else asyncio.get_running_loop().time() - self._began
        return lasted < self._playlist.lengths[self._medium] / 2 - PASSED_OVER_SECONDS

    def _played(self) -> Outcome:
        if self._state == "failed":
            return Failed("Asterisk could not play it")
        while self._playlist.is_left:
            self._line.tell(self._playlist.begin_next())
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
