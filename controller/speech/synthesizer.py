"""What a speech engine is to Ringpost: text in, samples out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from controller.speech.pcm import Samples

WAY_OUT = (
    "Install flite or espeak-ng (Debian packages of these names), let `ringpost run` unpack its own tools, "
    "or name another engine under `speech: {commands: …}` in the configuration."
)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a text is spoken: the engine's own name of the voice, speed and pitch as factors of the voice's normal.

    `urgent`: somebody waits for it on a line; an engine that would keep them waiting fails instead. `spare_seconds`: so
    long is heard what was made before.
    """

    voice: str
    speed: float = 1.0
    pitch: float = 1.0
    urgent: bool = False
    spare_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class SpeechAudio:
    """What an engine made: mono samples and their rate in Hz."""

    samples: Samples
    rate: int


class Synthesizer(Protocol):
    """A speech engine. `name` is the one that voice tables use: flite, espeak, …"""

    @property
    def name(self) -> str: ...

    def speaks(self, language: str) -> bool:
        """Whether it has a voice for the language, as a tag of RFC 5646 in lower case (en-us, es-419)."""
        ...

    def voice_for(self, language: str, gender: str) -> str:
        """Its own name of the voice that is nearest; only for a language that it speaks."""
        ...

    async def version(self) -> str:
        """What tells this version of the engine from another, asked once. SynthesisFailed when it cannot be run."""
        ...

    async def synthesize(self, text: str, manner: Manner) -> SpeechAudio:
        """Speak plain text of up to a few hundred characters. SynthesisFailed."""
        ...


@runtime_checkable
class KeepsProcess(Protocol):
    """An engine with a process that outlives a text."""

    async def close(self) -> None:
        """End it. The next text starts another one."""
        ...
