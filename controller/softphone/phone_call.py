"""One call of the softphone: what it went through, and what can be done with it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy.typing as npt

from controller.errors import CallRefused, SoftphoneError
from controller.softphone.call_audio import Audio
from controller.softphone.dtmf import HeardKey, tones_in
from controller.softphone.rtp_media import MediaClock, MediaStream
from controller.softphone.sip import SipMessage
from controller.softphone.sipp import SippProcess

# A BYE or CANCEL that nobody answers is repeated by SIPp for so long.
HANG_UP_SECONDS = 10.0
# How long to wait for the other side when nobody says how long: a busy machine takes its time.
PATIENCE_SECONDS = 30.0
OBEY_SECONDS = 0.2
ABANDON_SECONDS = 2.0
ABANDON_SILENT_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class CallEvent:
    """Something that happened, `at` seconds after the call began.

    `kind` is one of calling, progress, ringing, answered, pressed, key (the far side pressed one), media (the far side
    moved its audio), ended; `detail` is the SIP status, the keys, or who hung up.
    """

    at: float
    kind: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended: `by` us (hung up, cancelled), them (hung up), refused (before the answer) or lost (no answer).

    `status` is the last SIP status before an answer (486 …; 200 once answered), `cause` the far side's Q.850 cause.
    """

    by: Literal["us", "them", "refused", "lost"]
    status: int
    phrase: str
    cause: int | None
    message: SipMessage = field(repr=False, default_factory=SipMessage)


class PhoneCall:
    """A call that the softphone made or got. Times are seconds since it began."""

    def __init__(
        self,
        call_id: str,
        sipp: SippProcess,
        clock: MediaClock,
        host: str,
        *,
        silent: bool = False,
        deaf: bool = False,
        on_event: Callable[[CallEvent], None] | None = None,
    ) -> None:
        self.id = call_id
        self.status: int | None = None
        self.ending: Ending | None = None
        self.events: list[CallEvent] = []
        self.messages: list[SipMessage] = []
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._sipp = sipp
        self._clock = clock
        self._on_event = on_event
        self._stream = MediaStream(host, silent=silent, deaf=deaf, on_key=self._key_heard)
        self._ringing: asyncio.Future[None] = self._loop.create_future()
        self._answered: asyncio.Future[None] = self._loop.create_future()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._hung_up = False
        # Set while SIPp waits in this call: between two waits it would drop a call that is told something.
        self._commandable = asyncio.Event()
        self._obeyed: asyncio.Future[None] = self._loop.create_future()
        sipp.attach(call_id, self._received)

    # What happened

    @property
    def now(self) -> float:
        """Seconds since the call began."""
        return self._loop.time() - self._began

    @property
    def is_answered(self) -> bool:
        return self._answered.done()

    @property
    def is_ended(self) -> bool:
        return self.ending is not None

    @property
    def media_port(self) -> int:
        return self._stream.port

    def at(self, kind: str) -> float | None:
        """When the first event of this kind was; None when it has not been."""
        return next((event.at for event in self.events if event.kind == kind), None)

    async def ringing(self, timeout: float = PATIENCE_SECONDS) -> None:
        """Wait until the far side rings (or has answered). CallRefused, or SoftphoneError after `timeout` seconds."""
        await self._reach(self._ringing, timeout, "did not ring")

    async def answered(self, timeout: float = PATIENCE_SECONDS) -> None:
        """Wait until the far side has answered. CallRefused, or SoftphoneError after `timeout` seconds."""
        await self._reach(self._answered, timeout, "was not answered")

    async def ended(self, timeout: float = PATIENCE_SECONDS) -> Ending:
        """Wait for the end of the call, whoever ends it. SoftphoneError when it is still up after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await asyncio.shield(self._ended)
        except TimeoutError:
            raise SoftphoneError(f"the call is still up after {timeout:g} s") from None
        assert self.ending is not None
        return self.ending

    # What can be done

    def begin(self, number: str, caller: str, login: Mapping[str, str]) -> None:
        """Send the INVITE; `login` has the User and Password for a server that asks."""
        self._happened("calling", number)
        self._sipp.tell(self.id, {"Number": number, "Caller": caller, "Media-Port": self.media_port, **login})

    async def press(self, keys: str, tone_ms: int = 100, gap_ms: int = 80) -> None:
        """Press 0-9, *, # and A-D, one after the other; returns when the last is let go. SoftphoneError otherwise."""
        if not self.is_answered:
            raise SoftphoneError("keys can be pressed once the call is answered")
        self._happened("pressed", keys)
        await self._stream.press(keys, tone_seconds=tone_ms / 1000, gap_seconds=gap_ms / 1000)

    async def play(self, samples: npt.ArrayLike) -> None:
        """Speak 16-bit samples at 8 kHz into the call; returns when they are out."""
        await self._stream.play(samples)

    def suppress_silence(self) -> None:
        """Send no packets from now on while there is nothing to be heard."""
        self._stream.suppress_silence()

    def stop_playing(self) -> None:
        self._stream.stop_playing()

    async def hang_up(self, timeout: float = HANG_UP_SECONDS) -> Ending:
        """Hang up, or give up the attempt when nobody has answered yet. Nothing more happens when the call is over."""
        if not self.is_ended and not self._hung_up:
            self._hung_up = True
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await self._tell_hang_up()
        return await self.ended(timeout)

    async def _tell_hang_up(self) -> None:
        """SIPp loses a command that comes while the call leaves a wait: it is repeated until it is obeyed."""
        while not self._obeyed.done() and self.ending is None:
            await self._commandable.wait()
            if self.ending is None:
                self._sipp.tell(self.id, {"Do": "hangup"})
                await asyncio.wait(
                    {self._obeyed, self._ended}, timeout=OBEY_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )

    # What was heard

    @property
    def audio(self) -> Audio:
        """All that was heard so far, in its place in time."""
        heard = self._stream.audio()
        return Audio(heard.samples, heard.started - self._began if len(heard.samples) else 0.0)

    @property
    def keys(self) -> tuple[HeardKey, ...]:
        """The keys that the far side pressed, by RFC 4733 events."""
        return tuple(HeardKey(key.key, key.at - self._began, key.seconds) for key in self._stream.keys)

    @property
    def key_tones(self) -> list[HeardKey]:
        """The keys that the far side pressed, as tones in the audio."""
        return tones_in(self.audio)

    async def more_audio(self, timeout: float = 5.0) -> bool:
        """Wait for the next packet of audio; False when none comes in `timeout` seconds, or the call is over."""
        return await self._stream.more(timeout)

    # What SIPp tells

    def _received(self, event: str, text: str) -> None:
        if event == "lost":
            self._lost(text)
            return
        message = SipMessage.parse(text)
        if event == "obeying":
            if not self._obeyed.done():
                self._obeyed.set_result(None)
            return
        self.messages.append(message)
        if event in {"answering", "renewing", "closing", "cancelled"}:
            self._commandable.clear()
        else:
            self._commandable.set()
        if event == "progress":
            self._progress(message)
        elif event == "answered":
            self._connected(message)
        elif event == "renewed":
            self._renewed(message)
        elif event == "rung":
            self._rung()
        elif event == "cancelled":
            self.status = 487
        elif event == "ended":
            self._over(message)

    def _lost(self, reason: str) -> None:
        if "unexpected BYE" in reason:
            # It came with the answer, before SIPp waited for it; SIPp itself has confirmed it.
            self._end(Ending("them", 200, "", None))
        else:
            self._end(Ending("lost", self.status or 0, reason, None))

    def _progress(self, message: SipMessage) -> None:
        self.status = message.status
        if message.media is not None:
            self._send_to(message.media)
        if message.status == 180:
            self._rung()
        else:
            self._happened("progress", f"{message.status} {message.phrase}")

    def _rung(self) -> None:
        if not self._ringing.done():
            self._ringing.set_result(None)
            self._happened("ringing")

    def _renewed(self, message: SipMessage) -> None:
        if message.media is not None:
            self._send_to(message.media)
        self._happened("media")

    def _connected(self, message: SipMessage) -> None:
        if message.media is not None:
            self._send_to(message.media)
        self.status = 200
        self._clock.add(self._stream)
        for reached in (self._ringing, self._answered):
            if not reached.done():
                reached.set_result(None)
        self._happened("answered")

    def _over(self, message: SipMessage) -> None:
        if message.method == "BYE":
            self._end(Ending("them", 200, "", message.cause, message))
        elif self._hung_up:
            self._end(Ending("us", self.status or 0, "", None, message))
        elif message.method:
            self._end(Ending("them", self.status or 0, "", message.cause, message))
        else:
            self.status = message.status
            self._end(Ending("refused", message.status, message.phrase, message.cause, message))

    def _end(self, ending: Ending) -> None:
        if self.ending is not None:
            return
        self.ending = ending
        self._commandable.set()
        self._sipp.detach(self.id)
        self._clock.remove(self._stream)
        self._stream.close()
        self._happened("ended", _told(ending))
        self._ended.set_result(None)

    async def _reach(self, goal: asyncio.Future[None], timeout: float, otherwise: str) -> None:
        await asyncio.wait({goal, self._ended}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if goal.done():
            return
        if self.ending is None:
            if not self.messages:
                raise SoftphoneError(f"nothing answers at {self._sipp.server} (waited {timeout:g} s)")
            raise SoftphoneError(f"the call {otherwise} within {timeout:g} s")
        if self.ending.by == "refused":
            raise CallRefused(
                f"the call was refused: {_told(self.ending)}", status=self.ending.status, cause=self.ending.cause
            )
        raise SoftphoneError(f"the call {otherwise}: {_told(self.ending)}")

    def _send_to(self, far: tuple[str, int]) -> None:
        self._stream.send_to(*far)
        self._clock.add(self._stream)

    def _key_heard(self, key: HeardKey) -> None:
        self._happened("key", key.key)

    def _happened(self, kind: str, detail: str = "") -> None:
        event = CallEvent(self.now, kind, detail)
        self.events.append(event)
        if self._on_event is not None:
            self._on_event(event)

    async def abandon(self) -> None:
        """Hang up as far as it goes, and in any case be done with the call. Never raises."""
        with contextlib.suppress(SoftphoneError):
            # Who has said nothing so far will hardly say goodbye.
            await self.hang_up(ABANDON_SECONDS if self.messages else ABANDON_SILENT_SECONDS)
        self._end(Ending("lost", self.status or 0, "the call was abandoned", None))


def _told(ending: Ending) -> str:
    cause = "" if ending.cause is None else f" (cause {ending.cause})"
    if ending.by == "refused":
        return f"{ending.status} {ending.phrase}{cause}"
    if ending.by == "lost":
        return ending.phrase
    return f"by {ending.by}{cause}"
