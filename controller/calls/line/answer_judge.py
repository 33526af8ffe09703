"""Who has answered, judged by what was heard since: pure, from words and tones with their times.

Rules and thresholds: docs/placing-calls.md; how often they are right: `make bench-amd`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from controller.calls.line.heard_sound import HeardSound, HeardTone, Word


@dataclass(frozen=True, slots=True)
class DetectionSettings:
    """Thresholds in seconds.

    initial_silence: nobody speaks for so long after the answer: unknown, and the message begins. longest_hello: who
    talks longer without a pause is a machine. pause: after so much silence what was said is over. beep_wait: after the
    greeting of a machine, so long is waited for its beep. after_beep: the beep is over after so much silence.
    next_ring: after a ringing tone, so long is waited for the next one or for somebody who talks.
    """

    initial_silence: float = 3.0
    longest_hello: float = 3.0
    pause: float = 0.7
    beep_wait: float = 3.0
    after_beep: float = 0.35
    next_ring: float = 6.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What was recognised: HUMAN, MACHINE, FAX, RING or UNKNOWN; and by what, for the trace."""

    what: str
    evidence: str


@dataclass(frozen=True, slots=True)
class _Phrase:
    """Words with no pause between them."""

    start: float
    end: float
    words: int

    @property
    def seconds(self) -> float:
        return self.end - self.start


# After a person has been recognised: who goes on soon, and for longer than a person does, is a machine after all.
_GOES_ON_WITHIN = 3.0
_GOES_ON_FOR = 1.5
_FAX_TONE, _FAX_SECONDS = 2100.0, 0.5
# Ringing tones: North America; the United Kingdom, in two bursts; one tone of about 425 Hz in most of Europe.
_RING_PAIRS = ((440.0, 480.0, 1.0), (400.0, 450.0, 0.24))
_RING_LOW, _RING_HIGH, _RING_SECONDS = 405.0, 455.0, 0.9
_BURSTS_OF_A_RING = 0.5
# Busy and dial tones (ITU-T E.180, North America) are no beeps, nor are the keys of a telephone (ITU-T Q.23).
_NO_BEEPS = ((480.0, 620.0), (350.0, 440.0))
_KEYS_LOW, _KEYS_HIGH = (680.0, 960.0), (1190.0, 1660.0)
_LOWEST_BEEP, _SHORTEST_BEEP, _LONGEST_BEEP = 380.0, 0.2, 2.5


class AnswerJudge:
    """Judges a call's sound, again and again as more of it is heard."""

    def __init__(self, settings: DetectionSettings) -> None:
        self._settings = settings
        self.what = ""
        self._rung_until = 0.0
        self._unknown_told = False

    def judge(self, sound: HeardSound) -> list[Finding]:
        """What is recognised now that was not before."""
        now, tones = sound.seconds, sound.tones()
        found = []
        if any(tone.near(_FAX_TONE, reach=30.0) and tone.seconds >= _FAX_SECONDS for tone in tones):
            return self._became("FAX", "a fax's answering tone of 2,100 Hz")
        if self.what != "MACHINE":
            found = self._rings(tones)
        phrases = self._phrases(sound.words())
        beep = self._last_beep(tones)
        if beep and self.what != "MACHINE":
            return found + self._became("MACHINE", f"a beep of {_hertz(beep)} for {beep.seconds:.2f} s")
        if not self.what and phrases:
            return found + self._by_talk(phrases[0], tones, now)
        if self.what == "HUMAN":
            return found + self._machine_after_all(phrases)
        if not self.what and not self._unknown_told and now - self._rung_until >= self._silence_limit:
            self._unknown_told = True
            found.append(Finding("UNKNOWN", f"nobody spoke for {now - self._rung_until:.1f} s"))
        return found

    def may_speak(self, sound: HeardSound, quiet: float) -> bool:
        """Whether the greeting is over: what is said now is heard. quiet: the silence (s) that tells so of a person."""
        now, settings = sound.seconds, self._settings
        words = [word for word in sound.words() if word.start >= self._rung_until]
        talked_until = max((word.end for word in words), default=self._rung_until)
        if self.what == "FAX":
            return True
        if self.what == "MACHINE":
            tones = sound.tones()
            sounded_until = max([talked_until, *(tone.end for tone in tones)])
            beep = self._last_beep(tones)
            if beep and beep.end >= talked_until:
                return now - sounded_until >= settings.after_beep
            return now - sounded_until >= settings.beep_wait
        if self.what == "HUMAN":
            return now - talked_until >= quiet
        return now - talked_until >= self._silence_limit and not words

    @property
    def _silence_limit(self) -> float:
        return self._settings.next_ring if self._rung_until else self._settings.initial_silence

    def _became(self, what: str, evidence: str) -> list[Finding]:
        if self.what == what:
            return []
        self.what = what
        return [Finding(what, evidence)]

    def _rings(self, tones: Sequence[HeardTone]) -> list[Finding]:
        """One finding a ring; whoever talked before it has put the call through."""
        found = []
        for tone in tones:
            if not _is_ring(tone) or tone.end <= self._rung_until:
                continue
            if tone.start - self._rung_until > _BURSTS_OF_A_RING or not self._rung_until:
                found.append(Finding("RING", f"a ringing tone of {_hertz(tone)}"))
            self._rung_until = tone.end
            self.what, self._unknown_told = "", False
        return found

    def _phrases(self, words: Sequence[Word]) -> list[_Phrase]:
        phrases: list[_Phrase] = []
        for word in words:
            if word.start < self._rung_until:
                continue
            if phrases and word.start - phrases[-1].end < self._settings.pause:
                last = phrases.pop()
                phrases.append(_Phrase(last.start, word.end, last.words + 1))
            else:
                phrases.append(_Phrase(word.start, word.end, 1))
        return phrases

    def _by_talk(self, first: _Phrase, tones: Sequence[HeardTone], now: float) -> list[Finding]:
        settings = self._settings
        told = f"{first.seconds:.1f} s of talk in {first.words} parts"
        if first.seconds > settings.longest_hello:
            return self._became("MACHINE", f"{told} without a pause of {settings.pause:g} s")
        # A tone that has begun may become a beep.
        if now - max([first.end, *(tone.end for tone in tones)]) >= settings.pause:
            return self._became("HUMAN", f"{told}, then a pause")
        return []

    def _machine_after_all(self, phrases: Sequence[_Phrase]) -> list[Finding]:
        for before, phrase in itertools.pairwise(phrases):
            longer = phrase.seconds > self._settings.longest_hello + _GOES_ON_FOR
            if longer and phrase.start - before.end <= _GOES_ON_WITHIN:
                return self._became("MACHINE", f"went on to talk for {phrase.seconds:.1f} s")
        return []

    def _last_beep(self, tones: Sequence[HeardTone]) -> HeardTone | None:
        beeps = [tone for tone in tones if not tone.open and tone.start >= self._rung_until and self._is_beep(tone)]
        return beeps[-1] if beeps else None

    def _is_beep(self, tone: HeardTone) -> bool:
        low, high = _KEYS_LOW, _KEYS_HIGH
        is_key = low[0] <= tone.low <= low[1] and high[0] <= tone.high <= high[1]
        is_other = any(tone.near(*pair) for pair in _NO_BEEPS) or tone.near(_FAX_TONE, reach=30.0)
        # Two frequencies of a ring are no beep either when packets were lost, and it is heard in parts.
        is_pair = any(tone.near(low, high) for low, high, _ in _RING_PAIRS)
        is_ring = self.what != "MACHINE" and (is_pair or _is_ring(tone))
        is_usual = tone.low >= _LOWEST_BEEP and _SHORTEST_BEEP <= tone.seconds <= _LONGEST_BEEP
        return is_usual and not (is_key or is_other or is_ring)


def _is_ring(tone: HeardTone) -> bool:
    if any(tone.near(low, high) and tone.seconds >= seconds for low, high, seconds in _RING_PAIRS):
        return True
    return not tone.high and _RING_LOW <= tone.low <= _RING_HIGH and tone.seconds >= _RING_SECONDS


def _hertz(tone: HeardTone) -> str:
    return f"{tone.low:.0f} and {tone.high:.0f} Hz" if tone.high else f"{tone.low:.0f} Hz"
