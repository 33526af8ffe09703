"""The built-in sounds: those that every script may play by name, made of tones when they are first wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from controller.speech.pcm import BEEP_HZ, BEEP_LEVEL, BEEP_SECONDS, FADE_SECONDS, TELEPHONE_RATE, Samples

LEVEL = 0.5
DYING_AWAY = 5.0


@dataclass(frozen=True, slots=True)
class ToneNote:
    """Frequencies (Hz) that sound together for so many seconds; silence without any. `struck`: it dies away, as a bell
    does, instead of lasting evenly.
    """

    seconds: float
    pitches: tuple[float, ...] = ()
    struck: bool = False
    level: float = LEVEL

    def samples(self) -> Samples:
        """The note at 8 kHz, faded at both ends so that nothing clicks."""
        times = np.arange(round(self.seconds * TELEPHONE_RATE)) / TELEPHONE_RATE
        waves = sum((np.sin(2 * np.pi * pitch * times) for pitch in self.pitches), np.zeros(len(times)))
        if self.struck:
            waves *= np.exp(-DYING_AWAY * times / self.seconds)
        ramp = np.linspace(0, 1, round(FADE_SECONDS * TELEPHONE_RATE))
        waves[: len(ramp)] *= ramp
        waves[len(waves) - len(ramp) :] *= ramp[::-1]
        return np.asarray(waves * self.level / max(1, len(self.pitches)), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class HouseSound:
    """Notes that follow each other."""

    notes: tuple[ToneNote, ...]

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return sum(note.seconds for note in self.notes)

    def samples(self) -> Samples:
        """The sound at 8 kHz."""
        return np.concatenate([note.samples() for note in self.notes])


def _struck(seconds: float, *pitches: float) -> ToneNote:
    return ToneNote(seconds, pitches, struck=True)


# The ringing and the busy tone are those of North America (ITU-T E.180); the others are of our own making.
HOUSE_SOUNDS: Mapping[str, HouseSound] = {
    "beep": HouseSound((ToneNote(BEEP_SECONDS, (BEEP_HZ,), level=BEEP_LEVEL),)),
    "busy": HouseSound((ToneNote(0.5, (480, 620)), ToneNote(0.5)) * 4),
    "buzzer": HouseSound((ToneNote(0.8, (150, 300, 450, 600, 750, 900)),)),
    "chime": HouseSound((_struck(0.3, 523), _struck(0.3, 659), _struck(0.3, 784), _struck(1.0, 1047))),
    "ding": HouseSound((_struck(0.8, 1568),)),
    "dingdong": HouseSound((_struck(0.6, 659), _struck(0.9, 523))),
    "error": HouseSound((ToneNote(0.15, (440,)), ToneNote(0.05), ToneNote(0.4, (330,)))),
    "ring": HouseSound((ToneNote(2.0, (440, 480)),)),
    "success": HouseSound((ToneNote(0.12, (659,)), ToneNote(0.4, (988,)))),
    "tada": HouseSound((ToneNote(0.15, (392, 494, 587)), ToneNote(0.05), _struck(1.0, 523, 659, 784))),
}
"""By the name that PlaySpecialSoundFile takes."""

HOUSE_SECONDS: Mapping[str, float] = {name: sound.seconds for name, sound in HOUSE_SOUNDS.items()}
"""How long each lasts."""
