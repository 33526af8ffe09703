"""flite, the small speech engine of Carnegie Mellon University: English, quick, always there."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from controller.errors import SynthesisFailed
from controller.speech.audio import read_speech
from controller.speech.engine_program import run_program
from controller.speech.spoken_forms import folded
from controller.speech.stretching import in_manner
from controller.speech.synthesizer import Manner, SpeechAudio

VOICES = frozenset({"slt", "rms", "awb", "kal", "kal16"})
# These pass over the pitch that they are asked for.
KEEPS_ITS_PITCH = frozenset({"rms"})


class Flite:
    """Runs flite for each text. `command`: its argument list up to the program; `env`: beside the usual environment."""

    name = "flite"

    def __init__(self, command: Sequence[str], env: Mapping[str, str] | None = None, timeout: float = 30.0) -> None:
        self._command = tuple(command)
        self._env = dict(env or {})
        self._timeout = timeout
        self._version = ""

    def speaks(self, language: str) -> bool:
        """American English; its one Scot is for lack of a better Briton."""
        return language in ("en", "en-us")

    def voice_for(self, language: str, gender: str) -> str:
        """slt is a woman, rms a man, awb a man from Scotland."""
        if gender != "Male":
            return "slt"
        return "awb" if language == "en-gb" else "rms"

    async def version(self) -> str:
        """The line with which flite names its version."""
        if not self._version:
            # After its version it ends with 1.
            output = await run_program([*self._command, "--version"], env=self._env, timeout=10, good=(0, 1))
            lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines() if "version" in line]
            self._version = lines[0] if lines else "unknown"
        return self._version

    async def synthesize(self, text: str, manner: Manner) -> SpeechAudio:
        """Speak `text`; SynthesisFailed. The text goes through a file that only we can read."""
        if manner.voice not in VOICES:
            # flite would take a lesser voice without a word.
            raise SynthesisFailed(f"flite has no voice “{manner.voice}”; it has {', '.join(sorted(VOICES))}.")
        with tempfile.TemporaryDirectory(prefix="ringpost-flite-") as folder:
            source, target = Path(folder, "text"), Path(folder, "speech.wav")
            # It drops every letter that is not English.
            source.write_text(folded(text), encoding="utf-8")  # noqa: ASYNC240 (a few hundred bytes)
            command = [*self._command, "-voice", manner.voice]
            if manner.speed != 1.0:
                command += ["--setf", f"duration_stretch={1 / manner.speed:.3f}"]
            heeded = manner.voice not in KEEPS_ITS_PITCH
            if manner.pitch != 1.0 and heeded:
                command += ["--setf", f"f0_shift={manner.pitch:.3f}"]
            command += ["-f", str(source), "-o", str(target)]
            await run_program(command, env=self._env, timeout=self._timeout)
            speech = await asyncio.to_thread(read_speech, target, self.name)
            return await asyncio.to_thread(in_manner, speech, pitch=1.0 if heeded else manner.pitch)
