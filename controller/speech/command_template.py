"""Any other speech engine, by a command line that the configuration gives."""

from __future__ import annotations

import asyncio
import hashlib
import shlex
import string
import tempfile
from collections.abc import Mapping
from pathlib import Path

from controller.errors import ConfigurationError
from controller.speech.audio import read_speech
from controller.speech.engine_program import run_program
from controller.speech.stretching import in_manner
from controller.speech.synthesizer import Manner, SpeechAudio

PLACES = frozenset({"voice", "input", "output", "speed", "stretch", "pitch"})


class CommandTemplate:
    """An engine such as piper: `piper --model /voices/{voice}.onnx --length_scale {stretch} --output_file {output}`.

    `{output}` is the audio file that it writes, `{input}` a file with the text (without it the text comes on standard
    input), `{voice}` the voice's name from the voice table, `{speed}` and `{pitch}` factors (1.0 is normal),
    `{stretch}` the inverse of the speed. What it has no place for is done on the audio. No shell is involved. It speaks
    only for ids that the voice table gives it.
    ConfigurationError for a template that cannot work.
    """

    def __init__(self, name: str, template: str, env: Mapping[str, str] | None = None, timeout: float = 60.0) -> None:
        self._name = name
        self._words = _words(name, template)
        self._own_speed = any(place in word for word in self._words for place in ("{speed}", "{stretch}"))
        self._own_pitch = any("{pitch}" in word for word in self._words)
        self._takes_file = any("{input}" in word for word in self._words)
        self._env = dict(env or {})
        self._timeout = timeout
        self._version = hashlib.sha256(template.encode()).hexdigest()[:16]

    @property
    def name(self) -> str:
        return self._name

    def speaks(self, language: str) -> bool:  # noqa: ARG002
        """No: only the voices that the table names for it are its own."""
        return False

    def voice_for(self, language: str, gender: str) -> str:  # noqa: ARG002
        """Never asked, as it speaks no language by itself."""
        return ""

    async def version(self) -> str:
        """What changes with the template; a new program behind the same template is not noticed."""
        return self._version

    async def synthesize(self, text: str, manner: Manner) -> SpeechAudio:
        """Speak `text`; SynthesisFailed."""
        with tempfile.TemporaryDirectory(prefix="ringpost-speech-") as folder:
            source, target = Path(folder, "text"), Path(folder, "speech.wav")
            if self._takes_file:
                source.write_text(text, encoding="utf-8")  # noqa: ASYNC240 (a few hundred bytes)
            places = {
                "voice": manner.voice,
                "input": str(source),
                "output": str(target),
                "speed": f"{manner.speed:.3f}",
                "stretch": f"{1 / manner.speed:.3f}",
                "pitch": f"{manner.pitch:.3f}",
            }
            command = [word.format(**places) for word in self._words]
            stdin = b"" if self._takes_file else text.encode("utf-8", "replace")
            await run_program(command, env=self._env, stdin=stdin, timeout=self._timeout)
            speech = await asyncio.to_thread(read_speech, target, self._name)
            speed, pitch = 1.0 if self._own_speed else manner.speed, 1.0 if self._own_pitch else manner.pitch
            return await asyncio.to_thread(in_manner, speech, speed=speed, pitch=pitch)


def _words(name: str, template: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(template))
        places = {place for word in words for _, place, _, _ in string.Formatter().parse(word) if place is not None}
    except ValueError as error:
        raise ConfigurationError(f"The command of the speech engine {name} cannot be read: {error}.") from error
    if not words:
        raise ConfigurationError(f"The command of the speech engine {name} is empty.")
    if unknown := places - PLACES:
        raise ConfigurationError(
            f"The command of the speech engine {name} has the place {{{min(unknown)}}}; "
            f"there are {', '.join(f'{{{place}}}' for place in sorted(PLACES))}."
        )
    if "output" not in places:
        raise ConfigurationError(f"The command of the speech engine {name} needs {{output}}, the file that it writes.")
    return words
