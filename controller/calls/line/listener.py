"""Listening to a call ourselves: a snoop channel hears the other side, and Asterisk sends that to us by RTP.

Asterisk's own talk detection counts the frames that come. When none come (silence suppression, comfort noise, a muted
phone), it hears no silence; and it knows no words, no noise and no beep.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import structlog

from controller.asterisk.ari.client import AriClient
from controller.asterisk.ari.events import ChannelEvents
from controller.calls.line.heard_sound import RATE, HeardSound
from controller.errors import AsteriskError, AsteriskRefused, AsteriskTimeout
from controller.softphone.call_audio import decode_mulaw
from controller.softphone.rtp import PCMU, RtpPacket

log = structlog.get_logger()

# What has come is judged so often.
TICK_SECONDS = 0.1
# What has not come after so long was not sent. A tick that comes so late says nothing of the line.
_LATE_SECONDS = 0.14
_LATE_TICK_SECONDS = 0.16
# How long Asterisk may take to bring a channel of ours into the application.
_ENTER_SECONDS = 3.0
# What a channel of external media tells of its own end.
_PARTS = ("ADDRESS", "PORT")
_BRIDGE_KIND, _SNOOP_KIND, _MEDIA_KIND = "ear-bridge", "ear-snoop", "ear-media"

Consumer = Callable[[HeardSound], None]


@dataclass(frozen=True, slots=True)
class ListeningPlace:
    """Where Asterisk sends what it hears. application: the Stasis application.

    bind: the address of this machine that is listened on. reached_at: the address by which Asterisk reaches it.
    """

    application: str
    bind: str
    reached_at: str


class PacketsFrom(asyncio.DatagramProtocol):
    """Takes the datagrams of one sender: whoever else finds the port says nothing here.

    The sender is known only once it has been told where to send to; nothing is taken before.
    """

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take
        self.sender: tuple[str, int] | None = None
        self.strangers = 0

    def datagram_received(self, data: bytes, address: tuple[str | object, int]) -> None:
        if address[:2] == self.sender:
            self._take(data)
        else:
            self.strangers += 1


class LineListener:
    """Hears one channel for those who want to, from the first one's wish to the last one's.

    Each consumer is called ten times a second with all that was heard. `fixed_id` names the channels and the bridge
    that are made, so that whoever finds them later knows whose they are.
    """

    def __init__(
        self, ari: AriClient, channel_id: str, fixed_id: Callable[[str], str], place: ListeningPlace | None
    ) -> None:
        self._ari = ari
        self._channel_id = channel_id
        self._id = fixed_id
        self._place = place
        self._consumers: list[Consumer] = []
        self._transport: asyncio.DatagramTransport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._began = self._ticked = 0.0
        self._lock = asyncio.Lock()
        self._sound: HeardSound | None = None

    @property
    def sound(self) -> HeardSound:
        """All that was heard since the first consumer's wish. It is large, and few calls are listened to."""
        if self._sound is None:
            self._sound = HeardSound()
        return self._sound

    @property
    def works(self) -> bool:
        """Whether it hears the line now."""
        return self._transport is not None

    async def prepare(self) -> bool:
        """Make ready to hear, before dialling: who answers may talk at once. False when it cannot be had."""
        async with self._lock:
            return await self._connected()

    async def begin(self, consumer: Consumer) -> bool:
        """Call `consumer` from now on; False when the line cannot be listened to, and nothing was begun."""
        async with self._lock:
            if not await self._connected():
                return False
            self._consumers.append(consumer)
            if self._timer is None:
                loop = asyncio.get_running_loop()
                self._sound = HeardSound()
                self._began = self._ticked = loop.time()
                self._timer = loop.call_later(TICK_SECONDS, self._tick)
        return True

    async def end(self, consumer: Consumer) -> None:
        """Call it no more. What was made in Asterisk is removed when nobody listens."""
        async with self._lock:
            if consumer in self._consumers:
                self._consumers.remove(consumer)
            if not self._consumers:
                await self._disconnect()

    async def close(self) -> None:
        """The call is over."""
        async with self._lock:
            self._consumers.clear()
            await self._disconnect()

    async def remove_leftovers(self) -> None:
        """Remove what an earlier driver of this call has left; what is not there is fine."""
        await self._remove()

    async def _connected(self) -> bool:
        if self.works:
            return True
        if self._place is None:
            return False
        try:
            await self._connect(self._place)
        except (AsteriskError, OSError) as error:
            log.info("a call is not listened to", reason=str(error))
            await self._disconnect()
            return False
        return True

    async def _connect(self, place: ListeningPlace) -> None:
        loop = asyncio.get_running_loop()
        packets = PacketsFrom(self._received)
        transport, _ = await loop.create_datagram_endpoint(lambda: packets, local_addr=(place.bind, 0))
        self._transport = transport
        port = transport.get_extra_info("sockname")[1]
        snoop, media, bridge = (
            self._id(_SNOOP_KIND),
            self._id(_MEDIA_KIND),
            self._ari.bridges.get(self._id(_BRIDGE_KIND)),
        )
        entered = [self._ari.events_of(snoop), self._ari.events_of(media)]
        try:
            await asyncio.gather(
                self._ari.channels.get(self._channel_id).snoop(snoop_id=snoop, application=place.application),
                self._ari.channels.external_media(
                    channel_id=media, application=place.application, external_host=f"{place.reached_at}:{port}"
                ),
                self._ari.bridges.create(bridge_id=bridge.id, bridge_type="mixing", name=place.application),
            )
            await asyncio.gather(*(_entered(events) for events in entered))
            packets.sender = await self._sender_of(media)
        finally:
            for events in entered:
                events.close()
        await bridge.add_channel(snoop, media)

    async def _sender_of(self, media: str) -> tuple[str, int]:
        """From where Asterisk sends what it hears, as its channel for that tells."""
        channel = self._ari.channels.get(media)
        host, port = await asyncio.gather(*(channel.get_variable(f"UNICASTRTP_LOCAL_{part}") for part in _PARTS))
        try:
            return str(ipaddress.ip_address(host)), int(port)
        except ValueError:
            raise AsteriskRefused(f"external media come from nowhere ({host!r}, {port!r})") from None

    async def _disconnect(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is None:
            return
        self._transport.close()
        self._transport = None
        await self._remove()

    async def _remove(self) -> None:
        removals = (
            self._ari.channels.get(self._id(_SNOOP_KIND)).hangup(),
            self._ari.channels.get(self._id(_MEDIA_KIND)).hangup(),
            self._ari.bridges.get(self._id(_BRIDGE_KIND)).destroy(),
        )
        for removed in await asyncio.gather(*removals, return_exceptions=True):
            if isinstance(removed, BaseException) and not isinstance(removed, AsteriskError):
                raise removed

    def _received(self, data: bytes) -> None:
        if self._timer is None:
            return  # before the answer
        with suppress(ValueError):
            packet = RtpPacket.decode(data)
            if packet.payload_type == PCMU:
                self.sound.add(decode_mulaw(packet.payload))

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        missing = now - self._began - self.sound.seconds
        # After a hold-up of this process, what came meanwhile is still to be read.
        if missing > _LATE_SECONDS and now - self._ticked < _LATE_TICK_SECONDS:
            self.sound.add(np.zeros(int((missing - _LATE_SECONDS / 2) * RATE), dtype=np.int16))
        self._ticked = now
        self._timer = loop.call_later(TICK_SECONDS, self._tick)
        for consumer in list(self._consumers):
            consumer(self.sound)


async def _entered(events: ChannelEvents) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _ENTER_SECONDS
    while (event := await events.get(deadline - loop.time())) is not None:
        if event.type == "StasisStart":
            return
    raise AsteriskTimeout("a channel that listens did not get into the application")
