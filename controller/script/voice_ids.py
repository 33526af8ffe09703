"""Voices by the ids that customers' programs and scripts use.

The ids, names, ages and languages are those of CDYNE's Phone Notify! (its operation getVoices).
"""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_VOICE = 0
# How fast and how loud a voice speaks, as the operations with TTSrate and TTSvolume count it.
NORMAL_RATE, FASTEST_RATE = 10, 20
FULL_VOLUME = 100


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice as customers know it. `tag`: its language as of RFC 5646, in lower case. `listed`: getVoices names it."""

    id: int
    name: str
    gender: str
    age: int
    language: str
    tag: str
    listed: bool = True

    @property
    def summary(self) -> str:
        """As the vendor words it: `Diane - US English (Female - 35)`."""
        return f"{self.name} - {self.language} ({self.gender} - {self.age})"


VOICES: tuple[Voice, ...] = (
    Voice(0, "Diane", "Female", 35, "US English", "en-us"),
    Voice(1, "David", "Male", 30, "US English", "en-us"),
    Voice(2, "William", "Male", 30, "US English", "en-us"),
    Voice(3, "Emily", "Female", 30, "US English", "en-us"),
    Voice(4, "Callie", "Female", 30, "US English", "en-us"),
    Voice(5, "Lawrence", "Male", 55, "UK English", "en-gb"),
    Voice(6, "Millie", "Female", 45, "UK English", "en-gb"),
    Voice(7, "Isabelle", "Female", 30, "Canadian French", "fr-ca"),
    Voice(8, "Katrin", "Female", 35, "German", "de"),
    Voice(9, "Marta", "Female", 30, "Americas Spanish", "es-419", listed=False),
    Voice(10, "Vittoria", "Female", 30, "Italian", "it"),
    Voice(15, "Jean-Pierre", "Male", 30, "Canadian French", "fr-ca"),
    Voice(16, "Allison", "Female", 28, "US English", "en-us"),
    Voice(17, "Miguel", "Male", 30, "Americas Spanish", "es-419"),
    Voice(18, "Matthias", "Male", 30, "German", "de"),
    Voice(19, "Ashley", "Female", 30, "US English", "en-us"),
    Voice(20, "James", "Male", 30, "US English", "en-us"),
    Voice(23, "Violeta", "Female", 30, "Mexican Spanish", "es-mx"),
    Voice(24, "Francisco", "Male", 30, "Mexican Spanish", "es-mx"),
    Voice(38, "Lupe", "Female", 30, "Americas Spanish", "es-419", listed=False),
)

_TAGS = {voice.id: voice.tag for voice in VOICES}


def language_of(voice_id: int) -> str:
    """The language of a voice as a tag of RFC 5646; that of the default voice for an id that is not among them."""
    return _TAGS.get(voice_id, _TAGS[DEFAULT_VOICE])
