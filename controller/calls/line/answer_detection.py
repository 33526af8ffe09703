"""Answer detection: what has answered an outgoing call, a human, a machine or a fax; or a ringing tone heard since.

Humans and machines are told apart by how long they talk first, as Asterisk's own AMD() does: whoever talks
longer than `GREETING_SECONDS` without a pause of `PAUSE_MS` is a machine. A fax is known by its answering tone
(2,100 Hz; ITU-T V.25), which Asterisk hears; and it hears a ringing tone, which it tells as one more RINGING of the
call's dialling.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from controller.asterisk.ari.channels import Channel
from controller.asterisk.ari.events import Event
from controller.calls.line.talk_detection import TalkDetection
from controller.errors import AsteriskError, AsteriskNotFound

log = structlog.get_logger()

GREETING_SECONDS = 1.5
PAUSE_MS = 800
# Nobody says anything for so long: neither is known.
SILENT_SECONDS = 5.0
# Faxes and ringing tones are listened for so long; what comes later belongs to the conversation.
LISTENING_SECONDS = 30.0
_FAX_TONE = "TONE_DETECT(2100,300,rp)"
_NO_TONE = "TONE_DETECT(0,,x)"

# Put into the call's events when time decides.
DECIDED = "RingpostDetected"
_OVER = ""


class AnswerDetection:
    """Listens from the answer on, and says of each event of the call what it makes recognised.

    `put` takes events into the call's own, in their order: those of the detection's clock. What Asterisk does for the
    detection it stops doing at the next `settle`: while it plays, it would wait with that for the end.
    """

    def __init__(self, channel: Channel, talk_detection: TalkDetection, put: Callable[[Event], None]) -> None:
        self._channel = channel
        self._talk_detection = talk_detection
        self._put = put
        self._listens = False
        self._set_up = False
        self._ringing_tone = False
        self._timers: dict[str, asyncio.TimerHandle] = {}

    async def begin(self) -> None:
        """Listen, from the answer on. A call where that cannot be had goes on without."""
        self._set_up = True
        setting_up = (self._talk_detection.begin(PAUSE_MS), self._channel.set_variable(_FAX_TONE, ""))
        for result in await asyncio.gather(*setting_up, return_exceptions=True):
            if isinstance(result, AsteriskError):
                log.warning("what answers is not detected", reason=str(result))
                return
            if isinstance(result, BaseException):
                raise result
        self._listens = True
        self._later("silent", SILENT_SECONDS, "UNKNOWN")
        self._later("over", LISTENING_SECONDS, _OVER)

    def notice(self, event: Event) -> str:
        """What is recognised with this event: HUMAN, MACHINE, FAX, RING, UNKNOWN; or empty."""
        if not self._listens:
            return ""
        found = self._judge(event)
        over = event.type == DECIDED and event.data["what"] == _OVER
        if over or found in ("HUMAN", "MACHINE", "FAX"):
            self._stop()
        return found

    async def settle(self) -> None:
        """Between two effects: end what Asterisk does for a detection that is over."""
        if self._listens or not self._set_up:
            return
        self._set_up = False
        await self._talk_detection.end(PAUSE_MS)
        try:
            await self._channel.set_variable(_NO_TONE, "")
        except AsteriskNotFound:
            pass  # the call is over
        except AsteriskError as error:
            log.info("the detection of tones was not ended", reason=str(error))

    def interrupted(self) -> None:
        """What the other side does was not told for a while: how long it has been talking is not known."""
        self._cancel("talking")

    def close(self) -> None:
        """The call is over."""
        self._stop()

    def _stop(self) -> None:
        self._listens = False
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _judge(self, event: Event) -> str:
        if event.type == "ChannelToneDetected":
            return "FAX"
        if event.type == "Dial" and event.dial_status == "RINGING":
            self._ringing_tone = True  # what is heard now is no talk
            self._cancel("talking")
            return "RING"
        if event.type == "ChannelTalkingStarted":
            self._cancel("silent")
            self._later("talking", GREETING_SECONDS + PAUSE_MS / 1000, "MACHINE")
        elif event.type == "ChannelTalkingFinished":
            self._cancel("talking")
            self._later("silent", SILENT_SECONDS, "UNKNOWN")
            was_tone, self._ringing_tone = self._ringing_tone, False
            if not was_tone:
                return "MACHINE" if event.duration_ms > GREETING_SECONDS * 1000 else "HUMAN"
        elif event.type == DECIDED:
            return str(event.data["what"])
        return ""

    def _later(self, name: str, seconds: float, what: str) -> None:
        self._cancel(name)
        loop = asyncio.get_running_loop()
        event = Event(DECIDED, {"channel": {"id": self._channel.id}, "what": what})
        self._timers[name] = loop.call_later(seconds, self._put, event)

    def _cancel(self, name: str) -> None:
        if timer := self._timers.pop(name, None):
            timer.cancel()
