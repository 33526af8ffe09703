"""Voices: which voice of an installed engine speaks for each id that customers' programs and scripts use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from controller.errors import ConfigurationError, SynthesisFailed, VoiceUnavailable
from controller.script.voice_ids import DEFAULT_VOICE, VOICES, Voice
from controller.speech.markup import named_voices
from controller.speech.spoken_forms import by_script, languages_of
from controller.speech.synthesizer import WAY_OUT, KeepsProcess, Synthesizer

HIGHEST_ID = 9999


@dataclass(frozen=True, slots=True)
class Speaker:
    """What speaks for a voice id: an engine and its own voice.

    `reason` is empty when it is the right one; else it says why the default voice speaks instead.
    """

    voice: Voice
    synthesizer: Synthesizer
    engine_voice: str
    reason: str = ""

    @property
    def is_fallback(self) -> bool:
        """Whether the voice asked for is not available, and another one speaks."""
        return bool(self.reason)


class Voices:
    """The table from voice ids to the voices of the installed engines.

    engines: in order of preference. table: what the configuration says instead of the built-in choice, by id:
    `engine:voice`, e.g. `"17": "espeak:es-419"` or `"50": "piper:en_US-amy-medium"`; ids of its own are welcome.
    better: the engine that goes before all others for a language and a gender, e.g. ("en-us", "Male").
    ConfigurationError for a table that names no engine there is, or no id.
    """

    def __init__(
        self,
        engines: Sequence[Synthesizer],
        table: Mapping[str, str] | None = None,
        better: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        self._better = dict(better or {})
        self._engines = {engine.name: engine for engine in engines}
        self._voices = {voice.id: voice for voice in VOICES}
        self._table = dict(self._entry(*item) for item in (table or {}).items())
        self._speakers: dict[int, Speaker] = {}
        self.signature = repr((sorted(self._engines), sorted(self._table.items())))
        """What tells this table from another: a text that names voices sounds different under another table."""
        self._ids = {voice.name.lower(): voice.id for voice in reversed(self._voices.values())}

    @property
    def engines(self) -> tuple[Synthesizer, ...]:
        """The engines, in order of preference."""
        return tuple(self._engines.values())

    def speaker(self, voice_id: int) -> Speaker:
        """Who speaks for this id; the default voice, flagged, where nobody can. VoiceUnavailable without any engine."""
        known = self._speakers.get(voice_id)
        if known is None:
            known = self._choose(voice_id)
            # Ids that mean nothing are not remembered: anybody can make up any number of them.
            if voice_id in self._voices:
                self._speakers[voice_id] = known
        return known

    def speaker_of(self, voice_id: int, script: str) -> Speaker:
        """Who speaks for this id what is written in a script (see `spoken_forms`): another engine or voice where the
        voice's own language is not written so. SynthesisFailed when nobody can; VoiceUnavailable without any engine.
        """
        speaker = self.speaker(voice_id)
        languages = languages_of(script)
        if not script or speaker.voice.tag.split("-")[0] in languages:
            return speaker
        if not speaker.synthesizer.speaks(speaker.voice.tag):
            return speaker  # an engine of the configuration: what it reads is not known here
        for language in languages:
            for engine in self._engines.values():
                if engine.speaks(language):
                    voice = replace(speaker.voice, language=language, tag=language)
                    return Speaker(voice, engine, engine.voice_for(language, voice.gender))
        raise SynthesisFailed(f"no installed voice reads {script.title()} writing")

    def stand_in(self, speaker: Speaker) -> Speaker | None:
        """Who speaks instead while the speaker's engine fails: the next one with the language; None without any."""
        tag = speaker.voice.tag
        for language in (tag, tag.split("-")[0]):
            for engine in self._engines.values():
                if engine is not speaker.synthesizer and engine.speaks(language):
                    return Speaker(speaker.voice, engine, engine.voice_for(tag, speaker.voice.gender))
        return None

    async def close(self) -> None:
        """End the processes that engines keep."""
        for engine in self._engines.values():
            if isinstance(engine, KeepsProcess):
                await engine.close()

    def warning(self, voice_id: int) -> str:
        """Why this id is not spoken as asked, for the checker; empty when it is."""
        try:
            return self.speaker(voice_id).reason
        except VoiceUnavailable as error:
            return str(error)

    def unheard(self, text: str) -> Iterator[str]:
        """For each voice that a text names and nobody has, a sentence that says what is heard instead; for each script
        that nobody reads, a sentence too.
        """
        for script in dict.fromkeys(script for script, _ in by_script(text) if script):
            try:
                self.speaker_of(DEFAULT_VOICE, script)
            except (SynthesisFailed, VoiceUnavailable) as error:
                yield f"This text cannot be spoken: {error}. A call that is to say it is refused."
        for name in named_voices(text):
            voice_id = self.id_of(name)
            if voice_id is None:
                yield f"There is no voice {name[:60]!r}; the text is spoken as if it were not named."
            elif reason := self.warning(voice_id):
                yield f"The default voice speaks instead of {name[:60]!r}: {reason}."

    def id_of(self, name: str) -> int | None:
        """The id for what a `<voice name="…">` says: a voice's name, in any case, or its id."""
        name = name.strip().lower()
        if name in self._ids:
            return self._ids[name]
        return int(name) if name.isascii() and name.isdigit() and len(name) <= 4 else None

    def listing(self) -> list[tuple[Voice, Speaker]]:
        """All voices there are, by id, each with who speaks for it. VoiceUnavailable without any engine."""
        return [(self._voices[voice_id], self.speaker(voice_id)) for voice_id in sorted(self._voices)]

    def _entry(self, key: str, value: str) -> tuple[int, tuple[str, str]]:
        key = str(key).strip()
        if not (key.isascii() and key.isdigit() and int(key) <= HIGHEST_ID):
            raise ConfigurationError(f"“{key}” in the table of voices is not a voice id; ids are 0 to {HIGHEST_ID}.")
        engine, colon, voice = str(value).strip().partition(":")
        if engine not in self._engines or not colon or not voice:
            names = ", ".join(self._engines) or "none is installed"
            raise ConfigurationError(
                f"Voice {key} is to be “{value}”, which is not engine:voice with an engine there is ({names})."
            )
        voice_id = int(key)
        if voice_id not in self._voices:
            self._voices[voice_id] = Voice(voice_id, voice, "", 0, voice, "en-us", listed=False)
        return voice_id, (engine, voice)

    def _choose(self, voice_id: int) -> Speaker:
        voice = self._voices.get(voice_id)
        if voice is None:
            return self._default(f"there is no voice {voice_id}")
        if voice_id in self._table:
            engine, engine_voice = self._table[voice_id]
            return Speaker(voice, self._engines[engine], engine_voice)
        found = self._speaking(voice)
        if found is None:
            return self._default(f"no installed speech engine speaks {voice.language}, the language of {voice.name}")
        return found

    def _speaking(self, voice: Voice) -> Speaker | None:
        """The first engine with the very language, else the first with it in another region's manner."""
        better = self._engines.get(self._better.get((voice.tag, voice.gender), ""))
        if better is not None and better.speaks(voice.tag):
            return Speaker(voice, better, better.voice_for(voice.tag, voice.gender))
        for tag in (voice.tag, voice.tag.split("-")[0]):
            for engine in self._engines.values():
                if engine.speaks(tag):
                    return Speaker(voice, engine, engine.voice_for(voice.tag, voice.gender))
        return None

    def _default(self, reason: str) -> Speaker:
        voice = self._voices[DEFAULT_VOICE]
        if DEFAULT_VOICE in self._table:
            engine, engine_voice = self._table[DEFAULT_VOICE]
            return Speaker(voice, self._engines[engine], engine_voice, reason)
        found = self._speaking(voice)
        if found is None:
            raise VoiceUnavailable(f"There is no speech engine for English. {WAY_OUT}")
        return Speaker(voice, found.synthesizer, found.engine_voice, reason)
