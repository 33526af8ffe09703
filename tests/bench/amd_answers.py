"""Answers for the bench of answering-machine detection: people, voicemails and tones, by every installed engine.

Each is made anew from the same seed: what is said, by whom, in which noise, and whether silence is suppressed.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from controller.speech.pcm import TELEPHONE_RATE, to_telephone_rate, trim
from controller.speech.synthesizer import Manner, Synthesizer

Floats = npt.NDArray[np.float64]

SEED: Final = 20261127
LOUDNESS: Final = 0.35
# White noise below the talk, in dB below full scale: none, a room, a street.
NOISES: Final = (None, -52.0, -38.0)
VOICES: Final = {
    "flite": ("slt", "rms", "awb", "kal16"),
    "espeak": ("en-us", "en-us+f3", "en-gb", "en-gb+f4", "en-us+m3"),
}
HELLOS: Final = (
    "Hello?",
    "Hi.",
    "Yes?",
    "Hello, who is this?",
    "Smith.",
    "Good morning.",
    "Hello, this is John Smith.",
    "Mary speaking.",
    "Acme Hardware.",
    "Yeah, hello?",
    "Good morning, Acme Hardware.",
    "Hello, Miller residence.",
    "Front desk, how may I help you?",
    "Hello? | 0.6 | Hello?",
    "Hi, this is Anna. | 0.3 | Hello?",
)
GREETINGS: Final = (
    "Hi, you have reached John Smith. I can not come to the phone right now. Please leave a message after the tone.",
    "Hello. | 0.5 | This is Mary Miller. I am away from my desk. Please leave your name and number after the beep.",
    "The person you are calling is not available. Please leave a message after the tone.",
    (
        "You have reached the voice mailbox of two zero one, five five five, zero one four two. At the tone, record "
        "your message. | 0.8 | When you have finished recording, you may hang up."
    ),
    "Hey, it's Bob. | 0.4 | You know what to do. Leave your message at the beep and I will call you back.",
    (
        "Thank you for calling Acme Hardware. We are closed at the moment. Our hours are nine to five. | 0.6 | Leave "
        "a message and we will return your call."
    ),
    (
        "Your call has been forwarded to an automatic voice message service | 0.7 | John | 0.5 | is not available. "
        "At the tone, please record your message."
    ),
)
SCREENING: Final = (
    "Hi. The person you are calling is using a call screening service. Please say your name and why you are calling."
)
# Frequencies and seconds of beeps; two frequencies sound together, and `then` follows after a tenth of a second.
BEEPS: Final[tuple[tuple[tuple[float, ...], float], ...]] = (
    ((440.0,), 0.5),
    ((620.0,), 0.3),
    ((850.0,), 0.4),
    ((1000.0,), 0.5),
    ((1000.0,), 1.5),
    ((1400.0,), 0.3),
    ((1400.0,), 0.8),
    ((800.0, 1150.0), 0.5),
    ((1050.0, 1400.0), 0.4),
)
US_RING, UK_RING, EU_RING = "North American", "British", "European"


@dataclass(frozen=True)
class Answer:
    """What somebody who answers sounds like. kind: what it is to be taken for.

    said_until: when the first thing said is over; over: when a voicemail listens (seconds from the answer). gaps: where
    no packets are sent, as samples that are exactly zero.
    """

    name: str
    kind: str
    samples: Floats
    said_until: float
    over: float
    suppressed: bool


def tone(seconds: float, *frequencies: float, level: float = 0.25) -> Floats:
    """Frequencies (Hz) that sound together."""
    moment = np.arange(round(seconds * TELEPHONE_RATE)) / TELEPHONE_RATE
    waves: Floats = np.sum([np.sin(2 * np.pi * each * moment) for each in frequencies], axis=0)
    return waves * level / len(frequencies)


def gap(seconds: float) -> Floats:
    """Nothing."""
    return np.zeros(round(seconds * TELEPHONE_RATE))


class _Maker:
    def __init__(self, engines: Sequence[Synthesizer]) -> None:
        self._random = random.Random(SEED)
        self._noise = np.random.default_rng(SEED)
        self._voices = [(engine, voice) for engine in engines for voice in VOICES.get(engine.name, ())]
        self._turn = 0

    async def said(self, text: str) -> tuple[Floats, str]:
        """A text by the next voice, "|" between its parts and the seconds of pauses; and who says it."""
        engine, voice = self._voices[self._turn % len(self._voices)]
        self._turn += 1
        parts: list[Floats] = []
        for place, part in enumerate(text.split(" | ")):
            if place % 2:
                parts.append(gap(float(part)))
                continue
            audio = await engine.synthesize(part, Manner(voice))
            heard = trim(to_telephone_rate(audio.samples, audio.rate)).astype(np.float64)
            parts.append(heard * (LOUDNESS / max(0.05, float(np.abs(heard).max()))))
        return np.concatenate(parts), f"{engine.name} {voice}"

    def answer(
        self, name: str, kind: str, parts: Sequence[Floats], *, said: int = 2, over: int | None = None
    ) -> Answer:
        """From its parts: `said` of them until the first thing said is over, `over` until a voicemail listens."""
        place = self._turn
        noise = NOISES[place % 3]
        suppressed = noise is None and place % 2 == 0
        samples = np.concatenate([*parts, gap(6.0)])
        if noise is not None:
            samples = samples + self._noise.normal(0.0, 10 ** (noise / 20), len(samples))
        lengths = np.cumsum([len(part) for part in parts]) / TELEPHONE_RATE
        told = f"{name}, noise {'none' if noise is None else f'{noise:.0f} dB'}{', suppressed' if suppressed else ''}"
        return Answer(
            told, kind, samples, float(lengths[said - 1]), float(lengths[(over or len(parts)) - 1]), suppressed
        )

    def next_turn(self) -> None:
        """The next noise, and the next voice."""
        self._turn += 1

    def between(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)

    def beep(self) -> tuple[list[Floats], str]:
        frequencies, seconds = self._random.choice(BEEPS)
        named = f"{'+'.join(f'{each:.0f}' for each in frequencies)} Hz {seconds:g} s"
        if self._random.random() < 0.2:
            return [np.concatenate([tone(0.3, *frequencies), gap(0.1), tone(0.3, *frequencies)])], f"two of {named}"
        return [tone(seconds, *frequencies)], named


async def answers(engines: Sequence[Synthesizer], people: int = 120, machines: int = 100) -> AsyncIterator[Answer]:
    """All of them, one after the other. engines: those of which some voice is known here."""
    make: Any = _Maker(engines)
    for number in range(people):
        hello = HELLOS[number % len(HELLOS)]
        words, who = await make.said(hello)
        yield make.answer(f"person: {hello!r} by {who}", "HUMAN", [gap(make.between(0.2, 1.2)), words])
    for number in range(machines):
        greeting, who = await make.said(GREETINGS[number % len(GREETINGS)])
        beep, named = make.beep()
        begins = make.between(0.2, 2.2)
        click = [tone(0.04, 300.0, 700.0), gap(0.8)] if number % 8 == 0 else [gap(0.0), gap(0.0)]
        parts = [*click, gap(begins), greeting, gap(make.between(0.2, 1.8)), *beep]
        yield make.answer(f"voicemail by {who}, beep {named}", "MACHINE", parts, said=4)
    for _ in range(6):
        screening, who = await make.said(SCREENING)
        yield make.answer(f"call screening by {who}", "MACHINE", [gap(0.4), screening], said=2)
    for number, country in enumerate((US_RING, UK_RING, EU_RING) * 4):
        words, who = await make.said(HELLOS[number % 5])
        rings = {
            US_RING: [np.concatenate([tone(2.0, 440.0, 480.0), gap(4.0)])],
            UK_RING: [np.concatenate([tone(0.4, 400.0, 450.0), gap(0.2), tone(0.4, 400.0, 450.0), gap(2.0)])] * 2,
            EU_RING: [np.concatenate([tone(1.0, 425.0), gap(4.0)])],
        }[country]
        hold, _ = await make.said("One moment please.")
        parts = [gap(0.4), hold, gap(1.2), *rings, words]
        yield make.answer(f"switchboard with a {country} ring, then {who}", "RING", parts)
    for number in range(4):
        yield make.answer("fax", "FAX", [gap(0.5 + number * 0.3), tone(2.6, 2100.0)])
    for _ in range(6):
        make.next_turn()
        yield make.answer("silence", "UNKNOWN", [gap(1.0), gap(3.0)])
