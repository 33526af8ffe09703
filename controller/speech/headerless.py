"""u-law without a header, recognised by its content: eight bits a sample, 8 kHz, and nothing that says so.

Every file can be read as u-law; most of them would be noise. Sound swings evenly around zero, is seldom at its limits,
and a sample has much to do with those shortly before it. Texts lie on one side of zero, and packed files and pictures
are noise.
"""

from __future__ import annotations

import io

import numpy as np
import soundfile  # type: ignore[import-untyped]

from controller.speech.pcm import TELEPHONE_RATE

LEAST_SAMPLES = 800
"""A tenth of a second; of less nothing can be told."""
LOOKED_AT_SAMPLES = 20 * TELEPHONE_RATE
# A period of the lowest voice is some 80 samples long.
LONGEST_LAG = 160
LEAST_CORRELATION = 0.4
MOST_OFFSET = 0.25
MOST_AT_LIMIT = 0.05
_QUIET = 50.0
_LIMIT = 32_000.0


def is_ulaw(data: bytes) -> bool:
    """Whether bytes without a header are sound in u-law (ITU-T G.711). Silence alone is not taken for sound."""
    if len(data) < LEAST_SAMPLES:
        return False
    raw = io.BytesIO(data[:LOOKED_AT_SAMPLES])
    samples, _ = soundfile.read(raw, dtype="int16", format="RAW", subtype="ULAW", samplerate=TELEPHONE_RATE, channels=1)
    sound = np.asarray(samples, dtype=np.float64)
    level = float(np.sqrt(np.mean(sound**2)))
    offset = float(np.mean(sound))
    if level < _QUIET or abs(offset) > MOST_OFFSET * level:
        return False
    if float(np.mean(np.abs(sound) > _LIMIT)) > MOST_AT_LIMIT:
        return False
    return _correlation(sound - offset) >= LEAST_CORRELATION


def _correlation(sound: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """How much samples have to do with earlier ones, at the lag where it is most (0 to 1)."""
    power = float(np.dot(sound, sound))
    return max(abs(float(np.dot(sound[lag:], sound[:-lag]))) / power for lag in range(1, LONGEST_LAG + 1))
