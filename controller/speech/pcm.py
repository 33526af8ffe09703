"""Samples: telephone sound as numbers, and the WAV files that hold it."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soxr  # type: ignore[import-untyped]
from numpy.typing import NDArray

TELEPHONE_RATE = 8000
WIDE_RATE = 16_000
"""Hz of what G.722 and other wideband codecs carry."""
# What is longer is kept at 8 kHz alone.
LONGEST_WIDE_SECONDS = 600

Samples = NDArray[np.float32]
"""Mono, -1.0 to 1.0."""

Pcm = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class TelephoneSound:
    """A sound as calls carry it: WAV files of 8 kHz, and of 16 kHz (empty where the sound has nothing above 4 kHz)."""

    wav: bytes
    wide: bytes = b""


EDGE_SECONDS = 0.06
FADE_SECONDS = 0.003
SILENT_BELOW = 0.006
BEEP_HZ = 1000
BEEP_SECONDS = 0.35
BEEP_LEVEL = 0.35


def to_telephone_rate(samples: Samples, rate: int) -> Samples:
    """The same sound at 8 kHz."""
    if rate == TELEPHONE_RATE or not len(samples):
        return samples
    return np.asarray(soxr.resample(samples, rate, TELEPHONE_RATE), dtype=np.float32)


def to_wide_rate(samples: Samples, rate: int) -> Samples:
    """The same sound at 16 kHz."""
    if rate == WIDE_RATE or not len(samples):
        return samples
    return np.asarray(soxr.resample(samples, rate, WIDE_RATE), dtype=np.float32)


def trim(samples: Samples, rate: int = TELEPHONE_RATE) -> Samples:
    """Without the silence at both ends, but for 60 ms; the ends are faded over 3 ms so that nothing clicks.

    What holds no sound at all becomes empty.
    """
    loud = np.flatnonzero(np.abs(samples) > SILENT_BELOW)
    if not len(loud):
        return samples[:0]
    edge, fade = int(EDGE_SECONDS * rate), int(FADE_SECONDS * rate)
    kept = samples[max(0, int(loud[0]) - edge) : int(loud[-1]) + edge].copy()
    ramp = np.linspace(0, 1, min(fade, len(kept)), dtype=np.float32)
    kept[: len(ramp)] *= ramp
    kept[len(kept) - len(ramp) :] *= ramp[::-1]
    return kept


def silence(seconds: float, rate: int = TELEPHONE_RATE) -> Samples:
    """So much silence."""
    return np.zeros(max(0, round(seconds * rate)), dtype=np.float32)


def beep() -> Samples:
    """The standard beep before a recording, at 8 kHz."""
    times = np.arange(int(BEEP_SECONDS * TELEPHONE_RATE)) / TELEPHONE_RATE
    tone = (BEEP_LEVEL * np.sin(2 * np.pi * BEEP_HZ * times)).astype(np.float32)
    ramp = np.linspace(0, 1, 80, dtype=np.float32)
    tone[:80] *= ramp
    tone[-80:] *= ramp[::-1]
    return tone


def to_pcm(samples: Samples) -> Pcm:
    """As 16-bit numbers; what is no number becomes silence."""
    return (np.clip(np.nan_to_num(samples), -1.0, 1.0) * 32767).astype(np.int16)


def telephone_sound(pieces: Sequence[Pcm], *, keep_wide: bool = True) -> TelephoneSound:
    """A sound of 16 kHz in pieces, as calls carry it. keep_wide: whether there is something above 4 kHz."""
    # Of 16-bit numbers it would make others each time, as it dithers.
    resampler = soxr.ResampleStream(WIDE_RATE, TELEPHONE_RATE, 1, dtype="float32")
    narrow = [to_pcm(resampler.resample_chunk(piece.astype(np.float32) / np.float32(32767))) for piece in pieces]
    narrow.append(to_pcm(resampler.resample_chunk(np.zeros(0, dtype=np.float32), last=True)))
    keep_wide = keep_wide and sum(map(len, pieces)) <= LONGEST_WIDE_SECONDS * WIDE_RATE
    return TelephoneSound(wav_file(narrow), wav_file(pieces, WIDE_RATE) if keep_wide else b"")


def wav_file(pieces: Sequence[Pcm], rate: int = TELEPHONE_RATE) -> bytes:
    """A WAV file of the pieces, one after the other: PCM, 16 bit, mono."""
    size = sum(piece.nbytes for piece in pieces)
    form = struct.pack("<HHIIHH", 1, 1, rate, rate * 2, 2, 16)
    head = b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + struct.pack("<I", 16) + form
    data = b"".join(piece.astype("<i2", copy=False).tobytes() for piece in pieces)
    return head + b"data" + struct.pack("<I", size) + data


def wav_seconds(wav: bytes) -> float:
    """How long a file of 8 kHz made by `wav_file` lasts."""
    return (len(wav) - 44) / (TELEPHONE_RATE * 2)
