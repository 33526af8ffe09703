"""The SIP trace of an Asterisk, as it mirrors it by HEP: which calls were answered, when, and until when."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from controller.asterisk.hep import CapturedSipMessage, HepPacket, HepReceiver
from tests.support.asterisk import RunningAsterisk
from tests.support.ports import free_port

_USER = re.compile(r"sip:\+?([^@>;]+)")


@dataclass
class TracedLeg:
    """One leg. outgoing: Asterisk called. caller, called: the users of From and To without a "+". Times in UTC.

    ended_at: of one that was answered, its BYE; of a call of ours that was refused, that.
    """

    outgoing: bool
    caller: str
    called: str
    asked_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def times(self) -> tuple[datetime, datetime]:
        """When it was answered and when it ended, of one that did both."""
        assert self.answered_at is not None
        assert self.ended_at is not None
        return self.answered_at, self.ended_at

    @property
    def seconds(self) -> float:
        """How long it was up."""
        began_at, ended_at = self.times
        return (ended_at - began_at).total_seconds()


@dataclass
class SipTrace:
    """The legs so far, by their Call-IDs."""

    sip_port: int
    legs: dict[str, TracedLeg] = field(default_factory=dict)
    _waiting: list[asyncio.Future[None]] = field(default_factory=list)

    @property
    def answered(self) -> list[TracedLeg]:
        """Those that were answered."""
        return [leg for leg in self.legs.values() if leg.answered_at is not None]

    async def changed(self) -> None:
        """Wait for the next answer or end of a leg."""
        self._waiting.append(asyncio.get_running_loop().create_future())
        await self._waiting[-1]

    def take(self, packet: HepPacket, message: CapturedSipMessage) -> None:
        """A message that Asterisk sent or received."""
        at = datetime.fromtimestamp(packet.captured_at, UTC)
        if message.method == "INVITE":
            outgoing = packet.source.port == self.sip_port
            self.legs.setdefault(
                message.call_id, TracedLeg(outgoing, _user(message.header("from")), _user(message.header("to")), at)
            )
        leg = self.legs.get(message.call_id)
        if leg is None:
            return
        if message.status == 200 and message.cseq_method == "INVITE" and leg.answered_at is None:
            leg.answered_at = at
        elif leg.ended_at is None and (message.method == "BYE" or (leg.outgoing and _is_refusal(message))):
            leg.ended_at = at
        else:
            return
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
        self._waiting.clear()


def _is_refusal(message: CapturedSipMessage) -> bool:
    return message.status >= 300 and message.cseq_method == "INVITE"


def _user(header: str) -> str:
    found = _USER.search(header)
    return found[1] if found else ""


@asynccontextmanager
async def sip_trace(asterisk: RunningAsterisk) -> AsyncIterator[SipTrace]:
    """The trace of an Asterisk from now on. Its house, made later, listens for HEP elsewhere, and hears nothing."""
    trace, receiver = SipTrace(asterisk.sip_port), HepReceiver()
    receiver.on_sip(trace.take)
    await receiver.start(port=asterisk.configuration.hep_port)
    asterisk.configuration = replace(asterisk.configuration, hep_port=free_port("udp"))
    try:
        yield trace
    finally:
        receiver.stop()
