"""Talk detection: whether the other side talks, on one channel; shared by all who need it.

The line is listened to (`LineListener`). Where that cannot be had, Asterisk's own detection has to do, for which a line
without packets is not silent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog

from controller.asterisk.ari.channels import Channel
from controller.asterisk.ari.events import Event
from controller.calls.line.heard_sound import HeardSound, HeardTone, Word
from controller.calls.line.listener import LineListener
from controller.errors import AsteriskError, AsteriskNotFound, AsteriskTimeout

log = structlog.get_logger()

TALK_EVENTS = ("ChannelTalkingStarted", "ChannelTalkingFinished")
SHORTEST_SILENCE_MS = 100


class TalkDetection:
    """Whether the other side talks, as far as somebody wants to know.

    The beginning of talk is told at once, and its end when it has been silent for so long as was wanted. There is one
    detection a channel: of several wishes the shortest silence counts. `put` takes the events into the call's own.

    silent_since: since when it has been silent, on the event loop's clock; it counts while nobody talks.
    """

    def __init__(
        self, channel: Channel, listener: LineListener | None = None, put: Callable[[Event], None] | None = None
    ) -> None:
        self.talking = False
        self.silent_since = 0.0
        self._channel = channel
        self._listener = listener
        self._put = put
        self._wishes: list[int] = []
        self._set_to = 0
        self._listens = False
        self._heard_from = 0.0  # what was heard before is nobody's business
        self._talk_told = False

    def notice(self, event: Event) -> None:
        """Take notice of an event of the channel."""
        if event.type == TALK_EVENTS[0]:
            self.talking = True
        elif event.type == TALK_EVENTS[1]:
            self.talking = False
            self.silent_since = asyncio.get_running_loop().time() - self._set_to / 1000

    def interrupted(self) -> None:
        """What the other side does was not told for a while."""
        self.talking = False
        self.silent_since = asyncio.get_running_loop().time()

    async def begin(self, silence_ms: int) -> None:
        """Have talk told from now on; it has ended after so much silence. Raises AsteriskError."""
        wanted = max(SHORTEST_SILENCE_MS, silence_ms)
        self._wishes.append(wanted)
        if len(self._wishes) > 1 and (wanted >= self._set_to or self._listens):
            self._set_to = min(self._wishes)
            return
        if await self._listen(wanted):
            return
        try:
            await self._set(wanted)
        except AsteriskTimeout:
            await self.end(silence_ms)  # it may have been set all the same
            raise
        except AsteriskError:
            self._wishes.remove(wanted)
            raise

    async def end(self, silence_ms: int) -> None:
        """Take a wish back; Asterisk may be gone, or the channel: the detection ends with it at the latest."""
        wanted = max(SHORTEST_SILENCE_MS, silence_ms)
        if wanted not in self._wishes:
            return
        self._wishes.remove(wanted)
        if self._listens and self._listener:
            self._set_to = min(self._wishes, default=0)
            if not self._wishes:
                self._listens = self.talking = False
                await self._listener.end(self._heard)
            return
        try:
            if not self._wishes:
                self.talking = False
                await self._channel.set_variable("TALK_DETECT(remove)", "")
            elif min(self._wishes) != self._set_to:
                await self._set(min(self._wishes))
        except AsteriskNotFound:
            pass  # the call is over
        except AsteriskError as error:
            log.info("the detection of talk was not ended", reason=str(error))

    @asynccontextmanager
    async def wanted(self, silence_ms: int) -> AsyncIterator[None]:
        """Have talk told as long as the context lasts. Raises AsteriskError.

        A call that is cancelled is about to be hung up, or handed over to who wants to hear of talk again: there the
        detection is left as it is.
        """
        await self.begin(silence_ms)
        cancelled = False
        try:
            yield
        except asyncio.CancelledError:
            cancelled = True
            raise
        finally:
            if not cancelled:
                await self.end(silence_ms)

    @asynccontextmanager
    async def listening(self, silence_ms: int) -> AsyncIterator[bool]:
        """The same as `wanted` while Asterisk does something for the channel, and would wait with its own detection for
        the end of that: whether talk is told.
        """
        wanted = max(SHORTEST_SILENCE_MS, silence_ms)
        if self._wishes or not await self._listen(wanted):
            yield False
            return
        self._wishes.append(wanted)
        try:
            yield True
        finally:
            await self.end(silence_ms)

    async def _listen(self, silence_ms: int) -> bool:
        if self._listener is None or self._put is None or not await self._listener.begin(self._heard):
            return False
        self._listens, self._set_to = True, silence_ms
        self._talk_told, self._heard_from = False, self._listener.sound.seconds
        return True

    def _heard(self, sound: HeardSound) -> None:
        """Put into the call's events what has changed."""
        # A tone is no word, but no silence either: who waits for silence does not speak into it.
        sounds: list[Word | HeardTone] = [*sound.words(), *sound.tones()]
        heard = [each for each in sounds if each.end > self._heard_from]
        begun = min((each.start for each in heard), default=0.0)
        ended = max((each.end for each in heard), default=0.0)
        silent = not heard or sound.seconds - ended >= self._set_to / 1000
        if not self._talk_told and not silent:
            self._talk_told = True
            self._tell(TALK_EVENTS[0], 0.0)
        elif self._talk_told and silent:
            self._talk_told = False
            self._tell(TALK_EVENTS[1], ended - max(begun, self._heard_from) if heard else 0.0)
            self._heard_from = sound.seconds

    def _tell(self, event_type: str, seconds: float) -> None:
        assert self._put is not None
        channel = {"id": self._channel.id}
        self._put(Event(event_type, {"channel": channel, "duration": round(seconds * 1000)}))

    async def _set(self, silence_ms: int) -> None:
        # TALK_DETECT(set)=<ms of silence after which talk has ended>
        await self._channel.set_variable("TALK_DETECT(set)", str(silence_ms))
        self._set_to = silence_ms
