"""A sound drawn as a waveform: a PNG picture of its loudness over time."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import soundfile  # type: ignore[import-untyped]

LEAST_WIDTH, MOST_WIDTH = 10, 10_000
LEAST_HEIGHT, MOST_HEIGHT = 10, 2_000
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PALETTE = bytes((255, 255, 255, 200, 205, 212, 31, 92, 153))
_PAPER, _LINE, _SOUND = range(3)
_FULL = 32_768.0


def waveform(wav: bytes, *, width: int = 800, height: int = 160) -> bytes:
    """The PNG of a telephone WAV file. Each column spans the lowest to the highest sample of its share of the time.

    ValueError for a size that is not 10 to 10,000 by 10 to 2,000 pixels.
    """
    if not (LEAST_WIDTH <= width <= MOST_WIDTH and LEAST_HEIGHT <= height <= MOST_HEIGHT):
        limits = f"{LEAST_WIDTH} to {MOST_WIDTH:,} by {LEAST_HEIGHT} to {MOST_HEIGHT:,}"
        raise ValueError(f"a picture has {limits} pixels")
    samples, _ = soundfile.read(io.BytesIO(wav), dtype="int16")
    pixels = np.full((height, width), _PAPER, dtype=np.uint8)
    middle = (height - 1) / 2
    pixels[round(middle)] = _LINE
    sound = np.asarray(samples, dtype=np.float64)
    edges = np.linspace(0, len(sound), width + 1).astype(int)
    for column in range(width):
        part = sound[edges[column] : max(edges[column] + 1, edges[column + 1])]
        if not len(part) or not np.any(part):
            continue
        top = round(middle - part.max() / _FULL * middle)
        bottom = round(middle - part.min() / _FULL * middle)
        pixels[top : bottom + 1, column] = _SOUND
    return _png(pixels)


def _png(pixels: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> bytes:
    """A picture of palette entries (ISO/IEC 15948: colour type 3, eight bits, no filter)."""
    height, width = pixels.shape
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    chunks = ((b"IHDR", head), (b"PLTE", _PALETTE), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
