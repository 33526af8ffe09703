"""The media of calls: one UDP socket per call, and one clock that sends for all of them every 20 ms."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections import deque
from collections.abc import Callable
from typing import Final

from controller.errors import SoftphoneError
from controller.softphone.call_audio import Audio, Listener, encode_mulaw
from controller.softphone.dtmf import EventListener, HeardKey
from controller.softphone.rtp import (
    FRAME_SAMPLES,
    FRAME_SECONDS,
    PCMU,
    TELEPHONE_EVENT,
    header,
    key_frames,
)

_SILENCE: Final = b"\xff" * FRAME_SAMPLES
_LARGEST_PACKET: Final = 2048
# A clock that is this late (the machine stood still) goes on from now instead of catching up with a burst.
_LATEST_SECONDS: Final = 0.2

# What goes out in one slot: payload, payload type, marker, slots since the start of what it belongs to.
_Slot = tuple[bytes, int, bool, int]
_PAUSE: Final[_Slot] = (b"", PCMU, False, 0)


class MediaStream:
    """The sound of one call, both ways. Times are the event loop's; the call makes them relative.

    `silent` sends nothing between keys and sounds, `deaf` keeps no audio: both for many calls at once.
    """

    def __init__(
        self,
        host: str,
        *,
        silent: bool = False,
        deaf: bool = False,
        on_key: Callable[[HeardKey], None] | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.bind((host, 0))
            self._loop.add_reader(self._socket.fileno(), self._readable)
        except OSError as error:
            self._socket.close()
            raise SoftphoneError(f"no UDP port for media on {host}: {error}") from error
        self._silent = silent
        self._deaf = deaf
        self._on_key = on_key
        self._far: tuple[str, int] | None = None
        self._closed = False
        self._sequence = secrets.randbelow(1 << 15)
        self._timestamp = secrets.randbelow(1 << 31)
        self._ssrc = secrets.randbits(32)
        self._slots: deque[_Slot] = deque()
        self._enqueued = 0
        self._sent = 0
        self._sending: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._packets: list[tuple[float, bytes]] = []
        self._listener = Listener()
        self._events = EventListener()
        self._arrival: asyncio.Future[None] | None = None

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    @property
    def keys(self) -> tuple[HeardKey, ...]:
        return self._events.keys

    def send_to(self, host: str, port: int) -> None:
        self._far = (host, port)

    async def press(self, keys: str, *, tone_seconds: float, gap_seconds: float) -> None:
        """Returns when the last key was let go and its gap is over. SoftphoneError for what is no key or call."""
        slots = max(1, round(tone_seconds / FRAME_SECONDS))
        gap = max(2, round(gap_seconds / FRAME_SECONDS))
        outgoing: list[_Slot] = []
        for key in keys.upper():
            try:
                frames = key_frames(key, slots)
            except ValueError as error:
                raise SoftphoneError(str(error)) from None
            outgoing += [(frame.payload, TELEPHONE_EVENT, frame.marker, frame.age) for frame in frames]
            # Two slots of the gap are taken by the repeated end.
            outgoing += [_PAUSE] * (gap - 2)
        await self._send_all(outgoing)

    async def play(self, samples: object) -> None:
        """16-bit samples at 8 kHz; returns when the last of them was sent. A silent stream leaves silence out."""
        data = encode_mulaw(samples)  # type: ignore[arg-type]
        data += b"\xff" * (-len(data) % FRAME_SAMPLES)
        frames = [data[start : start + FRAME_SAMPLES] for start in range(0, len(data), FRAME_SAMPLES)]
        slots: list[_Slot] = [(frame, PCMU, place == 0, 0) for place, frame in enumerate(frames)]
        await self._send_all([_PAUSE if self._silent and slot[0] == _SILENCE else slot for slot in slots])

    def suppress_silence(self) -> None:
        """Send no packets while there is nothing to be heard."""
        self._silent = True

    def stop_playing(self) -> None:
        """Leaves out what has not been sent yet, keys included; whoever waits for it goes on."""
        self._sent += len(self._slots)
        self._slots.clear()
        self._wake_senders()

    def audio(self) -> Audio:
        self._listener.add(self._packets)
        self._packets.clear()
        return self._listener.audio()

    async def more(self, timeout: float) -> bool:
        """Wait for the next packet of audio. False when none came in `timeout` seconds, or the stream was closed."""
        if self._closed:
            return False
        if self._arrival is None:
            self._arrival = self._loop.create_future()
        try:
            async with asyncio.timeout(timeout):
                await asyncio.shield(self._arrival)
        except TimeoutError:
            return False
        return not self._closed

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        for _, sending in self._sending:
            if not sending.done():
                sending.set_exception(SoftphoneError("the call ended while it was still sending"))
        self._sending.clear()
        self._wake_listener()

    def tick(self) -> None:
        """Send what this slot of 20 ms has."""
        timestamp = self._timestamp
        self._timestamp = (timestamp + FRAME_SAMPLES) & 0xFFFFFFFF
        if self._slots:
            payload, payload_type, marker, age = self._slots.popleft()
            if payload:
                timestamp = (timestamp - age * FRAME_SAMPLES) & 0xFFFFFFFF
                self._emit(payload, payload_type, timestamp, marker=marker)
            elif not self._silent:
                self._emit(_SILENCE, PCMU, timestamp)
            self._sent += 1
            self._wake_senders()
        elif not self._silent:
            self._emit(_SILENCE, PCMU, timestamp)

    def _emit(self, payload: bytes, payload_type: int, timestamp: int, *, marker: bool = False) -> None:
        if self._far is None or self._closed:
            return
        packet = header(payload_type, self._sequence, timestamp, self._ssrc, marker=marker) + payload
        self._sequence = (self._sequence + 1) & 0xFFFF
        # A full buffer or a far side that is gone loses a packet, as on any network.
        with contextlib.suppress(OSError):
            self._socket.sendto(packet, self._far)

    async def _send_all(self, slots: list[_Slot]) -> None:
        if self._closed:
            raise SoftphoneError("the call has ended")
        if not slots:
            return
        self._slots.extend(slots)
        self._enqueued += len(slots)
        sending: asyncio.Future[None] = self._loop.create_future()
        self._sending.append((self._enqueued, sending))
        await sending

    def _wake_senders(self) -> None:
        while self._sending and self._sending[0][0] <= self._sent:
            _, sending = self._sending.popleft()
            if not sending.done():
                sending.set_result(None)

    def _wake_listener(self) -> None:
        arrival, self._arrival = self._arrival, None
        if arrival is not None and not arrival.done():
            arrival.set_result(None)

    def _readable(self) -> None:
        try:
            data = self._socket.recv(_LARGEST_PACKET)
        except OSError:
            return
        if len(data) < 2:
            return
        payload_type = data[1] & 0x7F
        if payload_type == PCMU:
            if not self._deaf:
                self._packets.append((self._loop.time(), data))
            if self._arrival is not None:
                self._wake_listener()
        elif payload_type == TELEPHONE_EVENT:
            key = self._events.add(self._loop.time(), data)
            if key is not None and self._on_key is not None:
                self._on_key(key)


class MediaClock:
    """Ticks every 20 ms for the streams of all calls, while there are any."""

    def __init__(self) -> None:
        self._streams: set[MediaStream] = set()
        self._task: asyncio.Task[None] | None = None

    def add(self, stream: MediaStream) -> None:
        self._streams.add(stream)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="softphone media clock")

    def remove(self, stream: MediaStream) -> None:
        self._streams.discard(stream)

    async def stop(self) -> None:
        self._streams.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while self._streams:
            for stream in tuple(self._streams):
                stream.tick()
            due += FRAME_SECONDS
            late = loop.time() - due
            if late > _LATEST_SECONDS:
                due += late
            await asyncio.sleep(max(0.0, due - loop.time()))
