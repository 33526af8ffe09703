"""Pace and pitch changed on the audio: each without the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.speech.pcm import Samples
from controller.speech.stretching import in_manner, stretched
from controller.speech.synthesizer import SpeechAudio

RATE = 16_000


def voice(hertz: float = 120.0, seconds: float = 1.0) -> Samples:
    """A few harmonics, as a vowel has."""
    times = np.arange(round(seconds * RATE)) / RATE
    waves = sum((np.sin(2 * np.pi * hertz * n * times) / n for n in range(1, 6)), np.zeros(len(times)))
    return np.asarray(0.3 * waves, dtype=np.float32)


def pitch_of(speech: SpeechAudio) -> float:
    sound = speech.samples[len(speech.samples) // 4 :][: speech.rate // 8].astype(np.float64)
    alike = np.correlate(sound, sound, "full")[len(sound) - 1 :]
    least = speech.rate // 400
    return speech.rate / (least + int(np.argmax(alike[least : speech.rate // 60])))


@pytest.mark.parametrize("speed", [0.33, 0.5, 0.8, 1.25, 2.0, 3.0])
def test_another_pace_keeps_the_pitch_and_the_loudness(speed: float) -> None:
    spoken = in_manner(SpeechAudio(voice(), RATE), speed=speed)
    assert len(spoken.samples) / spoken.rate == pytest.approx(1 / speed, rel=0.02)
    assert pitch_of(spoken) == pytest.approx(120, rel=0.04)
    middle = spoken.samples[len(spoken.samples) // 4 : -len(spoken.samples) // 4]
    assert float(np.std(middle)) == pytest.approx(float(np.std(voice())), rel=0.15)


@pytest.mark.parametrize("pitch", [0.5, 0.7, 1.2, 2.0])
def test_another_pitch_keeps_the_pace(pitch: float) -> None:
    spoken = in_manner(SpeechAudio(voice(), RATE), pitch=pitch)
    assert len(spoken.samples) / spoken.rate == pytest.approx(1.0, rel=0.02)
    assert pitch_of(spoken) == pytest.approx(120 * pitch, rel=0.04)


def test_what_is_as_it_should_be_is_left_alone() -> None:
    sound = voice()
    assert in_manner(SpeechAudio(sound, RATE)).samples is sound


@given(st.integers(0, 3000), st.floats(0.1, 8.0), st.sampled_from([8000, 16_000, 22_050]))
def test_any_length_can_be_stretched_and_gets_no_louder(length: int, factor: float, rate: int) -> None:
    sound = np.random.default_rng(length).uniform(-0.5, 0.5, length).astype(np.float32)
    after = stretched(sound, rate, factor)
    assert np.isfinite(after).all()
    assert float(np.abs(after).max(initial=0.0)) <= 1.0
    assert len(after) in (length, round(length * min(max(factor, 0.2), 6.0)))
