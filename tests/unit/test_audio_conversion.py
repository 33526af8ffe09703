"""Audio files of every kind that customers hand over become telephone sound, or are refused with a clear sentence."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import soundfile  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.errors import AudioInvalid
from controller.speech.audio import probe
from controller.speech.audio import to_telephone as to_telephone_sound
from controller.speech.pcm import beep, silence, to_pcm, trim, wav_file, wav_seconds
from tests.support.examples import examples


def to_telephone(data: bytes, hint: str = "") -> bytes:
    return to_telephone_sound(data, hint).wav


def tone(seconds: float, rate: int, hertz: float = 440.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def encoded(format_: str, coding: str, rate: int = 8000, channels: int = 1, seconds: float = 1.0) -> bytes:
    file = io.BytesIO()
    samples = np.repeat(tone(seconds, rate)[:, None], channels, axis=1)
    soundfile.write(file, samples, rate, format=format_, subtype=coding)
    return file.getvalue()


def heard(wav: bytes) -> tuple[float, float]:
    """Length in seconds and the strongest frequency."""
    samples, rate = soundfile.read(io.BytesIO(wav))
    assert rate == 8000
    assert samples.ndim == 1
    assert soundfile.info(io.BytesIO(wav)).subtype == "PCM_16"
    spectrum = np.abs(np.fft.rfft(samples))
    return len(samples) / rate, float(np.argmax(spectrum) * rate / len(samples))


@pytest.mark.parametrize(
    ("format_", "coding", "rate", "channels"),
    [
        ("WAV", "PCM_16", 8000, 1),
        ("WAV", "PCM_16", 44100, 2),
        ("WAV", "PCM_U8", 11025, 1),
        ("WAV", "PCM_24", 48000, 2),
        ("WAV", "FLOAT", 22050, 1),
        ("WAV", "ULAW", 8000, 1),
        ("WAV", "ALAW", 8000, 1),
        ("WAV", "MS_ADPCM", 8000, 1),
        ("WAV", "MS_ADPCM", 22050, 2),
        ("WAV", "IMA_ADPCM", 16000, 1),
        ("WAV", "GSM610", 8000, 1),
        ("AIFF", "PCM_16", 44100, 2),
        ("AIFF", "ULAW", 8000, 1),
        ("AU", "ULAW", 8000, 1),
        ("MP3", "MPEG_LAYER_III", 44100, 2),
        ("FLAC", "PCM_16", 16000, 1),
        ("OGG", "VORBIS", 44100, 1),
    ],
)
def test_every_kind_of_file_becomes_the_same_tone_at_8_khz(format_: str, coding: str, rate: int, channels: int) -> None:
    seconds, hertz = heard(to_telephone(encoded(format_, coding, rate, channels)))
    assert seconds == pytest.approx(1.0, abs=0.1)
    assert hertz == pytest.approx(440, abs=5)


@pytest.mark.parametrize(
    ("coding", "hint"),
    [("ULAW", "audio/ulaw"), ("ULAW", ".ul"), ("ALAW", ".alaw"), ("GSM610", "audio/x-gsm"), ("GSM610", "")],
)
def test_sound_without_a_header_is_read_by_its_hint_and_gsm_by_its_frames(coding: str, hint: str) -> None:
    seconds, hertz = heard(to_telephone(encoded("RAW", coding), hint))
    assert seconds == pytest.approx(1.0, abs=0.1)
    assert hertz == pytest.approx(440, abs=5)


def test_a_hint_that_is_wrong_does_not_spoil_a_file_with_a_header() -> None:
    assert heard(to_telephone(encoded("WAV", "PCM_16"), ".ulaw"))[1] == pytest.approx(440, abs=5)


def test_a_file_tells_what_it_is() -> None:
    facts = probe(encoded("WAV", "MS_ADPCM", 22050, 2))
    assert (facts.format, facts.coding, facts.rate, facts.channels) == ("WAV", "MS_ADPCM", 22050, 2)
    assert facts.seconds == pytest.approx(1.0, abs=0.1)


def test_what_lies_above_the_telephone_band_is_not_folded_into_it() -> None:
    file = io.BytesIO()
    soundfile.write(file, tone(1, 44100, 6000), 44100, format="WAV", subtype="PCM_16")
    samples, _ = soundfile.read(io.BytesIO(to_telephone(file.getvalue())))
    assert np.abs(samples[400:-400]).max() < 0.01


def test_a_sound_that_was_written_to_a_pipe_has_no_length_and_is_taken() -> None:
    data = bytearray(encoded("WAV", "PCM_16"))
    place = data.index(b"data") + 4
    data[place : place + 4] = struct.pack("<I", 0x7FFFF000)
    assert heard(to_telephone(bytes(data)))[0] == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\0" * 100, "not audio"),
        (b"hello, I am a text" * 100, "not audio"),
        (b"RIFF", "cut off"),
        (encoded("WAV", "PCM_16")[:30], "cut off"),
        (encoded("WAV", "PCM_16")[:8000], "announces 16000 bytes of sound and holds 7956"),
        (encoded("AIFF", "PCM_16")[:8000], "announces"),
        (encoded("WAV", "PCM_16", seconds=0), "length is zero"),
        (wav_file([]), "length is zero"),
        (encoded("WAV", "PCM_16", channels=9), "9 channels"),
        (encoded("WAV", "PCM_16", rate=500), "500 samples a second"),
    ],
)
def test_what_is_no_whole_sound_is_refused_with_a_clear_sentence(data: bytes, words: str) -> None:
    with pytest.raises(AudioInvalid, match=words):
        to_telephone(data)


def test_a_small_file_that_lasts_for_hours_is_refused_before_it_fills_the_memory() -> None:
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", 8000, 1, format="FLAC", subtype="PCM_16") as sound:
        hour = np.zeros(8000 * 3700, dtype=np.int16)
        sound.write(hour)
    assert len(file.getvalue()) < 1_000_000
    with pytest.raises(AudioInvalid, match="longer than 60 minutes"):
        to_telephone(file.getvalue())


_WHOLE = [encoded("WAV", "MS_ADPCM", 8000, 1, 0.1), encoded("AIFF", "PCM_16", 8000, 1, 0.1)]


@settings(max_examples=examples(200))
@given(st.sampled_from(_WHOLE), st.lists(st.tuples(st.integers(0, 120), st.integers(0, 255)), max_size=6))
def test_a_damaged_header_is_refused_or_read_but_never_another_error(
    whole: bytes, changes: list[tuple[int, int]]
) -> None:
    data = bytearray(whole)
    for place, value in changes:
        data[place] = value
    try:
        wav = to_telephone(bytes(data))
    except AudioInvalid:
        return
    assert wav[:4] == b"RIFF"


def test_numbers_that_are_none_become_silence() -> None:
    file = io.BytesIO()
    samples = np.full(8000, np.nan, dtype=np.float32)
    samples[:10] = np.inf
    soundfile.write(file, samples, 8000, format="WAV", subtype="FLOAT")
    assert wav_seconds(to_telephone(file.getvalue())) == 1.0


def test_trimming_keeps_a_short_edge_and_takes_the_rest_of_the_silence() -> None:
    padded = np.concatenate([silence(1), tone(0.5, 8000), silence(2)])
    assert len(trim(padded)) / 8000 == pytest.approx(0.62, abs=0.01)
    assert len(trim(silence(1))) == 0


def test_the_beep_neither_clicks_nor_clips() -> None:
    samples = to_pcm(beep())
    assert samples[0] == samples[-1] == 0
    assert 5000 < np.abs(samples).max() < 16000


def test_a_wav_that_says_zero_for_the_size_of_its_sound_is_read_to_its_end() -> None:
    whole = encoded("WAV", "PCM_16")
    place = whole.index(b"data") + 4
    piped = whole[:4] + bytes(4) + whole[8:place] + bytes(4) + whole[place + 4 :]
    assert heard(to_telephone(piped)) == heard(to_telephone(whole))
    assert probe(piped).seconds == probe(whole).seconds


def test_two_channels_that_cancel_each_other_are_heard_by_one_of_them() -> None:
    one = tone(1.0, 8000)
    target = io.BytesIO()
    soundfile.write(target, np.column_stack([one, -one]), 8000, format="WAV", subtype="PCM_16")
    assert heard(to_telephone(target.getvalue()))[1] == heard(to_telephone(encoded("WAV", "PCM_16")))[1]


def test_what_is_above_four_kilohertz_is_kept_for_calls_that_carry_it() -> None:
    times = np.arange(44_100) / 44_100
    file = io.BytesIO()
    soundfile.write(file, 0.3 * np.sin(2 * np.pi * 6000 * times), 44_100, format="WAV")
    sound = to_telephone_sound(file.getvalue())
    samples, rate = soundfile.read(io.BytesIO(sound.wide))
    assert rate == 16_000
    assert len(samples) == pytest.approx(16_000, abs=50)
    assert np.argmax(np.abs(np.fft.rfft(samples))) * 16_000 / len(samples) == pytest.approx(6000, abs=5)
    narrow, _ = soundfile.read(io.BytesIO(sound.wav))
    assert float(np.abs(narrow[1000:-1000]).max()) < 0.002  # nothing folded back into the band


def test_a_sound_of_a_telephone_is_not_kept_twice() -> None:
    assert to_telephone_sound(encoded("WAV", "PCM_16", 8000)).wide == b""
