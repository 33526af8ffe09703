"""A sound as a picture."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from controller.speech.pcm import wav_file
from controller.speech.waveform import waveform


def rows_of(png: bytes) -> list[bytes]:
    """The rows of palette entries in a PNG, its checksums checked."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    position, data, size = 8, b"", (0, 0)
    while position < len(png):
        length, kind = struct.unpack_from(">I4s", png, position)
        body = png[position + 8 : position + 8 + length]
        assert struct.unpack_from(">I", png, position + 8 + length)[0] == zlib.crc32(kind + body)
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
        data += body if kind == b"IDAT" else b""
        position += 12 + length
    pixels = zlib.decompress(data)
    width, height = size
    assert len(pixels) == height * (width + 1)
    return [pixels[row * (width + 1) + 1 : (row + 1) * (width + 1)] for row in range(height)]


def test_it_is_tall_where_the_sound_is_loud() -> None:
    loud = (np.sin(np.arange(4000)) * 32_000).astype(np.int16)
    rows = rows_of(waveform(wav_file([loud, np.zeros(4000, dtype=np.int16)]), width=100, height=41))
    assert (len(rows), len(rows[0])) == (41, 100)
    columns = [bytes(row[place] for row in rows) for place in range(100)]
    assert all(column.count(2) > 35 for column in columns[:49])
    assert all(column.count(2) == 0 for column in columns[51:])
    assert {column[20] for column in columns[51:]} == {1}, "a line where it is silent"


def test_a_sound_shorter_than_the_picture_is_drawn_too() -> None:
    rows = rows_of(waveform(wav_file([np.full(3, 20_000, dtype=np.int16)]), width=50, height=20))
    assert any(2 in row for row in rows)


@pytest.mark.parametrize("size", [(9, 100), (100, 9), (10_001, 100), (100, 2_001)])
def test_an_unreasonable_size_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="a picture has"):
        waveform(wav_file([np.zeros(10, dtype=np.int16)]), width=size[0], height=size[1])
