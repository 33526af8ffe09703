"""Answer detection: what has answered an outgoing call, a human, a machine or a fax; or a ringing tone heard since.

The line is listened to, and an `AnswerJudge` says what that means. Where it cannot be listened to, Asterisk's own
detections have to do. Humans and machines are told apart then by how long they talk first, as its AMD() does: whoever
talks longer than `GREETING_SECONDS` without a pause of `PAUSE_MS` is a machine. A fax is known by its answering tone
(2,100 Hz; ITU-T V.25), which Asterisk hears; and it hears a ringing tone, which it tells as one more RINGING of the
call's dialling.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from controller.asterisk.ari.channels import Channel
from controller.asterisk.ari.events import Event
from controller.calls.line.answer_judge import AnswerJudge, DetectionSettings
from controller.calls.line.heard_sound import HeardSound
from controller.calls.line.listener import LineListener
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

# A person who was recognised is listened to for so long: a beep, a ringing tone or a long speech may follow.
WATCHING_SECONDS = 8.0

# Put into the call's events when something is recognised, or time decides.
DECIDED = "RingpostDetected"
# Put there when a greeting is over and somebody waits for that.
GREETING_OVER = "RingpostGreetingOver"
_OVER = ""


class AnswerDetection:
    """Listens from the answer on, and says of each event of the call what it makes recognised.

    `put` takes events into the call's own, in their order: those of the detection's clock. What Asterisk does for the
    detection it stops doing at the next `settle`: while it plays, it would wait with that for the end.
    """

    def __init__(
        self,
        channel: Channel,
        talk_detection: TalkDetection,
        put: Callable[[Event], None],
        listener: LineListener | None = None,
        settings: DetectionSettings | None = None,
    ) -> None:
        self.evidence = ""
        """By what the last thing was recognised, for the trace."""
        self._listener = listener
        self._settings = settings or DetectionSettings()
        self._judge: AnswerJudge | None = None
        self._human_since = 0.0
        self._quiet: float | None = None
        self._ending: asyncio.Task[None] | None = None
        self._channel = channel
        self._talk_detection = talk_detection
        self._put = put
        self._listens = False
        self._set_up = False
        self._ringing_tone = False
        self._timers: dict[str, asyncio.TimerHandle] = {}

    async def begin(self) -> None:
        """Listen, from the answer on. A call where that cannot be had goes on without."""
        if self._listener and await self._listener.begin(self._heard):
            self._judge = AnswerJudge(self._settings)
            self._listens = True
            self._later("over", LISTENING_SECONDS, _OVER)
            return
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
        """What is recognised with this event: HUMAN, MACHINE, FAX, RING, UNKNOWN; or empty. See `evidence`."""
        if not self._listens:
            return ""
        if self._judge:
            return self._judged(event)
        found = self._by_asterisk(event)
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
        if self._judge and self._listener and self._ending is None:
            self._ending = asyncio.get_running_loop().create_task(self._listener.end(self._heard))

    @property
    def judges(self) -> bool:
        """Whether it can tell when a greeting is over."""
        return self._listens and self._judge is not None

    @contextmanager
    def awaiting(self, quiet: float) -> Iterator[None]:
        """Have GREETING_OVER put into the call's events, once or more, when what is said now would be heard.

        quiet: the silence, in seconds, that tells so of a person.
        """
        self._quiet = quiet
        try:
            yield
        finally:
            self._quiet = None

    def _heard(self, sound: HeardSound) -> None:
        judge = self._judge
        if judge is None or not self._listens:
            return
        for found in judge.judge(sound):
            self._put(self._event(found.what, found.evidence))
            self._human_since = sound.seconds
        if self._quiet is None:
            if judge.what == "HUMAN" and sound.seconds - self._human_since > WATCHING_SECONDS:
                self._put(self._event(_OVER))
        elif judge.may_speak(sound, self._quiet):
            self._put(Event(GREETING_OVER, {"channel": {"id": self._channel.id}}))

    def _judged(self, event: Event) -> str:
        """What the judge has recognised. The listening goes on: a machine's greeting has to be waited out."""
        if event.type != DECIDED:
            return ""
        what = str(event.data["what"])
        if what == _OVER and self._quiet is not None:
            self._later("over", LISTENING_SECONDS, _OVER)
        elif what in (_OVER, "FAX"):
            self._stop()
        self.evidence = str(event.data.get("evidence", ""))
        return what

    def _by_asterisk(self, event: Event) -> str:
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
        self._timers[name] = asyncio.get_running_loop().call_later(seconds, self._put, self._event(what))

    def _event(self, what: str, evidence: str = "") -> Event:
        return Event(DECIDED, {"channel": {"id": self._channel.id}, "what": what, "evidence": evidence})

    def _cancel(self, name: str) -> None:
        if timer := self._timers.pop(name, None):
            timer.cancel()
