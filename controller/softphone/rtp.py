"""RTP packets (RFC 3550) and telephone-events (RFC 4733), to bytes and back. Nothing here does I/O."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

PCMU: Final = 0
TELEPHONE_EVENT: Final = 101
CLOCK_RATE: Final = 8000
FRAME_SAMPLES: Final = 160
FRAME_SECONDS: Final = FRAME_SAMPLES / CLOCK_RATE
# RFC 4733, table 3: the event code of a key is its place here.
KEYS: Final = "0123456789*#ABCD"

_VERSION: Final = 0x80
_HEADER: Final = struct.Struct(">BBHII")
_EVENT: Final = struct.Struct(">BBH")


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One packet: `timestamp` in samples (modulo 2**32), `sequence` modulo 2**16."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False

    def encode(self) -> bytes:
        return header(self.payload_type, self.sequence, self.timestamp, self.ssrc, marker=self.marker) + self.payload

    @classmethod
    def decode(cls, data: bytes) -> RtpPacket:
        """ValueError when `data` is not an RTP packet: too short, another version, or lengths that do not fit."""
        if len(data) < _HEADER.size:
            raise ValueError("shorter than an RTP header")
        first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
        if first >> 6 != 2:
            raise ValueError("not RTP version 2")
        start = _HEADER.size + 4 * (first & 0x0F)
        if first & 0x10:
            if len(data) < start + 4:
                raise ValueError("cut inside the header extension")
            start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
        end = len(data)
        if first & 0x20:
            end -= data[-1]
            if not data[-1]:
                raise ValueError("padding of no length")
        if start > end:
            raise ValueError("lengths in the header are longer than the packet")
        return cls(second & 0x7F, sequence, timestamp, ssrc, data[start:end], bool(second & 0x80))


def header(payload_type: int, sequence: int, timestamp: int, ssrc: int, *, marker: bool = False) -> bytes:
    """The 12 bytes before the payload."""
    second = payload_type | 0x80 if marker else payload_type
    return _HEADER.pack(_VERSION, second, sequence, timestamp, ssrc)


@dataclass(frozen=True, slots=True)
class TelephoneEvent:
    """The payload of a key (RFC 4733 section 2.3): `duration` in samples so far, `volume` in -dBm0 (0 to 63)."""

    code: int
    duration: int
    end: bool = False
    volume: int = 10

    def encode(self) -> bytes:
        return _EVENT.pack(self.code, self.volume | 0x80 if self.end else self.volume, self.duration)

    @classmethod
    def decode(cls, payload: bytes) -> TelephoneEvent:
        """ValueError when the payload is too short; what follows the first four bytes is another event's, not read."""
        if len(payload) < _EVENT.size:
            raise ValueError("shorter than a telephone-event")
        code, flags, duration = _EVENT.unpack_from(payload)
        return cls(code, duration, bool(flags & 0x80), flags & 0x3F)


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """What goes out in one 20 ms slot while a key is pressed; `age` is the slots since its start, for the timestamp."""

    payload: bytes
    age: int
    marker: bool


def key_frames(key: str, slots: int) -> list[KeyFrame]:
    """A key held for `slots` times 20 ms: the event growing with each packet, its end sent three times.

    RFC 4733 sections 2.5.1.2 to 2.5.1.4: the timestamp is that of the start in every packet, the marker is on the
    first, and the last packet goes out three times at the interval of the others. ValueError for what is no key.
    """
    code = KEYS.find(key)
    if len(key) != 1 or code < 0:
        raise ValueError(f"no telephone key: {key!r}")
    if not 1 <= slots <= 0xFFFF // FRAME_SAMPLES:
        raise ValueError("a key is held for 20 ms to 8.18 s")
    frames = [
        KeyFrame(TelephoneEvent(code, (slot + 1) * FRAME_SAMPLES).encode(), slot, marker=slot == 0)
        for slot in range(max(1, slots - 1))
    ]
    end = TelephoneEvent(code, slots * FRAME_SAMPLES, end=True).encode()
    first = len(frames)
    return frames + [KeyFrame(end, age, marker=False) for age in range(first, first + 3)]
