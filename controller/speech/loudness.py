"""Loudness: how loud a sound seems to people, and the one level at which every caller hears everything.

ITU-R BS.1770-4: sound weighted as the ear does (K-weighting), blocks of 400 ms, silence left out by the standard's two
gates. The weights are taken to the spectrum of each block, which gives the same power as its filters.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from controller.speech.pcm import Pcm, Samples, to_pcm

TARGET_LKFS = -19.0
"""What everything is brought to: speech with its peaks below full scale, a nominal level of telephone networks
(-17 dBm0 or so, within the -15 to -20 dBm0 that carriers expect of speech)."""

MOST_RAISED_DB, MOST_LOWERED_DB = 20.0, 30.0
CEILING = 0.89
"""No peak is higher: -1 dB of full scale, so that neither a codec nor a resampler clips."""

BLOCK_SECONDS = 0.4
STEPS_A_BLOCK = 4
BLOCKS_AT_ONCE = 256
SILENT_LKFS = -70.0
GATE_LU = -10.0
# What lasts longer is measured without overlap: it has blocks enough.
OVERLAPPING_SECONDS = 60.0
_OFFSET = -0.691
# The filters of the standard, for 48 kHz (its tables 1 and 2).
_STANDARD_RATE = 48_000
_SHELF = (1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585)
_HIGH_PASS = (1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)

PIECE_SECONDS = 60
LIMITER_SECONDS = 0.001
LIMITER_REACH = 5


def loudness(samples: Samples | Pcm, rate: int) -> float:
    """How loud a mono sound is, in LKFS; -inf when there is nothing in it to be heard. rate: in Hz."""
    powers = _block_powers(samples, rate)
    heard = powers[powers > _power(SILENT_LKFS)]
    if not len(heard):
        return float("-inf")
    heard = heard[heard > _power(_lkfs(float(heard.mean())) + GATE_LU)]
    return _lkfs(float(heard.mean()))


def gain_to_target(samples: Samples | Pcm, rate: int) -> float:
    """The factor that brings a sound to the target; 1 for silence. At most 20 dB up: what is fainter is noise."""
    measured = loudness(samples, rate)
    if measured == float("-inf"):
        return 1.0
    return float(10 ** (min(max(TARGET_LKFS - measured, -MOST_LOWERED_DB), MOST_RAISED_DB) / 20))


def limited(samples: Samples, rate: int) -> Samples:
    """The same sound with no peak above the ceiling: what is around a peak is turned down with it, over a few
    milliseconds, so that no wave is bent or cut."""
    step = max(1, round(LIMITER_SECONDS * rate))
    if not len(samples) or float(np.abs(samples).max()) <= CEILING:
        return samples
    padded = np.pad(np.abs(samples), (0, -len(samples) % step))
    peaks = padded.reshape(-1, step).max(axis=1)
    gains = np.minimum(1.0, CEILING / np.maximum(peaks, CEILING))
    # The lowest gain of the neighbourhood, then smoothed within it: never above what a peak needs.
    around = 2 * LIMITER_REACH + 1
    lowest = np.lib.stride_tricks.sliding_window_view(np.pad(gains, 2 * LIMITER_REACH, constant_values=1.0), around)
    smoothed = np.convolve(lowest.min(axis=1), np.full(around, 1 / around), mode="valid")
    # Between two steps the gain is a line; the lower of both ends holds for a peak between them.
    floor = np.minimum(smoothed, np.minimum(np.append(smoothed[1:], 1.0), np.append(1.0, smoothed[:-1])))
    times = (np.arange(len(samples)) - step / 2) / step
    curve = np.interp(times, np.arange(len(floor)), floor)
    return np.asarray(np.clip(samples * curve, -CEILING, CEILING), dtype=np.float32)


def levelled_pieces(pieces: Sequence[Pcm], rate: int) -> list[Pcm]:
    """A sound in pieces, at the target, its peaks held below the ceiling; with the memory of one piece beside it."""
    sound = np.concatenate(pieces)
    factor = np.float32(gain_to_target(sound, rate) / 32768)
    step = PIECE_SECONDS * rate
    return [to_pcm(limited(sound[at : at + step] * factor, rate)) for at in range(0, len(sound), step)]


def _block_powers(samples: Samples | Pcm, rate: int) -> NDArray[np.float64]:
    """The mean square of each block, weighted; of full scale 1."""
    size = max(1, round(BLOCK_SECONDS * rate))
    if len(samples) < size:
        if not len(samples):
            return np.zeros(0)
        size = len(samples)
    step = size // STEPS_A_BLOCK or 1 if len(samples) < OVERLAPPING_SECONDS * rate else size
    scale = 1 / 32768 if samples.dtype == np.int16 else 1.0
    weights = _weights(size, rate)
    blocks = np.lib.stride_tricks.sliding_window_view(samples, size)[::step]
    powers: list[NDArray[np.float64]] = []
    for start in range(0, len(blocks), BLOCKS_AT_ONCE):
        some = np.asarray(blocks[start : start + BLOCKS_AT_ONCE], dtype=np.float64) * scale
        powers.append((np.abs(np.fft.rfft(some, axis=1)) ** 2) @ weights)
    return np.concatenate(powers)


@lru_cache(maxsize=16)
def _weights(size: int, rate: int) -> NDArray[np.float64]:
    """What each bin of a block's spectrum adds to its weighted power."""
    frequencies = np.fft.rfftfreq(size, 1 / rate)
    z = np.exp(-2j * np.pi * np.minimum(frequencies, _STANDARD_RATE / 2) / _STANDARD_RATE)
    response = np.ones(len(frequencies))
    for above, below in (_SHELF, _HIGH_PASS):
        response = response * np.abs(_polynomial(above, z) / _polynomial(below, z)) ** 2
    sides = np.full(len(frequencies), 2.0)  # a bin stands for its mirror image too
    sides[0] = 1.0
    if size % 2 == 0:
        sides[-1] = 1.0
    return np.asarray(response * sides / size**2)


def _polynomial(factors: Sequence[float], z: NDArray[np.complex128]) -> NDArray[np.complex128]:
    return np.asarray(factors[0] + factors[1] * z + factors[2] * z * z)


def _lkfs(power: float) -> float:
    return _OFFSET + 10 * float(np.log10(power))


def _power(lkfs: float) -> float:
    return float(10 ** ((lkfs - _OFFSET) / 10))
