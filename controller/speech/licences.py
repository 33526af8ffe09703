"""Licences: under which terms the programs and voices that speak may be used."""

from __future__ import annotations

from controller.speech.neural.piper_engine import Piper
from controller.speech.voices import Speaker

_ENGINES = {"flite": "BSD-like (CMU)", "espeak": "GPL-3.0-or-later"}


def licence_of(speaker: Speaker) -> str:
    """For people: the engine's licence and that of the voice where it has one of its own; empty where nobody knows."""
    engine = speaker.synthesizer
    if isinstance(engine, Piper):
        return f"GPL-3.0-or-later, voice {engine.licence_of(speaker.engine_voice) or 'unknown'}"
    return _ENGINES.get(engine.name, "")
