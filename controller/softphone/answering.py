"""The softphone's other end: a line that takes calls, as a phone or as the far side of a trunk."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from controller.errors import SoftphoneError
from controller.softphone.phone_call import PATIENCE_SECONDS, CallEvent, PhoneCall
from controller.softphone.rtp_media import MediaClock
from controller.softphone.sip import SipMessage, user_part
from controller.softphone.sipp import SippProcess

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Manners:
    """How a line deals with each call: seconds from the INVITE to the ringing and to the answer; None means never.

    A `refuse` status (one of REFUSALS) is sent in place of the answer.
    """

    ring_after: float | None = 0.0
    answer_after: float | None = 0.0
    refuse: int | None = None


# SIPp takes no variable in a status line, so incoming.xml spells these out.
REFUSALS: Final = (301, 302, 404, 408, 433, 480, 486, 503, 603, 607)


class IncomingCall(PhoneCall):
    """A call that came in: `number` is what was dialled, `caller` who calls, `invite` the whole request."""

    def __init__(
        self,
        call_id: str,
        sipp: SippProcess,
        clock: MediaClock,
        host: str,
        invite: SipMessage,
        *,
        on_event: Callable[[CallEvent], None] | None = None,
    ) -> None:
        super().__init__(call_id, sipp, clock, host, on_event=on_event)
        self.invite = invite
        self.number = user_part(invite.uri)
        self.caller = invite.user_of("from")
        if invite.media is not None:
            self._stream.send_to(*invite.media)
        self._happened("calling", self.number)

    async def ring(self, timeout: float = PATIENCE_SECONDS) -> None:
        """Tell the caller that the phone rings (180)."""
        self._sipp.tell(self.id, {"Do": "ring"})
        # SIPp loses a second command to a call that is still busy with the first.
        await self.ringing(timeout)

    async def answer(self, timeout: float = PATIENCE_SECONDS) -> None:
        """Take the call; returns when the caller has confirmed it."""
        self._sipp.tell(self.id, {"Do": "answer", "Media-Port": self.media_port})
        await self.answered(timeout)

    async def refuse(self, status: int = 486) -> None:
        """Do not take the call, with one of REFUSALS: 486 busy, 603 declined, 480 unavailable, 302 diverted …"""
        if status not in REFUSALS:
            raise SoftphoneError(f"the softphone refuses with one of {REFUSALS}, not {status}")
        self.status = status
        self._hung_up = True
        self._sipp.tell(self.id, {"Do": f"refuse {status}"})
        await self.ended()

    async def abandon(self) -> None:
        """Hang up, or refuse, as far as it goes, and in any case be done with the call. Never raises."""
        if not self.is_answered and not self.is_ended and not self._hung_up:
            with contextlib.suppress(SoftphoneError):
                await self.refuse(480)
        await super().abandon()


class AnsweringLine:
    """Calls that come to one port."""

    def __init__(self, sipp: SippProcess, clock: MediaClock, host: str, manners: Manners | None) -> None:
        self.calls: list[IncomingCall] = []
        self._sipp = sipp
        self._clock = clock
        self._host = host
        self._manners = manners
        self._waiting: asyncio.Queue[IncomingCall] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        sipp.on_stranger = self._stranger

    @property
    def address(self) -> tuple[str, int]:
        """Where the line is reached: host, UDP port."""
        return self._host, self._sipp.port

    async def next_call(self, timeout: float = PATIENCE_SECONDS) -> IncomingCall:
        """The next call that came in (also one that `manners` deals with). SoftphoneError when none comes."""
        try:
            async with asyncio.timeout(timeout):
                return await self._waiting.get()
        except TimeoutError:
            raise SoftphoneError(f"no call came within {timeout:g} s") from None

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(call.abandon() for call in self.calls))
        await self._sipp.stop()

    def _stranger(self, call_id: str, event: str, text: str) -> None:
        if event != "invited":
            return
        call = IncomingCall(call_id, self._sipp, self._clock, self._host, SipMessage.parse(text))
        self.calls.append(call)
        self._waiting.put_nowait(call)
        if self._manners is not None:
            task = asyncio.create_task(self._treat(call, self._manners), name="softphone answering")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _treat(self, call: IncomingCall, manners: Manners) -> None:
        try:
            with contextlib.suppress(SoftphoneError):
                if manners.ring_after is not None:
                    if await self._over_within(call, manners.ring_after):
                        return
                    await call.ring()
                last = manners.answer_after
                if last is None or await self._over_within(call, max(0.0, last - call.now)):
                    return
                if manners.refuse is not None:
                    await call.refuse(manners.refuse)
                else:
                    await call.answer()
        except Exception:
            log.exception("an answering line could not deal with a call")

    @staticmethod
    async def _over_within(call: IncomingCall, seconds: float) -> bool:
        try:
            await call.ended(seconds)
        except SoftphoneError:
            return False
        return True
