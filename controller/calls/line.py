"""The line: a call's channel as an effect sees it. Waits for things to happen and lets the engine judge each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from typing import Literal

import structlog

from controller.asterisk.ari.channels import Channel
from controller.asterisk.ari.client import AriClient
from controller.asterisk.ari.events import CONNECTION_LOST, CONNECTION_RESTORED, ChannelEvents, Event
from controller.errors import AsteriskError, AsteriskNotFound, AsteriskUnreachable
from controller.script.engine import Engine
from controller.script.outcomes import DigitPressed, Observation, Reaction

log = structlog.get_logger()

# What has no limit of its own ends with the call, at the session's limit.
LONGEST_WAIT_SECONDS = 3600.0

HANG_UP_EVENTS = frozenset({"ChannelHangupRequest", "StasisEnd", "ChannelDestroyed"})

# Put into a call's events to end it from outside: its time is up, or somebody cancels it.
ENDED_FROM_OUTSIDE = "RingpostEnd"


class Happening(Enum):
    """Why a wait ended."""

    TIME = auto()
    EVENT = auto()
    STOPPED = auto()
    HUNG_UP = auto()
    LOST = auto()


class Line:
    """One channel, its events in order, and the engine that is told of what the other side does."""

    def __init__(
        self,
        ari: AriClient,
        channel: Channel,
        events: ChannelEvents,
        engine: Engine,
        *,
        queue_id: int,
        caller: str,
        on_observation: Callable[[], None],
    ) -> None:
        self.ari = ari
        self.channel = channel
        self.events = events
        self.engine = engine
        self.caller = caller
        self.hung_up = False
        self.transfer: Literal["", "ringing", "bridged"] = ""
        self.hangup_cause = 0
        self.ended_from_outside = ""
        self.queue_id = queue_id
        self._playbacks = 0
        self._on_observation = on_observation

    def playback_id(self) -> str:
        """An id for the next playback: one of two in turn, so that whoever drives the call later can stop both."""
        self._playbacks += 1
        return self.fixed_id(f"play-{self._playbacks % 2}")

    async def silence(self) -> None:
        """Stop what an earlier driver, or the same one before a lost connection, may have left playing."""
        for number in range(2):
            with suppress(AsteriskNotFound):
                await self.ari.playbacks.stop(self.fixed_id(f"play-{number}"))

    def fixed_id(self, kind: str) -> str:
        """An id that is the same whoever drives the call: of what outlives a controller and is rejoined."""
        return f"ringpost-{self.queue_id}-{kind}"

    def observe(self, observation: Observation) -> Reaction:
        """Tell the engine what was noticed, and have it written to the trace."""
        reaction = self.engine.observe(observation)
        self._on_observation()
        return reaction

    async def wait(
        self, seconds: float | None, *, until: Callable[[Event], bool] | None = None, judged: bool = True
    ) -> Happening:
        """Wait for `until(event)`, for the engine's STOP, for a hang-up, or for the time.

        seconds: at most so long (None: no limit); starts again when the engine says so.
        judged: False lets digits be noted without ending the wait (nothing would be stopped by them).
        """
        if self.hung_up:
            return Happening.HUNG_UP
        loop = asyncio.get_running_loop()
        deadline = None if seconds is None else loop.time() + seconds
        while True:
            left = None if deadline is None else deadline - loop.time()
            event = await self.events.get(LONGEST_WAIT_SECONDS if left is None else left)
            if event is None:
                return Happening.TIME
            if event.type == "ChannelDtmfReceived":
                reaction = self.observe(DigitPressed(event.digit))
                if reaction is Reaction.STOP and judged:
                    return Happening.STOPPED
                if reaction is Reaction.RESTART_TIMER and seconds is not None:
                    deadline = loop.time() + seconds
            elif event.type == CONNECTION_LOST:
                return Happening.LOST
            elif event.type == ENDED_FROM_OUTSIDE:
                self.ended_from_outside = str(event.data["reason"])
                self.hung_up = True
                return Happening.HUNG_UP
            elif event.type in HANG_UP_EVENTS and event.channel_id == self.channel.id:
                self.hung_up = True
                self.hangup_cause = event.cause
                return Happening.HUNG_UP
            if until is not None and until(event):
                return Happening.EVENT

    async def until_destroyed(self) -> None:
        """Wait for the end of a channel that has left Stasis for the dialplan; the session's own limit bounds it."""
        while True:
            event = await self.events.get(LONGEST_WAIT_SECONDS)
            if event is None or (event.type == "ChannelDestroyed" and event.channel_id == self.channel.id):
                self.hung_up = True
                return

    async def restored(self, seconds: float) -> None:
        """After LOST: wait until Asterisk can be asked again, passing over what the old connection still told.

        Raises AsteriskUnreachable when that takes longer than `seconds`. A hang-up is noticed at the next wait.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while True:
            event = await self.events.get(deadline - loop.time())
            if event is None:
                raise AsteriskUnreachable
            if event.type == CONNECTION_RESTORED:
                return
            own = event.channel_id == self.channel.id
            if event.type == ENDED_FROM_OUTSIDE or (own and event.type in HANG_UP_EVENTS):
                self.hung_up = True

    async def hang_up(self, cause: int = 16) -> None:
        """Hang up with this Q.850 cause; a channel that is gone already is fine."""
        try:
            await self.channel.hangup(reason_code=cause)
        except AsteriskNotFound:
            pass
        except AsteriskError as error:
            log.warning("hang-up not confirmed", reason=str(error))
