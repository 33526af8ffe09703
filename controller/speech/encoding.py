"""Telephone sound in the codings that customers' programs fetch: MP3 and u-law."""

from __future__ import annotations

import asyncio
import io

import numpy as np
import soundfile  # type: ignore[import-untyped]
import soxr  # type: ignore[import-untyped]

from controller.speech.pcm import TELEPHONE_RATE

MP3_BIT_RATES = frozenset({32, 64, 128})
"""kbit/s"""
# MPEG-2 layer III has 8 to 160 kbit/s at this rate; at 8 kHz it would end at 64.
_MP3_RATE = 16_000
_LEAST_KBIT, _MOST_KBIT = 8, 160


async def to_mp3(wav: bytes, kbit: int) -> bytes:
    """A telephone WAV file as MP3, mono, of a constant bit rate among MP3_BIT_RATES."""
    return await asyncio.to_thread(_mp3, wav, kbit)


async def to_ulaw(wav: bytes) -> bytes:
    """A telephone WAV file as u-law (ITU-T G.711), 8 kHz, without a header."""
    return await asyncio.to_thread(_ulaw, wav)


def _mp3(wav: bytes, kbit: int) -> bytes:
    samples, rate = soundfile.read(io.BytesIO(wav), dtype="float32")
    resampled = np.asarray(soxr.resample(samples, rate, _MP3_RATE), dtype=np.float32)
    written = io.BytesIO()
    soundfile.write(
        written,
        resampled,
        _MP3_RATE,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode="CONSTANT",
        compression_level=(_MOST_KBIT - kbit) / (_MOST_KBIT - _LEAST_KBIT),
    )
    return written.getvalue()


def _ulaw(wav: bytes) -> bytes:
    samples, _ = soundfile.read(io.BytesIO(wav), dtype="int16")
    written = io.BytesIO()
    soundfile.write(written, samples, TELEPHONE_RATE, format="RAW", subtype="ULAW")
    return written.getvalue()
