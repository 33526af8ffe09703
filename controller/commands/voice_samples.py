"""`ringpost voices record`: each voice in a WAV file of its own, as a call would hear it."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from rich.console import Console

from controller.config.load import voices_of
from controller.config.settings import read_settings
from controller.config_file.document import read_document
from controller.errors import ConfigurationError, InvalidConfiguration, SynthesisFailed
from controller.script.voice_ids import FULL_VOLUME, NORMAL_RATE
from controller.speech.rendering import Renderer
from controller.terminal import shown

SENTENCES = {
    "en": "Hello, this is {name}. Your balance is $20.50.",
    "es": "Hola, soy {name}. Gracias por su llamada.",
    "fr": "Bonjour, ici {name}. Merci de votre appel.",
    "de": "Guten Tag, hier spricht {name}. Vielen Dank für Ihren Anruf.",
    "it": "Buongiorno, sono {name}. Grazie per la chiamata.",
    "pt": "Bom dia, sou {name}. Obrigado por ligar.",
}


async def record_voices(config: Path, folder: Path, text: str, console: Console) -> None:
    """Have each voice id speak `text`, or a sentence in its language, into `folder`, and print the files.

    InvalidConfiguration; ConfigurationError for a folder that cannot be written; VoiceUnavailable without any engine. A
    voice that cannot speak is printed and passed over.
    """
    document = read_document(config)
    settings = read_settings(document)
    if settings is None or document.has_errors:
        raise InvalidConfiguration(document.mistakes)
    voices = voices_of(settings)
    renderer = Renderer(voices)
    try:
        for voice, speaker in voices.listing():
            said = text or SENTENCES.get(voice.tag.split("-")[0], SENTENCES["en"]).format(name=voice.name)
            target = folder / f"{voice.id:04}-{re.sub(r'[^A-Za-z0-9]+', '-', voice.name).strip('-')}.wav"
            try:
                rendered = await renderer.render(said, voice.id, NORMAL_RATE, FULL_VOLUME)
            except SynthesisFailed as error:
                console.print(f"[yellow]{shown(f'{voice.id}: {error}')}[/]")
                continue
            await asyncio.to_thread(_write, target, rendered.sound.wav)
            console.print(shown(f"{target}: {speaker.synthesizer.name}:{speaker.engine_voice}"), highlight=False)
    finally:
        await voices.close()


def _write(target: Path, wav: bytes) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(wav)
    except OSError as error:
        raise ConfigurationError(f"{target} cannot be written: {error.strerror}.") from None
