"""Whether the sound of a playback goes out: what Asterisk counts of the RTP that it sends on the channel.

A playback that ends as it should tells only that Asterisk was done with the file. A call whose media the other side
refused, put on hold or led nowhere plays to its end as well, and nobody hears it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from controller.calls.line.line import Line
from controller.errors import AsteriskError
from controller.script.outcomes import Failed, Finished, HungUp, Outcome

log = structlog.get_logger()

# Of a stream that flows, the other side reports some packets as lost, never nearly all of them.
LOST_SHARE = 0.9
NOT_SENT = "no sound went out on the call: nobody could hear it"


class SoundSent:
    """What is known of one playback's sound. confirmed: that it went out, once the time that was asked for is over."""

    def __init__(self, line: Line, before: int | None) -> None:
        self._line = line
        self._before = before
        self._began = asyncio.get_running_loop().time()
        self.confirmed = False

    async def judge(self, outcome: Outcome) -> Outcome:
        """The outcome of the playback, in the light of what was sent."""
        if isinstance(outcome, HungUp) and self.confirmed:
            return HungUp(asyncio.get_running_loop().time() - self._began)
        if isinstance(outcome, Finished) and not await self.goes_out():
            return Failed(NOT_SENT)
        return outcome

    async def goes_out(self) -> bool:
        """Whether packets were sent since the playback began, and arrive as far as the other side reports it.

        A channel of which Asterisk counts nothing is given the benefit of the doubt.
        """
        if self._before is None:
            return True
        try:
            counted = await self._line.channel.rtp_statistics()
        except AsteriskError as error:
            log.info("what was sent on a call is not known", reason=str(error))
            return not self._line.hung_up
        sent = counted.sent_packets - self._before
        return sent > 0 and counted.lost_packets < LOST_SHARE * counted.sent_packets

    async def confirm(self, seconds: float) -> None:
        """After so many seconds of it, find out whether the sound goes out."""
        await asyncio.sleep(seconds)
        self.confirmed = await self.goes_out()


@asynccontextmanager
async def sound_sent(line: Line, confirm_after: float) -> AsyncIterator[SoundSent]:
    """Watch the sound of the playback that begins now, until the block ends. confirm_after: see `Play`."""
    try:
        before: int | None = (await line.channel.rtp_statistics()).sent_packets
    except AsteriskError as error:
        log.info("what is sent on a call is not counted", reason=str(error))
        before = None
    watched = SoundSent(line, before)
    confirming = asyncio.create_task(watched.confirm(confirm_after), name="confirmation of a playback")
    try:
        yield watched
    finally:
        confirming.cancel()
        await asyncio.gather(confirming, return_exceptions=True)
