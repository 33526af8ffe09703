"""What is heard of a text with speech control: for transcripts, which show words and not tags."""

from __future__ import annotations

from controller.script.simulation.situation import Spoken
from controller.speech.markup import Pause, SpokenText, parse_markup


def spoken(text: str) -> Spoken:
    """The words of a text, and the pauses that its speech control asks for."""
    parts = parse_markup(text)
    words = " ".join(part.text for part in parts if isinstance(part, SpokenText))
    return Spoken(words, sum(part.seconds for part in parts if isinstance(part, Pause)))
