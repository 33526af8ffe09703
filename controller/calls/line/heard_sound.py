"""What is heard on a line, from its samples: words and tones, each with its time. Pure: no clock, no I/O.

The line is cut into frames of 20 ms. A frame has a level, and how much of its power stands in one frequency or in two.
Talk is what is louder than the noise floor, which is learnt from the quietest frames of the last seconds; tones are
pure for a while, and are no talk.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]
_Floats = npt.NDArray[np.float64]

RATE = 8000
FRAME = 160
FRAME_SECONDS = FRAME / RATE
# Levels are in dB below a full-scale sine; a line on which no packets come is as quiet as can be.
_QUIETEST = -90.0
# No line is so noisy that what is this loud is noise, and none so quiet that what is fainter than this is talk.
_LOUDEST_FLOOR = -34.0
_FAINTEST_TALK = -48.0
# The noise floor: this part of the frames of so many seconds is not louder.
_FLOOR_PART = 0.03
_FLOOR_FRAMES = 500
# What is this faint are packets that did not come. A few are lost, and say nothing of the noise; where they are many,
# the line is silent between the words.
_NO_PACKET = -80.0
_MOST_CAME = 0.7
# Up to so many packets that were lost on the way are heard as a going on of what was before them, in the way of
# ITU-T G.711, appendix I: by the period (samples) that fits it best.
_MOST_LOST = 5
_SHORTEST_PERIOD, _LONGEST_PERIOD = 80, 400
# Talk is so much louder than the floor.
_ABOVE_FLOOR = 9.0
# Shorter bursts are clicks and no words; shorter gaps belong to a word.
SHORTEST_WORD = 0.1
_WORD_GAP = 0.16
# A tone: so much of the power in one frequency, or two; steady to so many Hz; for so long at least.
_PURE = 0.8
_STEADY = 20.0
SHORTEST_TONE = 0.16
_TONE_GAP_FRAMES = 3
_FAINTEST_TONE = -40.0
# A window of two frames; its bins are 25 Hz apart, and a tone fills three of them.
_WINDOW = np.hanning(2 * FRAME)
_BIN = RATE / (2 * FRAME)
_REACH = 2
_LOWEST_BIN, _HIGHEST_BIN = 8, 140
# Of two frequencies, the one has so much of the power at least; the other, so much of the first one's.
_LEADING = 0.3
_WEAKER = 1 / 12
# Where ringing tones stand, and the longer window (160 ms) that tells their two frequencies apart.
_RING_BINS = slice(15, 22)
_LONG_WINDOW = 8 * FRAME
_LONG = np.hanning(_LONG_WINDOW)
_LONG_BIN = RATE / _LONG_WINDOW
_BATCH_FRAMES = 5
# What was heard longer ago is forgotten.
_KEPT_FRAMES = 3000


@dataclass(frozen=True, slots=True)
class Word:
    """Talk without a gap, in seconds since the line was first heard. `open`: it may go on."""

    start: float
    end: float
    open: bool = False

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class HeardTone:
    """A tone of one frequency or two (Hz, the lower one first; `high` is 0 for one). `open`: it may go on."""

    start: float
    end: float
    low: float
    high: float = 0.0
    open: bool = False

    @property
    def seconds(self) -> float:
        return self.end - self.start

    def near(self, low: float, high: float = 0.0, reach: float = 18.0) -> bool:
        """Whether it is a tone of these frequencies."""
        return abs(self.low - low) <= reach and abs(self.high - high) <= reach


class HeardSound:
    """All that a line has sounded like so far. Samples are added as they come; words and tones are read at any time."""

    def __init__(self) -> None:
        self._rest: Samples = np.zeros(0, dtype=np.int16)
        self._latest: Samples = np.zeros(0, dtype=np.int16)  # what came last, unless that was long ago
        self._before: _Floats = np.zeros(_LONG_WINDOW - FRAME)
        # A row for each of: level, noise floor, lower and higher frequency; a column for each frame.
        self._rows: _Floats = np.zeros((4, 2 * _KEPT_FRAMES))
        self._count = 0
        self._forgotten = 0  # frames
        self._tones: list[HeardTone] | None = None
        self._words: list[Word] | None = None

    @property
    def seconds(self) -> float:
        """How much was heard."""
        return (self._forgotten + self._count) * FRAME_SECONDS + len(self._rest) / RATE

    def add(self, samples: Samples) -> None:
        """More of the line: 8 kHz, 16 bits."""
        joined = np.concatenate([self._rest, samples])
        whole = self._conceal(joined, len(joined) // FRAME) * FRAME
        self._rest = joined[whole:]
        for first in range(0, whole, _BATCH_FRAMES * FRAME):
            self._take(joined[first : min(whole, first + _BATCH_FRAMES * FRAME)].astype(np.float64))

    def _conceal(self, samples: Samples, count: int) -> int:
        """Fill what is missing in the frames where packets were lost; how many frames are known for certain."""
        frames = samples[: count * FRAME].reshape(count, FRAME)
        missing = 0
        for place, came in enumerate(np.any(frames, axis=1).tolist()):
            if not came:
                missing += 1
                continue
            if missing <= _MOST_LOST and len(self._latest) == _LONGEST_PERIOD + FRAME:
                if missing:
                    frames[place - missing : place] = _going_on(self._latest, missing)
                    self._remember(frames[place - missing : place])
            else:
                self._latest = self._latest[:0]
            self._remember(frames[place])
            missing = 0
        if missing > _MOST_LOST:
            self._latest = self._latest[:0]
        # Whether the last ones are lost is not known yet.
        return count - missing if len(self._latest) else count

    def _remember(self, frames: Samples) -> None:
        self._latest = np.concatenate([self._latest, frames.ravel()])[-(_LONGEST_PERIOD + FRAME) :]

    def add_silence(self, seconds: float) -> None:
        """Nothing came for so long."""
        self.add(np.zeros(round(seconds * RATE), dtype=np.int16))

    @property
    def floor(self) -> float:
        """The noise floor at the end, in dB below full scale."""
        return float(self._rows[1, self._count - 1]) if self._count else _FAINTEST_TALK - _ABOVE_FLOOR

    def words(self) -> list[Word]:
        """The words so far, in order; what is a tone is none."""
        if self._words is None:
            self._words = self._find_words()
        return self._words

    def tones(self) -> list[HeardTone]:
        """The tones so far, in order."""
        if self._tones is None:
            self._tones = self._find_tones()
        return self._tones

    def _find_words(self) -> list[Word]:
        levels, floors = self._rows[0, : self._count], self._rows[1, : self._count]
        loud = levels > np.maximum(floors + _ABOVE_FLOOR, _FAINTEST_TALK)
        for tone in self.tones():
            # The frames at its edges are half tone and half what is around it.
            loud[max(0, self._place(tone.start) - 2) : self._place(tone.end) + 2] = False
        words, gap = [], round(_WORD_GAP / FRAME_SECONDS)
        for first, last in _runs(loud, gap):
            if (last - first + 1) * FRAME_SECONDS >= SHORTEST_WORD - 1e-9:
                words.append(Word(self._moment(first), self._moment(last + 1), self._count - last - 1 <= gap))
        return words

    def _find_tones(self) -> list[HeardTone]:
        lows, highs = self._rows[2, : self._count], self._rows[3, : self._count]
        found: list[HeardTone] = []
        for first, last in _runs(lows > 0, _TONE_GAP_FRAMES):
            for start, end in _steady(lows, highs, first, last):
                if (end - start + 1) * FRAME_SECONDS < SHORTEST_TONE - 1e-9:
                    continue
                inside = slice(start, end + 1)
                pure = lows[inside] > 0
                low, high = (float(np.median(each[inside][pure])) for each in (lows, highs))
                is_open = self._count - end - 1 <= _TONE_GAP_FRAMES + 1
                found.append(HeardTone(self._moment(start), self._moment(end + 1), low, high, is_open))
        return found

    def _take(self, fresh: _Floats) -> None:
        """A few whole frames."""
        self._tones = self._words = None
        self._forget()
        stretch = np.concatenate([self._before, fresh])
        self._before = stretch[-len(self._before) :]
        frames = len(fresh) // FRAME
        power = np.mean(fresh.reshape(-1, FRAME) ** 2, axis=1) / (32767.0**2 / 2)
        place = slice(self._count, self._count + frames)
        levels = 10 * np.log10(np.maximum(power, 10 ** (_QUIETEST / 10)))
        self._rows[0, place] = levels
        self._count += frames
        self._rows[1, place] = _floor(self._rows[0, max(0, self._count - _FLOOR_FRAMES) : self._count])
        self._rows[2:, place] = _pitches(stretch, levels)

    def _forget(self) -> None:
        if self._count + _BATCH_FRAMES > self._rows.shape[1]:
            self._rows[:, :_KEPT_FRAMES] = self._rows[:, self._count - _KEPT_FRAMES : self._count].copy()
            self._forgotten += self._count - _KEPT_FRAMES
            self._count = _KEPT_FRAMES

    def _moment(self, place: int) -> float:
        return (self._forgotten + place) * FRAME_SECONDS

    def _place(self, moment: float) -> int:
        return round(moment / FRAME_SECONDS) - self._forgotten


def _going_on(before: Samples, count: int) -> Samples:
    """So many frames that go on with what was before them."""
    windows = np.lib.stride_tricks.sliding_window_view(before[:-_SHORTEST_PERIOD].astype(np.float64), FRAME)
    lengths = np.sqrt(np.sum(windows**2, axis=1))
    likeness = windows @ before[-FRAME:].astype(np.float64) / np.maximum(lengths, 1.0)
    period = before[-(_LONGEST_PERIOD - int(likeness.argmax())) :]
    return np.resize(period, count * FRAME).reshape(count, FRAME)


def _floor(levels: _Floats) -> float:
    """The noise floor of a line that was this loud of late."""
    came = levels[levels > _NO_PACKET]
    if len(came) < _MOST_CAME * len(levels):
        came = levels
    part = int(len(came) * _FLOOR_PART)
    return min(float(np.partition(came, part)[part]), _LOUDEST_FLOOR)


def _pitches(stretch: _Floats, levels: _Floats) -> _Floats:
    """Of each of the last frames the frequency or the two (the lower first) in which nearly all of its power stands."""
    found = np.zeros((2, len(levels)))
    if levels.max() <= _FAINTEST_TONE:
        return found
    near = stretch[-(len(levels) + 1) * FRAME :]
    windows = np.lib.stride_tricks.sliding_window_view(near, 2 * FRAME)[::FRAME] * _WINDOW
    powers = np.abs(np.fft.rfft(windows, axis=1)) ** 2
    whole = powers[:, 2:].sum(axis=1)
    peaks = powers.argmax(axis=1)
    for number in np.flatnonzero((levels > _FAINTEST_TONE) & (whole > 0)):
        peak, spectrum = int(peaks[number]), powers[number]
        if not _LOWEST_BIN <= peak < _HIGHEST_BIN or float(_around(spectrum, peak).sum()) < _LEADING * whole[number]:
            continue
        if float(spectrum[_RING_BINS].sum()) >= _PURE * whole[number]:
            end = len(stretch) - (len(levels) - 1 - int(number)) * FRAME
            found[:, number] = _close_pair(stretch[end - _LONG_WINDOW : end])
        else:
            found[:, number] = _pair(spectrum, peak, float(whole[number]))
    return found


def _around(spectrum: _Floats, peak: int) -> _Floats:
    return spectrum[max(0, peak - _REACH) : peak + _REACH + 1]


def _pair(spectrum: _Floats, first: int, whole: float) -> tuple[float, float]:
    alone = float(_around(spectrum, first).sum())
    if alone >= _PURE * whole:
        return _frequency(spectrum, first, _BIN), 0.0
    others = spectrum.copy()
    _around(others, first)[:] = 0
    second = int(others.argmax())
    weaker = float(_around(others, second).sum())
    if alone + weaker < _PURE * whole or weaker < alone * _WEAKER:
        return 0.0, 0.0
    low, high = sorted((_frequency(spectrum, first, _BIN), _frequency(others, second, _BIN)))
    return low, high


def _close_pair(samples: _Floats) -> tuple[float, float]:
    """Ringing tones are two frequencies so near to each other that only a longer window tells them apart."""
    spectrum = np.abs(np.fft.rfft(samples * _LONG)) ** 2
    spectrum[: int(300 / _LONG_BIN)] = 0
    first = int(spectrum.argmax())
    others = spectrum.copy()
    others[max(0, first - 3) : first + 4] = 0
    second = int(others.argmax())
    if others[second] < spectrum[first] * _WEAKER:
        return _frequency(spectrum, first, _LONG_BIN), 0.0
    low, high = sorted((_frequency(spectrum, first, _LONG_BIN), _frequency(others, second, _LONG_BIN)))
    return low, high


def _frequency(powers: _Floats, peak: int, width: float) -> float:
    """The frequency of a peak, between the bins (each so many Hz wide) by their weights."""
    near = slice(max(0, peak - 1), peak + 2)
    weights = np.sqrt(powers[near])
    return float(np.sum(np.arange(near.start, near.start + len(weights)) * weights) / np.sum(weights) * width)


def _runs(wanted: npt.NDArray[np.bool_], gap: int) -> list[tuple[int, int]]:
    """First and last of each run of wanted frames; gaps of at most `gap` frames do not end one."""
    places = np.flatnonzero(wanted)
    if not len(places):
        return []
    breaks = np.flatnonzero(np.diff(places) > gap + 1)
    firsts = places[np.concatenate([[0], breaks + 1])]
    lasts = places[np.concatenate([breaks, [len(places) - 1]])]
    return [(int(first), int(last)) for first, last in zip(firsts, lasts, strict=True)]


def _steady(lows: _Floats, highs: _Floats, first: int, last: int) -> list[tuple[int, int]]:
    """A run of pure frames, cut where its frequencies change."""
    parts, start, low, high = [], first, lows[first], highs[first]
    for place in range(first + 1, last + 1):
        if lows[place] <= 0:
            continue
        if abs(lows[place] - low) > _STEADY or abs(highs[place] - high) > _STEADY:
            parts.append((start, place - 1))
            start = place
        low, high = lows[place], highs[place]
    return [*parts, (start, last)]
