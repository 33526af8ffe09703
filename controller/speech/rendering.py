"""Rendering: a text with its speech control, spoken by one or more engines, as one sound."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import structlog

from controller.errors import SynthesisFailed
from controller.script.voice_ids import FASTEST_RATE, FULL_VOLUME, NORMAL_RATE
from controller.speech.loudness import gain_to_target, limited
from controller.speech.markup import Pause, SpokenText, parse_markup, plain_text
from controller.speech.pcm import (
    WIDE_RATE,
    Pcm,
    Samples,
    TelephoneSound,
    silence,
    telephone_sound,
    to_pcm,
    to_wide_rate,
    trim,
)
from controller.speech.say_as import spell
from controller.speech.sentences import pieces_of
from controller.speech.spoken_forms import by_script, has_signs, spoken_form
from controller.speech.synthesizer import KeepsProcess, Manner, SpeechAudio, Synthesizer
from controller.speech.voices import Speaker, Voices

log = structlog.get_logger()

RENDERING = "5"
"""Part of every cached prompt's key: to be changed when the same text comes to sound different."""

# No call lasts longer: what is beyond is left out.
LONGEST_SECONDS = 3600
# How long a rendering may take, and again for every so many further pieces.
RENDER_SECONDS = 180.0
PIECES_IN_TIME = 400
BETWEEN_SENTENCES_SECONDS = 0.22
SHORTEST_SECONDS = 0.05
ENGINES_AT_ONCE = 2
# What is fainter than that, of a full amplitude of 1, is nothing that was spoken.
FAINTEST = 0.001


@dataclass(frozen=True, slots=True)
class Rendered:
    """A sound, and the engines that should have spoken it and could not, with the reason; empty as a rule."""

    sound: TelephoneSound
    stood_in_for: Mapping[str, str] = field(default_factory=dict)
    engine_seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Utterance:
    """One run of an engine, and the silence after it."""

    text: str
    speaker: Speaker
    manner: Manner
    volume: float
    rest: float


class Renderer:
    """Speaks texts. Across all renderings at most `at_once` programs are started; one rendering runs one at a time, so
    that a long text does not keep short ones waiting."""

    def __init__(self, voices: Voices, at_once: int = ENGINES_AT_ONCE) -> None:
        self._voices = voices
        self._engines = asyncio.Semaphore(at_once)

    async def render(
        self,
        text: str,
        voice: int,
        rate: int,
        volume: int,
        *,
        urgent: bool = False,
        stand_in: str = "",
        spare_seconds: float = 0.0,
    ) -> Rendered:
        """The spoken text; a very short silence when there is nothing but punctuation.

        rate: 0 (half as fast) to 20 (twice as fast), 10 is normal. volume: 0 to 100. Speech beyond an hour is left out.
        urgent: somebody waits for it on a line. Where a voice's engine fails, another one speaks; with `stand_in`, a
        reason, the engine of this voice is not asked. spare_seconds: so long is heard what was made before.
        SynthesisFailed when that fails too, for a script that no installed voice reads, and for signs of which nothing
        was heard (a text of emoji); VoiceUnavailable.
        """
        plan = await asyncio.to_thread(self._plan, text, voice, rate, urgent, spare_seconds)
        stood_in_for: dict[str, str] = {}
        if stand_in:
            stood_in_for[self._voices.speaker(voice).synthesizer.name] = stand_in
        spoken: dict[str, float] = {}
        pieces: list[Pcm] = []
        length = peak = 0.0
        patience = RENDER_SECONDS * (1 + len(plan) // PIECES_IN_TIME)
        try:
            async with asyncio.timeout(patience):
                for step in plan:
                    samples = (
                        silence(step.seconds, WIDE_RATE)
                        if isinstance(step, Pause)
                        else await self._speak(step, stood_in_for, spoken)
                    )
                    pieces.append(to_pcm(samples))
                    peak = max(peak, float(np.abs(samples).max(initial=0.0)))
                    length += len(samples) / WIDE_RATE
                    if length >= LONGEST_SECONDS:
                        break
        except TimeoutError as error:
            raise SynthesisFailed(f"The text was not spoken within {patience:g} seconds.") from error
        if peak < FAINTEST and not any(isinstance(step, Pause) for step in plan) and has_signs(plain_text(text)):
            raise SynthesisFailed("nothing of this text can be spoken")
        if length < SHORTEST_SECONDS:
            pieces.append(to_pcm(silence(SHORTEST_SECONDS, WIDE_RATE)))
        sound = await asyncio.to_thread(_assemble, pieces, min(max(volume, 0), FULL_VOLUME) / FULL_VOLUME)
        return Rendered(sound, stood_in_for, spoken)

    def _plan(self, text: str, voice: int, rate: int, urgent: bool, spare: float) -> list[_Utterance | Pause]:
        speed = 2 ** ((min(max(rate, 0), FASTEST_RATE) - NORMAL_RATE) / 10)
        plan: list[_Utterance | Pause] = []
        for part in parse_markup(text):
            if isinstance(part, Pause):
                plan.append(part)
                continue
            plan.extend(self._utterances(part, voice, speed, urgent, spare))
        return plan

    def _utterances(
        self, part: SpokenText, voice: int, speed: float, urgent: bool, spare: float
    ) -> Iterator[_Utterance]:
        style = part.style
        named = self._voices.id_of(style.voice) if style.voice else None
        for script, run in by_script(part.text):
            speaker = self._voices.speaker_of(voice if named is None else named, script)
            manner = Manner(speaker.engine_voice, speed * style.rate, style.pitch, urgent, spare)
            tag = speaker.voice.tag
            text = spell(run, style.spelled, tag) if style.spelled else spoken_form(run, tag)
            pieces = list(pieces_of(text))
            for number, (words, sentence) in enumerate(pieces, 1):
                rest = BETWEEN_SENTENCES_SECONDS if sentence and number < len(pieces) else 0.0
                yield _Utterance(words, speaker, manner, style.volume, rest)

    async def _speak(self, step: _Utterance, stood_in_for: dict[str, str], spoken: dict[str, float]) -> Samples:
        speech, engine = await self._spoken(step, stood_in_for)
        samples = await asyncio.to_thread(_finish, speech, step.volume, step.rest)
        spoken[engine] = spoken.get(engine, 0.0) + len(samples) / WIDE_RATE
        return samples

    async def _spoken(self, step: _Utterance, stood_in_for: dict[str, str]) -> tuple[SpeechAudio, str]:
        """The sound of a piece, and the engine that made it: another one where the voice's own fails."""
        own = step.speaker.synthesizer
        # An engine that has just failed this prompt is not waited for again: two voices by turns are worse.
        if own.name not in stood_in_for:
            try:
                return await self._run(own, step.text, step.manner), own.name
            except SynthesisFailed as error:
                if self._voices.stand_in(step.speaker) is None:
                    raise
                stood_in_for[own.name] = str(error)
                log.warning("another speech engine stands in", engine=own.name, reason=str(error))
        other = self._voices.stand_in(step.speaker)
        if other is None:  # another part of the text, in a language that only this engine has
            raise SynthesisFailed(stood_in_for[own.name])
        speech = await self._run(other.synthesizer, step.text, replace(step.manner, voice=other.engine_voice))
        return speech, other.synthesizer.name

    async def _run(self, engine: Synthesizer, text: str, manner: Manner) -> SpeechAudio:
        if isinstance(engine, KeepsProcess):  # it has a queue of its own, in which who waits on a line goes first
            return await engine.synthesize(text, manner)
        async with self._engines:
            return await engine.synthesize(text, manner)


def _finish(speech: SpeechAudio, volume: float, rest: float) -> Samples:
    """At the level of everything that is heard, then as loud as speech control has it."""
    samples = trim(to_wide_rate(speech.samples, speech.rate), WIDE_RATE)
    factor = np.float32(gain_to_target(samples, WIDE_RATE) * volume)
    samples = limited(samples * factor, WIDE_RATE)
    return np.concatenate([samples, silence(rest, WIDE_RATE)]) if rest else samples


def _assemble(pieces: list[Pcm], volume: float) -> TelephoneSound:
    """The whole prompt, at the volume of the call."""
    if volume == 1.0:
        return telephone_sound(pieces)
    return telephone_sound([(piece * np.float32(volume)).astype(np.int16) for piece in pieces])
