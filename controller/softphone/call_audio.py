"""Telephone audio: G.711 mu-law to linear samples and back, and what a call has heard, put in its place in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from controller.softphone.rtp import CLOCK_RATE, RtpPacket

Samples = npt.NDArray[np.int16]

# A packet that came this much away from where its timestamp says starts a new run of the far side's clock.
_CLOCK_TOLERANCE: Final = int(0.2 * CLOCK_RATE)
_LOUDNESS: Final = 4000
_VOICE: Final = (170.0, 340.0, 510.0, 680.0, 1190.0, 1530.0)
_SYLLABLES: Final = 4.0
_BIAS: Final = 0x84
_CLIP: Final = 32635


def _decoding_table() -> Samples:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = (((code & 0x0F) << 3) + _BIAS) << ((code & 0x70) >> 4)
    return np.where(code & 0x80, _BIAS - magnitude, magnitude - _BIAS).astype(np.int16)


_LINEAR: Final = _decoding_table()


def talk(seconds: float) -> Samples:
    """For whoever listens, somebody who talks: the harmonics of a voice, louder and fainter in syllables."""
    moment = np.arange(round(seconds * CLOCK_RATE)) / CLOCK_RATE
    voice = np.sum([np.sin(2 * np.pi * pitch * moment) for pitch in _VOICE], axis=0)
    syllables = 0.65 - 0.35 * np.cos(2 * np.pi * _SYLLABLES * moment)
    samples: Samples = (_LOUDNESS / 2 * voice * syllables).astype(np.int16)
    return samples


def hum(seconds: float, *pitches: float) -> Samples:
    """Frequencies (Hz) sounding together: a tone."""
    moment = np.arange(round(seconds * CLOCK_RATE)) / CLOCK_RATE
    waves = [_LOUDNESS * np.sin(2 * np.pi * pitch * moment) for pitch in pitches]
    samples: Samples = np.sum(waves, axis=0).astype(np.int16)
    return samples


def decode_mulaw(data: bytes) -> Samples:
    """ITU-T G.711 mu-law to 16-bit samples."""
    return _LINEAR[np.frombuffer(data, dtype=np.uint8)]


def encode_mulaw(samples: npt.ArrayLike) -> bytes:
    """16-bit samples to ITU-T G.711 mu-law, one byte each."""
    linear = np.asarray(samples, dtype=np.int32)
    magnitude = np.minimum(np.abs(linear), _CLIP) + _BIAS
    exponent = np.frexp(magnitude.astype(np.float64))[1] - 8
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    code = np.where(linear < 0, 0x80, 0) | (exponent << 4) | mantissa
    return bytes((~code & 0xFF).astype(np.uint8))


@dataclass(frozen=True, slots=True)
class Audio:
    """8 kHz mono samples, the first of them heard `started` seconds after the call began."""

    samples: Samples
    started: float

    @property
    def seconds(self) -> float:
        return len(self.samples) / CLOCK_RATE

    @property
    def ended(self) -> float:
        return self.started + self.seconds

    def since(self, moment: float) -> Audio:
        """What was heard from `moment` (seconds after the call began) on."""
        skipped = min(len(self.samples), max(0, round((moment - self.started) * CLOCK_RATE)))
        return Audio(self.samples[skipped:], self.started + skipped / CLOCK_RATE)


class Listener:
    """Puts packets of mu-law audio in their place; silence stands where nothing came."""

    def __init__(self) -> None:
        self._samples: Samples = np.zeros(CLOCK_RATE * 4, dtype=np.int16)
        self._length = 0
        self._began = 0.0
        self._ssrc: int | None = None
        self._anchor = (0, 0)

    def add(self, packets: Sequence[tuple[float, bytes]]) -> None:
        """Packets as they came, each with the second of its arrival. What is no RTP is left out."""
        for arrived, data in packets:
            try:
                packet = RtpPacket.decode(data)
            except ValueError:
                continue
            self._put(arrived, packet)

    def audio(self) -> Audio:
        """All so far; the times are on the clock of the arrivals."""
        return Audio(self._samples[: self._length].copy(), self._began)

    def _put(self, arrived: float, packet: RtpPacket) -> None:
        count = len(packet.payload)
        if self._ssrc is None:
            self._began = arrived - count / CLOCK_RATE
        by_arrival = round((arrived - self._began) * CLOCK_RATE) - count
        timestamp, place = self._anchor
        ahead = (packet.timestamp - timestamp) & 0xFFFFFFFF
        start = place + (ahead - 0x100000000 if ahead > 0x7FFFFFFF else ahead)
        if packet.ssrc != self._ssrc or abs(start - by_arrival) > _CLOCK_TOLERANCE:
            start = max(by_arrival, self._length)
            self._ssrc = packet.ssrc
            self._anchor = (packet.timestamp, start)
        if start < 0:
            return
        end = start + count
        while end > len(self._samples):
            self._samples = np.concatenate([self._samples, np.zeros_like(self._samples)])
        self._samples[start:end] = decode_mulaw(packet.payload)
        self._length = max(self._length, end)
