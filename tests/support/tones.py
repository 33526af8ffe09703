"""Sounds that say which they are: a tone code is a pair of frequencies, found again in what a call has heard.

Each frequency is a multiple of 50 Hz, so that a 20 ms frame (160 samples) holds whole periods of it and nothing leaks
into the other codes' places, wherever the frame begins. None is near a DTMF frequency, and speech is never so pure.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt

from controller.softphone.call_audio import Audio, Samples
from controller.softphone.phone_call import PhoneCall
from controller.softphone.rtp import CLOCK_RATE, FRAME_SAMPLES, FRAME_SECONDS
from tests.support.patience import LONGEST_WAIT

FREQUENCIES = (400, 500, 600, 1050, 1150, 1400, 1550, 1700, 1800, 1900, 2000, 2150, 2300, 2450, 2600)
PAIRS = tuple(combinations(FREQUENCIES, 2))
CODES = len(PAIRS)
# The end of each sound is silent, so that the same code played twice is heard as two.
REST_SECONDS = 0.08
_AMPLITUDE = 6000
_FAINTEST = 100.0
_SHORTEST_FRAMES = 3
_LONGEST_GAP_FRAMES = 2
_UNSETTLED_FRAMES = 10
_PACKETS_A_LOOK = 3
_BINS = np.array(FREQUENCIES) // (CLOCK_RATE // FRAME_SAMPLES)


@dataclass(frozen=True, slots=True)
class HeardTone:
    """A code, and when it was heard in seconds on the audio's clock (since the call began, for a call's audio)."""

    code: int
    started: float
    ended: float

    @property
    def seconds(self) -> float:
        return self.ended - self.started


def tone(code: int, seconds: float = 1.0) -> Samples:
    """8 kHz samples of a code: `seconds` long with the silence at its end."""
    low, high = PAIRS[code]
    count = round(seconds * CLOCK_RATE)
    moment = np.arange(count) / CLOCK_RATE
    samples = _AMPLITUDE * (np.sin(2 * np.pi * low * moment) + np.sin(2 * np.pi * high * moment))
    samples[max(0, count - round(REST_SECONDS * CLOCK_RATE)) :] = 0
    return samples.astype(np.int16)


def silence(seconds: float) -> Samples:
    """Samples of silence."""
    return np.zeros(round(seconds * CLOCK_RATE), dtype=np.int16)


def write_tone(path: Path, code: int, seconds: float = 1.0) -> Path:
    """A WAV file of a code (8 kHz, 16 bits, mono)."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(CLOCK_RATE)
        file.writeframes(tone(code, seconds).astype("<i2").tobytes())
    return path


def heard_tones(audio: Audio) -> list[HeardTone]:
    """The codes in audio, in order. A tone is heard from 60 ms on; a loss of up to 40 ms does not break it."""
    return _runs(_code_of_each_frame(audio.samples), audio.started)


def heard_codes(audio: Audio) -> list[int]:
    """Which codes are in audio, in order."""
    return [heard.code for heard in heard_tones(audio)]


class Ear:
    """The tones of one call as they come: only what is new is looked at, so a hundred calls can listen at once."""

    def __init__(self, call: PhoneCall) -> None:
        self.call = call
        self._codes = np.zeros(0, dtype=np.int64)

    @property
    def tones(self) -> list[HeardTone]:
        """All that the call has heard so far."""
        audio = self.call.audio
        # The newest frames may still get a late packet.
        settled = max(0, len(self._codes) - _UNSETTLED_FRAMES)
        fresh = _code_of_each_frame(audio.samples[settled * FRAME_SAMPLES :])
        self._codes = np.concatenate([self._codes[:settled], fresh])
        return _runs(self._codes, audio.started)

    async def hear(self, code: int, *, after: float = -1.0, timeout: float = LONGEST_WAIT) -> HeardTone:
        """Wait for a code that starts later than `after` seconds from the call's beginning; AssertionError if not."""
        deadline = self.call.now + timeout
        while True:
            heard = self.tones
            for one in heard:
                if one.code == code and one.started >= after:
                    return one
            for _ in range(_PACKETS_A_LOOK):
                if not await self.call.more_audio(max(0.0, deadline - self.call.now)):
                    how = f"the call ended ({self.call.ending})" if self.call.is_ended else f"{timeout:g} s passed"
                    raise AssertionError(f"tone {code} was not heard before {how}; heard: {heard}")


async def hear(call: PhoneCall, code: int, *, after: float = -1.0, timeout: float = LONGEST_WAIT) -> HeardTone:
    """Wait for a code in one call; see Ear.hear."""
    return await Ear(call).hear(code, after=after, timeout=timeout)


def _runs(codes: npt.NDArray[np.int64], started: float) -> list[HeardTone]:
    """Frames of one code become a tone, across gaps of lost packets."""
    heard: list[HeardTone] = []
    first = last = -1

    def close() -> None:
        if first >= 0 and last - first + 1 >= _SHORTEST_FRAMES:
            times = (started + first * FRAME_SECONDS, started + (last + 1) * FRAME_SECONDS)
            heard.append(HeardTone(int(codes[first]), *times))

    for frame in map(int, np.flatnonzero(codes >= 0)):
        if first < 0 or codes[frame] != codes[first] or frame - last > _LONGEST_GAP_FRAMES + 1:
            close()
            first = frame
        last = frame
    close()
    return heard


def _code_of_each_frame(samples: Samples) -> npt.NDArray[np.int64]:
    """-1 where a frame is no tone of ours."""
    count = len(samples) // FRAME_SAMPLES
    if not count:
        return np.zeros(0, dtype=np.int64)
    frames = samples[: count * FRAME_SAMPLES].reshape(count, FRAME_SAMPLES).astype(np.float64)
    spectrum = np.abs(np.fft.rfft(frames, axis=1))[:, _BINS] * (2 / FRAME_SAMPLES)
    power = np.mean(frames**2, axis=1)
    order = np.argsort(spectrum, axis=1)[:, -2:]
    low, high = order.min(axis=1), order.max(axis=1)
    rows = np.arange(count)
    weaker = np.minimum(spectrum[rows, low], spectrum[rows, high])
    stronger = np.maximum(spectrum[rows, low], spectrum[rows, high])
    pure = (weaker**2 + stronger**2) / 2 > 0.85 * power
    ours = pure & (weaker > _FAINTEST) & (stronger < 2.5 * weaker)
    return np.where(ours, _CODE_OF[low, high], -1)


def _codes() -> npt.NDArray[np.int64]:
    table = np.full((len(FREQUENCIES), len(FREQUENCIES)), -1, dtype=np.int64)
    for code, (low, high) in enumerate(PAIRS):
        table[FREQUENCIES.index(low), FREQUENCIES.index(high)] = code
    return table


_CODE_OF = _codes()
