"""SIP capture: what Asterisk mirrors of its SIP is at hand while a call lasts, and kept when it is over.

Reading a call's dozen messages costs as much as a tenth of the call. So packets wait unread, by the channel that
Asterisk says they are of, in a bounded memory; they are read when somebody looks at the call, and when it is over: of
so many calls in a second, those that failed first. A busy controller keeps the ladders of some of its calls, a quiet
one those of all.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from controller.asterisk.ari.events import Event
from controller.asterisk.hep import HepPacket, correlation_of, parse_packet, parse_sip
from controller.calls.model.sip_message import SipMessage, as_kept
from controller.calls.store.sip_ladders import SipLadders
from controller.errors import StoreError

log = structlog.get_logger()

MOST_BYTES = 16 * 1024 * 1024
MOST_PACKET_BYTES = 8192
MOST_MESSAGES = 80
MOST_CHANNELS = 20_000
KEPT_A_SECOND = 5
MOST_WAITING = 500
# The last messages (BYE and its answer) come when the call is over already.
SETTLING_SECONDS = 2.0


@dataclass(slots=True)
class _Bucket:
    packets: list[bytes] = field(default_factory=list)
    size: int = 0


@dataclass(frozen=True, slots=True)
class _Over:
    queue_id: int
    channels: tuple[str, ...]
    failed: bool
    due: float


class SipCapture:
    """The SIP messages of calls. live_channels: the ids of the channels of a call, by its QueueID; none of one that is
    not live here. clock: seconds.
    """

    def __init__(
        self, ladders: SipLadders, live_channels: Callable[[int], Sequence[str]], clock: Callable[[], float]
    ) -> None:
        self._ladders = ladders
        self._live_channels = live_channels
        self._clock = clock
        self._buckets: OrderedDict[bytes, _Bucket] = OrderedDict()
        self._size = 0
        self._names: OrderedDict[str, str] = OrderedDict()
        self._over: list[_Over] = []

    def on_packet(self, data: bytes) -> None:
        """Asterisk mirrors a packet. It waits unread."""
        key = correlation_of(data)
        if not key or len(data) > MOST_PACKET_BYTES:
            return
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket()
        if len(bucket.packets) >= MOST_MESSAGES:
            return
        bucket.packets.append(data)
        bucket.size += len(data)
        self._size += len(data)
        while self._size > MOST_BYTES:
            _, oldest = self._buckets.popitem(last=False)
            self._size -= oldest.size

    def on_channel(self, event: Event) -> None:
        """A channel has come to the application: Asterisk mirrors its messages under its name."""
        name = str(event.channel.get("name", ""))
        if name.startswith("PJSIP/"):
            self._names[event.channel_id] = name
            if len(self._names) > MOST_CHANNELS:
                self._names.popitem(last=False)

    def call_over(self, queue_id: int, channel_ids: Sequence[str], *, failed: bool) -> None:
        """A call, or a try of it, is over: its messages are kept in a moment."""
        names = tuple(name for each in channel_ids if (name := self._names.pop(each, "")))
        if names:
            self._over.append(_Over(queue_id, names, failed, self._clock() + SETTLING_SECONDS))

    async def of_call(self, queue_id: int) -> list[SipMessage]:
        """The messages of a call so far, in their order. StoreError."""
        names = [name for each in self._live_channels(queue_id) if (name := self._names.get(each, ""))]
        names += [name for each in self._over if each.queue_id == queue_id for name in each.channels]
        return [*await self._ladders.of_call(queue_id), *self._read(names)]

    async def run(self) -> None:
        """Keep the messages of calls that are over, until cancelled."""
        while True:
            await asyncio.sleep(1.0)
            await self.keep()

    async def keep(self) -> None:
        """Keep the messages of the calls that have settled: as many as a second allows, those that failed first."""
        now = self._clock()
        due = sorted((each for each in self._over if each.due <= now), key=lambda each: not each.failed)
        for each in due[:KEPT_A_SECOND]:
            messages = self._read(each.channels)
            try:
                if messages:
                    await self._ladders.add(each.queue_id, messages)
            except StoreError as error:
                log.warning("the SIP messages of a call are not kept", call=each.queue_id, reason=str(error))
            self._forget(each)
        for each in sorted(self._over, key=lambda over: not over.failed)[MOST_WAITING:]:
            self._forget(each)

    def _forget(self, over: _Over) -> None:
        self._over.remove(over)
        for name in over.channels:
            if bucket := self._buckets.pop(name.encode(), None):
                self._size -= bucket.size

    def _read(self, names: Sequence[str]) -> list[SipMessage]:
        """The messages of channels, with those that came before Asterisk knew of the channel: by their Call-ID."""
        found: list[SipMessage] = []
        for name in names:
            packets = self._packets(name.encode())
            call_ids = {call_id for packet in packets[:1] if (call_id := _call_id(packet))}
            for call_id in call_ids:
                packets = [*self._packets(call_id.encode()), *packets]
            for packet in packets[:MOST_MESSAGES]:
                message = parse_sip(packet.payload)
                if message is not None:
                    found.append(as_kept(packet, message))
        return sorted(found, key=lambda each: each.at)

    def _packets(self, key: bytes) -> list[HepPacket]:
        bucket = self._buckets.get(key)
        return [] if bucket is None else [packet for each in bucket.packets if (packet := parse_packet(each))]


def _call_id(packet: HepPacket) -> str:
    message = parse_sip(packet.payload)
    return "" if message is None else message.call_id
