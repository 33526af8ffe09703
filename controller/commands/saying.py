"""`ringpost say`: a text as a call would hear it, in a file."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rich.console import Console

from controller.config.load import voices_of
from controller.config.settings import read_settings
from controller.config_file.document import read_document
from controller.errors import ConfigurationError, InvalidConfiguration
from controller.script.voice_ids import FULL_VOLUME, NORMAL_RATE
from controller.speech.pcm import TELEPHONE_RATE
from controller.speech.rendering import Renderer
from controller.terminal import shown

_HEADER_BYTES, _SAMPLE_BYTES = 44, 2


async def say_into(config: Path, text: str, voice: int, target: Path, console: Console) -> None:
    """Speak `text` in the voice of this id into the WAV file `target`, and print who spoke it.

    InvalidConfiguration, ConfigurationError for a file that cannot be written; SynthesisFailed for what cannot be
    spoken; VoiceUnavailable without any engine.
    """
    document = read_document(config)
    settings = read_settings(document)
    if settings is None or document.has_errors:
        raise InvalidConfiguration(document.mistakes)
    voices = voices_of(settings)
    try:
        rendered = await Renderer(voices).render(text, voice, NORMAL_RATE, FULL_VOLUME)
    finally:
        await voices.close()
    wav = rendered.sound.wav
    try:
        await asyncio.to_thread(target.write_bytes, wav)
    except OSError as error:
        raise ConfigurationError(f"{target} cannot be written: {error.strerror}.") from None
    speaker = voices.speaker(voice)
    seconds = (len(wav) - _HEADER_BYTES) / _SAMPLE_BYTES / TELEPHONE_RATE
    who = f"{speaker.synthesizer.name}:{speaker.engine_voice}"
    console.print(f"{shown(str(target))}: {seconds:.1f} s, spoken by {shown(who)}")
    for engine, reason in rendered.stood_in_for.items():
        console.print(f"[yellow]{shown(f'Another engine spoke instead of {engine}: {reason}')}[/]")
    if speaker.reason:
        console.print(f"[yellow]{shown(speaker.reason)}[/]")
