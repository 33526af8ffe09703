"""Listening in: an operator's phone is called, and hears both sides of a call in progress, unheard itself.

A snoop channel hears the call; it and the phone's leg share a bridge until one of them ends. What was made is removed
then. After a crash the snoop ends with its call, and recovery hangs the leg up and takes the bridge down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog

from controller.asterisk.ari.client import AriClient
from controller.asterisk.ari.events import CONNECTION_LOST, ChannelEvents
from controller.calls.effects.owned import removed
from controller.calls.line.line import HANG_UP_EVENTS
from controller.calls.live import LiveCalls
from controller.calls.model.call import LONGEST_CALL_SECONDS, SPY_BRIDGE, SPY_LEG, SPY_SNOOP, spy_id
from controller.errors import AsteriskError, AsteriskTimeout

log = structlog.get_logger()

RING_SECONDS = 30
ENTER_SECONDS = 5.0
# So long after the ringing the answer is given up, should Asterisk tell of no end.
ANSWER_SLACK_SECONDS = 10.0
_OVER = frozenset({*HANG_UP_EVENTS, "ChannelDestroyed", "StasisEnd", CONNECTION_LOST})


class ListeningIn:
    """Lets operators hear live calls of this controller, one of them each. application: this controller's."""

    def __init__(self, live: LiveCalls, ari: AriClient, application: str) -> None:
        self._live = live
        self._ari = ari
        self._application = application
        self._heard: set[int] = set()

    def begin(self, queue_id: int, endpoint: str) -> bool | None:
        """Call a phone (`PJSIP/…`), which hears the call from its answer on. False where somebody hears it already.

        None for a call that is not live here.
        """
        channel_id = self._live.channel_of(queue_id)
        if channel_id is None:
            return None
        if queue_id in self._heard:
            return False
        self._heard.add(queue_id)
        self._live.own(self._listen(queue_id, channel_id, endpoint))
        return True

    async def _listen(self, queue_id: int, channel_id: str, endpoint: str) -> None:
        leg, snoop = spy_id(queue_id, SPY_LEG), spy_id(queue_id, SPY_SNOOP)
        events = {each: self._ari.events_of(each) for each in (leg, snoop)}
        try:
            await self._connect(queue_id, channel_id, endpoint, events)
        except AsteriskError as error:
            log.warning("a call is not listened in to", call=queue_id, reason=str(error))
        finally:
            for each in events.values():
                each.close()
            try:
                await asyncio.shield(self._remove(queue_id))
            finally:
                self._heard.discard(queue_id)

    async def _connect(self, queue_id: int, channel_id: str, endpoint: str, events: dict[str, ChannelEvents]) -> None:
        """From the ringing to the end. AsteriskError."""
        leg, snoop = events
        await self._ari.channels.originate(
            endpoint=endpoint,
            channel_id=leg,
            application=self._application,
            application_args="spy",
            caller_id=f'"Call {queue_id}" <{queue_id}>',
            timeout_seconds=RING_SECONDS,
            variables={"TIMEOUT(absolute)": str(round(LONGEST_CALL_SECONDS))},
        )
        if not await _entered(events[leg], RING_SECONDS + ANSWER_SLACK_SECONDS):
            return
        await self._ari.channels.get(channel_id).snoop(snoop_id=snoop, application=self._application, spy="both")
        if not await _entered(events[snoop], ENTER_SECONDS):
            raise AsteriskTimeout("the channel that listens did not get into the application")
        bridge = await self._ari.bridges.create(bridge_id=spy_id(queue_id, SPY_BRIDGE), name=self._application)
        await bridge.add_channel(leg, snoop)
        log.info("a call is listened in to", call=queue_id)
        await _first_over(events.values())

    async def _remove(self, queue_id: int) -> None:
        for kind in (SPY_LEG, SPY_SNOOP):
            await removed("a channel that listens in", self._ari.channels.get(spy_id(queue_id, kind)).hangup)
        await removed("the bridge of listening in", self._ari.bridges.get(spy_id(queue_id, SPY_BRIDGE)).destroy)


async def _entered(events: ChannelEvents, seconds: float) -> bool:
    """Wait until the channel is in the application; False when it ends before, or does not come."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while (event := await events.get(deadline - loop.time())) is not None:
        if event.type == "StasisStart":
            return True
        if event.type in _OVER:
            return False
    return False


async def _first_over(channels: Iterable[ChannelEvents]) -> None:
    """Wait until one of the channels is over, at most for as long as a call may last."""

    async def over(events: ChannelEvents) -> None:
        while (event := await events.get(LONGEST_CALL_SECONDS)) is not None:
            if event.type in _OVER:
                return

    waiting = [asyncio.ensure_future(over(each)) for each in channels]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
