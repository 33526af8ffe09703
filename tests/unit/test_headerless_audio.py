"""u-law without a header is recognised by its content, and nothing else is taken for it."""

from __future__ import annotations

import io
import json
import random
import zlib

import numpy as np
import pytest
import soundfile  # type: ignore[import-untyped]

from controller.errors import AudioInvalid
from controller.speech.audio import to_telephone
from controller.speech.headerless import LEAST_SAMPLES, is_ulaw
from controller.speech.pcm import wav_seconds

RATE = 8000
MOMENTS = np.arange(RATE) / RATE


def ulaw(samples: np.ndarray) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, RATE, format="RAW", subtype="ULAW")
    return file.getvalue()


def voice() -> np.ndarray:
    """Something like a voice: a few harmonics that come and go, with pauses and a little noise."""
    noise = np.random.default_rng(7).normal(0, 0.01, RATE)
    syllables = np.clip(np.sin(2 * np.pi * 3 * MOMENTS), 0, 1)
    harmonics = sum(np.sin(2 * np.pi * 130 * n * MOMENTS) / n for n in range(1, 20))
    return np.asarray(0.3 * syllables * harmonics + noise)


@pytest.mark.parametrize("hertz", [60, 400, 1000, 2000, 3400])
@pytest.mark.parametrize("level", [0.02, 0.3, 0.95])
def test_tones_are_sound(hertz: int, level: float) -> None:
    data = ulaw(level * np.sin(2 * np.pi * hertz * MOMENTS))
    assert is_ulaw(data)
    assert wav_seconds(to_telephone(data).wav) == pytest.approx(1.0)


def test_a_voice_is_sound() -> None:
    assert is_ulaw(ulaw(voice()))


NOT_SOUND = {
    "text": b"Dear Sir or Madam, this is a letter, and nothing that anybody could listen to.\n" * 100,
    "html": b"<html><body><p>Not found</p></body></html>\n" * 100,
    "json": json.dumps([{"number": n, "name": f"name {n}"} for n in range(500)]).encode(),
    "utf-16": ("Dies ist ein Brief und nichts zum Anhören. " * 100).encode("utf-16"),
    "zeros": bytes(8000),
    "silence": b"\xff" * 8000,
    "random": random.Random(7).randbytes(20_000),
    "packed": zlib.compress(json.dumps([n * n for n in range(20_000)]).encode()),
    "short": ulaw(np.sin(2 * np.pi * 400 * MOMENTS))[: LEAST_SAMPLES - 1],
    "elf": b"\x7fELF" + b"".join(n.to_bytes(8, "little") for n in range(0x400000, 0x400000 + 4000 * 16, 16)),
}


@pytest.mark.parametrize("what", NOT_SOUND)
def test_what_is_no_sound_is_refused(what: str) -> None:
    assert not is_ulaw(NOT_SOUND[what])
    with pytest.raises(AudioInvalid, match="not audio"):
        to_telephone(NOT_SOUND[what])
