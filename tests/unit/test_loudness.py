"""Loudness: measured as ITU-R BS.1770-4 has it, and the same for everything that callers hear."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from controller.speech.audio import to_telephone
from controller.speech.loudness import CEILING, TARGET_LKFS, gain_to_target, limited, loudness
from controller.speech.pcm import Samples, silence


def tone(hertz: float = 997.0, level: float = 1.0, seconds: float = 2.0, rate: int = 8000) -> Samples:
    times = np.arange(round(seconds * rate)) / rate
    return np.asarray(level * np.sin(2 * np.pi * hertz * times), dtype=np.float32)


def speech_like(level: float, seed: int = 7, seconds: float = 3.0) -> Samples:
    """Noise in syllables, with peaks far above its mean."""
    noise = np.random.default_rng(seed).laplace(0, level / 6, round(seconds * 8000))
    syllables = np.clip(np.sin(np.arange(len(noise)) / 8000 * 2 * np.pi * 3), 0, 1)
    return np.asarray(np.clip(noise * syllables, -1, 1), dtype=np.float32)


def taken_in(samples: Samples) -> Samples:
    file = io.BytesIO()
    soundfile.write(file, samples, 8000, format="WAV", subtype="FLOAT")
    taken, _ = soundfile.read(io.BytesIO(to_telephone(file.getvalue()).wav), dtype="float32")
    return np.asarray(taken, dtype=np.float32)


@pytest.mark.parametrize("rate", [8000, 16_000, 48_000])
def test_a_full_sine_of_997_hz_measures_what_the_standard_says(rate: int) -> None:
    assert loudness(tone(rate=rate), rate) == pytest.approx(-3.01, abs=0.02)


@pytest.mark.parametrize(("hertz", "change"), [(60.0, -3.6), (200.0, -1.0), (3000.0, 3.3)])
def test_frequencies_are_weighted_as_the_ear_does(hertz: float, change: float) -> None:
    assert loudness(tone(hertz), 8000) + 3.01 == pytest.approx(change, abs=0.3)


def test_pauses_do_not_make_speech_fainter() -> None:
    sound = tone(level=0.3)
    assert loudness(np.concatenate([silence(4.0), sound, silence(4.0)]), 8000) == pytest.approx(
        loudness(sound, 8000), abs=0.7
    )


def test_silence_has_no_loudness_and_is_not_raised() -> None:
    assert loudness(silence(1.0), 8000) == float("-inf")
    assert loudness(silence(0.0), 8000) == float("-inf")
    assert gain_to_target(silence(1.0), 8000) == 1.0


@pytest.mark.parametrize("level", [0.1, 0.3, 1.0])
def test_uploaded_sounds_are_equally_loud_however_loud_they_were(level: float) -> None:
    assert loudness(taken_in(speech_like(level)), 8000) == pytest.approx(TARGET_LKFS, abs=0.7)


def test_what_is_nearly_silent_is_raised_by_twenty_decibels_and_no_more() -> None:
    assert np.abs(taken_in(tone(level=0.001))).max() == pytest.approx(0.01, rel=0.05)


@given(st.floats(0.9, 30.0), st.integers(0, 20), st.sampled_from([8000, 16_000]))
def test_no_peak_is_above_the_ceiling_and_no_wave_is_cut(factor: float, seed: int, rate: int) -> None:
    before = np.asarray(speech_like(1.0, seed, 0.3) * np.float32(factor), dtype=np.float32)
    after = limited(before, rate)
    assert len(after) == len(before)
    assert float(np.abs(after).max()) <= CEILING + 1e-6
    heard = np.abs(before) > 0.01
    gains = after[heard] / before[heard]
    assert 0 < float(gains.min()) <= float(gains.max()) <= 1.0 + 1e-5
    # It is turned down gradually: from one sample to the next, the gain makes no step that clicks.
    both = heard[1:] & heard[:-1]
    steps = np.diff(np.divide(after, before, where=heard, out=np.zeros_like(before)))[both]
    assert float(np.abs(steps).max(initial=0.0)) < 0.1


def test_what_is_below_the_ceiling_is_left_alone() -> None:
    sound = tone(level=0.5)
    assert limited(sound, 8000) is sound
