"""espeak-ng: a speech engine with more than a hundred languages."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from controller.speech.audio import read_speech
from controller.speech.engine_program import run_program
from controller.speech.stretching import in_manner
from controller.speech.synthesizer import Manner, SpeechAudio

_LANGUAGES = """
    af am an ar as az ba be bg bn bs ca cmn cs cy da de el en eo es et eu fa fi fr ga gd gu haw he hi hr ht hu hy id is
    it ja ka kk kn ko ku ky la lb lt lv mi mk ml mr ms mt my nb ne nl no or pa pl pt qu ro ru sd si sk sl sq sr sv sw ta
    te th tk tn tr tt ug uk ur uz vi yue zh
"""
LANGUAGES = frozenset(_LANGUAGES.split())

# Regions that have a voice of their own; all others get their language's first voice.
REGIONS = {
    "en": "en-us", "en-gb": "en-gb", "en-us": "en-us", "es-419": "es-419", "es-mx": "es-419", "es-us": "es-419",
    "fr": "fr-fr", "fr-fr": "fr-fr", "fr-be": "fr-be", "fr-ch": "fr-ch", "fr-ca": "fr-fr",
    "pt-br": "pt-br", "zh": "cmn", "no": "nb",
}  # fmt: skip

NORMAL_WORDS_A_MINUTE = 165
SLOWEST, FASTEST = 80, 450


class Espeak:
    """Runs espeak-ng for each text. `env` names its data (ESPEAK_DATA_PATH) when it is unpacked and not installed."""

    name = "espeak"

    def __init__(self, command: Sequence[str], env: Mapping[str, str] | None = None, timeout: float = 30.0) -> None:
        self._command = tuple(command)
        self._env = dict(env or {})
        self._timeout = timeout
        self._version = ""

    def speaks(self, language: str) -> bool:
        """Nearly always."""
        return language.split("-")[0] in LANGUAGES

    def voice_for(self, language: str, gender: str) -> str:
        """The language's voice; a woman's is a variant of it."""
        primary = language.split("-")[0]
        voice = REGIONS.get(language) or REGIONS.get(primary, primary)
        return f"{voice}+f3" if gender != "Male" else voice

    async def version(self) -> str:
        """The version's number."""
        if not self._version:
            printed = await run_program([*self._command, "--version"], env=self._env, timeout=10)
            # What follows is the place of its data, which says nothing about the sound.
            self._version = printed.decode("utf-8", "replace").partition("Data at")[0].strip() or "unknown"
        return self._version

    async def synthesize(self, text: str, manner: Manner) -> SpeechAudio:
        """Speak `text`; SynthesisFailed. The text goes through a file that only we can read."""
        speed = min(max(round(NORMAL_WORDS_A_MINUTE * manner.speed), SLOWEST), FASTEST)
        left = manner.speed * NORMAL_WORDS_A_MINUTE / speed
        with tempfile.TemporaryDirectory(prefix="ringpost-espeak-") as folder:
            source, target = Path(folder, "text"), Path(folder, "speech.wav")
            # Two brackets would make it read what follows as phonemes.
            source.write_text(text.replace("[[", "[ ["), encoding="utf-8")  # noqa: ASYNC240 (a few hundred bytes)
            options = ["-b", "1", "-z", "-v", manner.voice, "-s", str(speed)]
            command = [*self._command, *options, "-f", str(source), "-w", str(target)]
            await run_program(command, env=self._env, timeout=self._timeout)
            speech = await asyncio.to_thread(read_speech, target, self.name)
            # A step of its pitch is less than it says, and its pace ends before that of speech control.
            return await asyncio.to_thread(in_manner, speech, speed=left, pitch=manner.pitch)
