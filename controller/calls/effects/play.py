"""Playing prompts on a line: speech, sounds, silence and the beep. Each is told when it begins to be heard."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import nullcontext
from typing import Literal

import structlog

from controller.asterisk.ari.events import Event
from controller.calls.call_prompts import CallPrompts
from controller.calls.effects.playlist import Playlist, PlaylistMaker
from controller.calls.effects.sound_sent import sound_sent
from controller.calls.line.line import Happening, Line, Lost
from controller.calls.line.talk_detection import TALK_EVENTS
from controller.calls.playback_health import PlaybackHealth
from controller.errors import AsteriskError, AsteriskNotFound
from controller.script.effects import Play
from controller.script.outcomes import Failed, Finished, HungUp, Outcome

log = structlog.get_logger()

# How much longer than its prompts a playback may take before it is given up: fetching a new prompt from the media
# address can take a while, and somebody who talks can hold it (SoundPausing).
PATIENCE_SECONDS = 15.0
PAUSED_AT_MOST_SECONDS = 30.0
# What ended so much sooner than half of its length was not played.
PASSED_OVER_SECONDS = 0.1
# After so much silence the other side has stopped talking (SoundPausing); a breath is shorter.
BREATH_MS = 1000
# The one that is heard, and the next, which Asterisk begins without a gap (see `PLAYBACK_IDS`).
IN_ASTERISK = 2
# Put into a call's events when the next prompts of its Play can be heard, or nothing is left to make.
PROMPTS_MADE = "RingpostPromptsMade"


async def play(line: Line, effect: Play, prompts: CallPrompts, health: PlaybackHealth) -> Outcome:
    """Play the effect's prompts. Prompts that cannot be made are left out, and the rest is played. What is ready begins
    at once, and the rest is made meanwhile.

    Gives Finished (also when the engine stopped it) with what was not heard, Failed when nothing was to be heard, or
    nothing of a Play that is confirmed went out, or HungUp. What could not be heard is in the log, and counted. Raises
    Lost, AsteriskError.
    """
    prompts.carried(wide=await line.is_wide())
    maker = PlaylistMaker(line, effect.prompts, prompts)
    playlist = await maker.next(on_a_silent_line=True)
    if not playlist.media:
        _count_missing(line, playlist, health)
        line.tell(playlist.begin_next())
        # What takes no time is no progress: without this, a script could play nothing for ever.
        return Failed("; ".join(playlist.missing) or "there is nothing to be heard")
    playing = _Playing(line, maker, playlist, health, pausing=effect.pausing)
    async with line.talk_detection.wanted(BREATH_MS) if effect.pausing else nullcontext():
        if effect.confirm_after:
            async with sound_sent(line, effect.confirm_after) as sent:
                outcome = await sent.judge(await playing.heard())
        else:
            outcome = await playing.heard()
    return Finished("; ".join(playing.missing)) if isinstance(outcome, Finished) else outcome


def _count_missing(line: Line, playlist: Playlist, health: PlaybackHealth) -> None:
    if playlist.missing:
        line.unheard += len(playlist.missing)
        health.unheard(len(playlist.missing))


class _Playback:
    """One playback in Asterisk, and which of its media is heard."""

    def __init__(self, playback_id: str, playlist: Playlist) -> None:
        self.id = playback_id
        self.playlist = playlist
        self._medium = 0
        self._began = asyncio.get_running_loop().time()
        self._last_told = 0.0

    @property
    def medium(self) -> str:
        """The medium that is heard, or was last."""
        return self.playlist.media[min(self._medium, len(self.playlist.media) - 1)]

    def begins_after(self, told: float) -> None:
        """It waited behind another one, which ended at this moment of Asterisk's clock."""
        self._last_told = told

    def medium_over(self, event: Event, *, failed: bool) -> str:
        """A medium is over; gives it if it was not heard.

        Asterisk passes over what it cannot play, and tells nothing of it but that it was over at once. By the clock of
        this process the first one can only seem longer than it was; the others by Asterisk's own.
        """
        told = event.moment
        unheard = self.medium if failed or (told and self._was_passed_over(told)) else ""
        self._medium += 1
        self._last_told = told
        return unheard

    def _was_passed_over(self, told: float) -> bool:
        if self._medium >= len(self.playlist.lengths):
            return False
        lasted = told - self._last_told if self._last_told else asyncio.get_running_loop().time() - self._began
        return lasted < self.playlist.lengths[self._medium] / 2 - PASSED_OVER_SECONDS


class _Playing:
    """A Play under way: playbacks that follow each other, what is told of them, and the pauses that talk makes."""

    def __init__(
        self, line: Line, maker: PlaylistMaker, first: Playlist, health: PlaybackHealth, *, pausing: bool
    ) -> None:
        self._line = line
        self._maker = maker
        self._health = health
        self._pausing = pausing
        self._talking = pausing and line.talk_detection.talking
        self._control_is_due = False
        self._made = deque([first])
        self._playbacks: deque[_Playback] = deque()
        self._state = ""  # how the last playback ended
        self._unheard: list[str] = []
        self.missing: list[str] = []
        """Why some of it was not heard."""

    async def heard(self) -> Outcome:
        """Play to the end, or until the engine stops it. Raises Lost, AsteriskError."""
        making = None if self._maker.is_done else asyncio.create_task(self._make_rest(), name="prompts of a Play")
        try:
            outcome = await self._over(making)
        finally:
            if making is not None:
                making.cancel()
                await asyncio.gather(making, return_exceptions=True)
        if self._unheard:
            log.error("Asterisk did not play a prompt", media=self._unheard)
            self._line.unheard += len(self._unheard)
            self._health.unheard(len(self._unheard))
            if isinstance(outcome, Finished):
                self.missing.append("Asterisk could not play it")
        elif isinstance(outcome, Finished):
            self._line.heard += 1
            self._health.heard()
        return outcome

    async def _make_rest(self) -> None:
        try:
            while not self._maker.is_done:
                self._made.append(await self._maker.next(on_a_silent_line=False))
                self._line.events.put(Event(PROMPTS_MADE, {}))
        finally:
            self._line.events.put(Event(PROMPTS_MADE, {}))

    async def _over(self, making: asyncio.Task[None] | None) -> Outcome:
        """Wait for the end, or end it when the engine says so. Raises Lost."""
        while True:
            is_made = making is None or making.done()
            await self._hand_on()
            if not self._playbacks:
                if is_made:
                    if making is not None:
                        making.result()  # a mistake of ours is not passed over
                    return Failed("Asterisk could not play it") if self._state == "failed" else Finished()
                await self._line.send_silence()
            if self._control_is_due and self._playbacks:
                await _control(self._line, self._playbacks[0].id, "pause" if self._talking else "unpause")
            self._control_is_due = False
            happening = await self._line.wait(self._patience(), until=self._noticed)
            if happening is Happening.HUNG_UP:
                return HungUp()
            if happening is Happening.TIME and self._talking:
                self._talking = False
                self._control_is_due = True
            elif happening is not Happening.EVENT:
                break
        for playback in reversed(self._playbacks):
            await _stop(self._line, playback.id)
        if happening is Happening.LOST:
            raise Lost
        if happening is Happening.TIME:
            self._unheard.append(self._playbacks[0].medium)
        return Failed("the playback did not end in time") if happening is Happening.TIME else Finished()

    async def _hand_on(self) -> None:
        """Give Asterisk what is made, as far as there is room."""
        while self._made and len(self._playbacks) < IN_ASTERISK:
            playlist = self._made.popleft()
            _count_missing(self._line, playlist, self._health)
            self.missing += playlist.missing
            if not playlist.media:
                self._line.tell(playlist.begin_next())
                continue
            playback = _Playback(self._line.playback_id(), playlist)
            await self._line.channel.play(playlist.media, playback_id=playback.id)
            self._playbacks.append(playback)
            if len(self._playbacks) == 1:
                self._line.tell(playlist.begin_next())
                self._control_is_due = self._talking

    def _patience(self) -> float | None:
        if not self._playbacks:
            return None  # what makes the prompts has limits of its own
        seconds = sum(playback.playlist.seconds for playback in self._playbacks)
        return seconds + (PAUSED_AT_MOST_SECONDS if self._talking else PATIENCE_SECONDS)

    def _noticed(self, event: Event) -> bool:
        """Whether an event changes what has to be done."""
        if event.type == PROMPTS_MADE:
            return True
        if event.type in ("PlaybackContinuing", "PlaybackFinished"):
            for playback in self._playbacks:
                if playback.id == event.playback_id:
                    return self._went_on(playback, event)
        elif self._pausing and event.type in TALK_EVENTS and event.channel_id == self._line.channel.id:
            self._talking = self._line.talk_detection.talking
            self._control_is_due = True
            return True
        return False

    def _went_on(self, playback: _Playback, event: Event) -> bool:
        """The next medium of a playback begins, or it has ended; gives whether it has."""
        ended = event.type == "PlaybackFinished"
        state = (event.playback_state or "done") if ended else ""
        if unheard := playback.medium_over(event, failed=state == "failed"):
            self._unheard.append(unheard)
        if not ended:
            self._line.tell(playback.playlist.begin_next())
            return False
        self._state = state
        while playback.playlist.is_left and state != "failed":
            self._line.tell(playback.playlist.begin_next())
        was_heard = playback is self._playbacks[0]
        self._playbacks.remove(playback)
        if was_heard and self._playbacks:
            self._playbacks[0].begins_after(event.moment)
            self._line.tell(self._playbacks[0].playlist.begin_next())
            self._control_is_due = self._talking
        return True


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
