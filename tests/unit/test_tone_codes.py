"""The sounds that tests tell apart by ear."""

from __future__ import annotations

import itertools
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.softphone.call_audio import Audio, Samples, decode_mulaw, encode_mulaw
from tests.support.tones import CODES, heard_codes, heard_tones, tone, write_tone

PAD = itertools.product((697, 770, 852, 941), (1209, 1336, 1477, 1633))
codes = st.integers(0, CODES - 1)


def over_the_wire(*parts: Samples, volume: float = 1.0) -> Audio:
    samples = np.concatenate([np.zeros(0, dtype=np.int16), *parts])
    return Audio(decode_mulaw(encode_mulaw(samples * volume)), 0.0)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * 8000), dtype=np.int16)


def test_there_are_a_hundred_codes_and_each_is_heard_as_itself() -> None:
    everything = [tone(code, 0.3) for code in range(CODES)]

    assert CODES > 100
    assert heard_codes(over_the_wire(*everything)) == list(range(CODES))


@given(st.lists(st.tuples(codes, st.floats(0.25, 0.8), st.floats(0, 0.3)), max_size=6), st.floats(0.1, 1.5))
def test_any_row_of_tones_is_heard_in_order_at_its_time(row: list[tuple[int, float, float]], volume: float) -> None:
    parts: list[Samples] = []
    expected = []
    now = 0.0
    for code, seconds, pause in row:
        parts += [silence(pause), tone(code, seconds)]
        now += len(parts[-2]) / 8000
        expected.append((code, now))
        now += len(parts[-1]) / 8000

    heard = heard_tones(over_the_wire(*parts, volume=volume))
    assert [one.code for one in heard] == [code for code, _ in expected]
    assert [one.started for one in heard] == pytest.approx([started for _, started in expected], abs=0.021)


def test_the_length_of_an_interrupted_tone_is_what_was_heard_of_it() -> None:
    (heard,) = heard_tones(over_the_wire(tone(3, 2.0)[:4000], silence(1.0)))

    assert heard.seconds == pytest.approx(0.5, abs=0.021)


def test_one_code_right_after_another_without_silence_is_two() -> None:
    assert heard_codes(over_the_wire(tone(3, 1.0)[:2400], tone(4, 1.0))) == [3, 4]


def test_lost_packets_do_not_break_a_tone() -> None:
    samples = tone(5, 1.0)
    samples[1600:1920] = 0

    assert heard_codes(over_the_wire(samples)) == [5]


def test_less_than_60_ms_is_not_heard() -> None:
    assert heard_codes(over_the_wire(tone(5, 1.0)[:300], silence(0.5))) == []


def test_keys_noise_and_silence_are_no_codes() -> None:
    moment = np.arange(4000) / 8000
    keys = [
        np.asarray(5000 * (np.sin(2 * np.pi * row * moment) + np.sin(2 * np.pi * column * moment)), dtype=np.int16)
        for row, column in PAD
    ]
    noise = np.random.default_rng(2).normal(0, 3000, 16000).astype(np.int16)

    assert heard_codes(over_the_wire(*keys, noise, silence(1.0))) == []


def test_a_written_tone_is_telephone_audio(tmp_path: Path) -> None:
    with wave.open(str(write_tone(tmp_path / "sound.wav", 7, 0.5)), "rb") as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.int16)

    assert heard_codes(over_the_wire(samples)) == [7]
