"""Who has answered, by what was heard: words, pauses, noise, clicks, beeps and ringing tones, sample by sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from controller.calls.line.answer_judge import AnswerJudge, DetectionSettings
from controller.calls.line.heard_sound import RATE, HeardSound, Samples
from controller.softphone.call_audio import hum, talk

_TICK = RATE // 10
_NOISE = np.random.default_rng(7)


def gap(seconds: float) -> Samples:
    """Nothing: also what stands for packets that did not come."""
    return np.zeros(round(seconds * RATE), dtype=np.int16)


def noise(seconds: float, level: float = 330.0) -> Samples:
    """A noisy place, here 37 dB below full scale."""
    return _NOISE.normal(0.0, level, round(seconds * RATE)).astype(np.int16)


def in_noise(*parts: Samples) -> tuple[Samples, ...]:
    return tuple(part + noise(len(part) / RATE) for part in parts)


@dataclass(frozen=True)
class Heard:
    """What was found, each with its time; when it was time to speak, counted anew after a machine or a ring."""

    found: list[tuple[str, float]]
    speaks: float | None

    @property
    def whats(self) -> list[str]:
        return [what for what, _ in self.found]


def judged(*parts: Samples, settings: DetectionSettings | None = None) -> Heard:
    sound, judge = HeardSound(), AnswerJudge(settings or DetectionSettings())
    whole, found, speaks = np.concatenate(parts), list[tuple[str, float]](), None
    for start in range(0, len(whole), _TICK):
        sound.add(whole[start : start + _TICK])
        for each in judge.judge(sound):
            assert each.evidence
            found.append((each.what, sound.seconds))
            if each.what in ("MACHINE", "RING"):
                speaks = None
        if speaks is None and judge.may_speak(sound, 1.0):
            speaks = sound.seconds
    return Heard(found, speaks)


def test_packets_that_are_lost_do_not_make_talk_of_noise() -> None:
    heard = judged(
        *in_noise(gap(1.0)), gap(0.2), *in_noise(gap(1.0), talk(0.5), gap(0.4)), gap(0.2), *in_noise(gap(2.0))
    )
    assert heard.whats == ["HUMAN"]


def lost(*parts: Samples, every: int = 25) -> tuple[Samples, ...]:
    """What is left when packets are lost: one to five of so many each time, as if they had been silent."""
    whole = np.concatenate(parts)
    for number, start in enumerate(range(7, len(whole) // 160 - 5, every)):
        whole[start * 160 : (start + 1 + number % 5) * 160] = 0
    return (whole,)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param((gap(1.0), talk(0.6), gap(3)), "HUMAN", id="a person in noise"),
        pytest.param((gap(1.0), talk(5.0), gap(1.0)), "MACHINE", id="a greeting in noise"),
        pytest.param((gap(0.5), talk(2.0), gap(0.3), hum(0.5, 850), gap(2)), "MACHINE", id="a beep in noise"),
        pytest.param((gap(4.5),), "UNKNOWN", id="noise alone"),
    ],
)
@pytest.mark.parametrize("level", [50.0, 330.0])
def test_lost_packets_are_neither_silence_nor_talk(parts: tuple[Samples, ...], expected: str, level: float) -> None:
    noisy = [part + noise(len(part) / RATE, level) for part in parts]
    assert judged(*lost(*noisy)).whats[-1:] == [expected]


US_RING = (hum(2.0, 440, 480), gap(4.0))
UK_RING = (hum(0.4, 400, 450), gap(0.2), hum(0.4, 400, 450), gap(2.0))
EU_RING = (hum(1.0, 425), gap(4.0))


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param((gap(0.3), talk(0.5), gap(2)), ["HUMAN"], id="hello"),
        pytest.param((gap(0.3), talk(0.5), gap(0.6), talk(0.5), gap(2)), ["HUMAN"], id="hello? hello?"),
        pytest.param((gap(0.3), talk(2.8), gap(2)), ["HUMAN"], id="name and company"),
        pytest.param(in_noise(gap(1.0), talk(0.6), gap(2)), ["HUMAN"], id="a noisy place"),
        pytest.param((gap(0.5), talk(5.0), gap(1.0)), ["MACHINE"], id="a long greeting"),
        pytest.param(in_noise(gap(1.0), talk(5.0), gap(1.0)), ["MACHINE"], id="a long greeting in noise"),
        pytest.param((hum(0.04, 300, 700), gap(1.5), talk(5.0), gap(1.0)), ["MACHINE"], id="a click, then a greeting"),
        pytest.param((gap(0.3), talk(0.8), gap(0.5), hum(0.4, 1000), gap(1)), ["MACHINE"], id="short, with a beep"),
        pytest.param((gap(0.3), talk(0.8), gap(1), talk(6), gap(1)), ["HUMAN", "MACHINE"], id="a pause at first"),
        pytest.param((gap(0.5), hum(2.6, 2100), gap(1.0)), ["FAX"], id="fax"),
        pytest.param((gap(4.0),), ["UNKNOWN"], id="nobody says anything"),
        pytest.param((gap(3.5), talk(0.5), gap(1.0)), ["UNKNOWN", "HUMAN"], id="somebody who waits"),
        pytest.param((gap(0.5), hum(0.15, 697, 1209), gap(0.5), talk(0.5), gap(1)), ["HUMAN"], id="a key is no beep"),
    ],
)
def test_who_has_answered(parts: Sequence[Samples], expected: list[str]) -> None:
    assert judged(*parts).whats == expected


@pytest.mark.parametrize("ring", [US_RING, UK_RING, EU_RING], ids=["North America", "United Kingdom", "Europe"])
def test_a_ringing_tone_is_waited_out_until_somebody_talks(ring: tuple[Samples, ...]) -> None:
    heard = judged(gap(0.3), talk(0.8), gap(1.2), *ring, *ring, talk(0.6), gap(2.0))
    assert heard.whats == ["HUMAN", "RING", "RING", "HUMAN"]
    talked_until = 2.3 + 2 * sum(map(len, ring)) / RATE + 0.6
    assert heard.speaks is not None
    assert talked_until + 0.9 < heard.speaks < talked_until + 1.4


@pytest.mark.parametrize("ring", [US_RING, UK_RING], ids=["North America", "United Kingdom"])
def test_a_ringing_tone_with_lost_packets_is_one(ring: tuple[Samples, ...]) -> None:
    heard = judged(*lost(talk(0.7), gap(1.2), *ring, *ring, talk(0.6), gap(3), every=40))
    assert "RING" in heard.whats
    assert heard.whats[-1] == "HUMAN"


@pytest.mark.parametrize("frequencies", [(440,), (620,), (1000,), (1400,), (2000,), (800, 1150)])
@pytest.mark.parametrize("seconds", [0.3, 0.8, 1.5])
def test_a_message_begins_after_the_beep(frequencies: tuple[float, ...], seconds: float) -> None:
    heard = judged(gap(1.5), talk(5.0), gap(1.5), hum(seconds, *frequencies), gap(2.0))
    assert heard.whats[-1] == "MACHINE"
    assert heard.speaks is not None
    assert 8.0 + seconds + 0.3 < heard.speaks < 8.0 + seconds + 0.8


def test_without_a_beep_the_message_begins_when_none_has_come_for_a_while() -> None:
    heard = judged(gap(0.5), talk(4.0), gap(5.0))
    assert heard.speaks is not None
    assert heard.speaks == pytest.approx(7.5, abs=0.25)


def test_silence_before_anybody_has_spoken_is_no_end_of_a_greeting() -> None:
    assert judged(gap(2.5)).speaks is None
    assert judged(gap(4.0)).speaks == pytest.approx(3.0, abs=0.2)


def test_thresholds_are_settings() -> None:
    patient = DetectionSettings(longest_hello=6.0)
    assert judged(gap(0.3), talk(4.0), gap(2.0), settings=patient).whats == ["HUMAN"]


def test_what_was_heard_long_ago_is_forgotten_and_times_stay_right() -> None:
    sound = HeardSound()
    for _ in range(13):
        sound.add(np.concatenate([gap(9.0), talk(1.0)]))
    assert sound.seconds == pytest.approx(130.0)
    last = sound.words()[-1]
    assert (last.start, last.end) == (pytest.approx(129.0, abs=0.1), pytest.approx(130.0, abs=0.1))
    assert sound.words()[0].start > 5.0
