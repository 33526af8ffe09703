"""`ringpost voices`: which voice of which engine speaks for each voice id of customers' programs and scripts."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from controller.config.load import voices_of
from controller.config.settings import read_settings
from controller.config_file.document import read_document
from controller.errors import InvalidConfiguration
from controller.script.voice_ids import Voice
from controller.speech.engines import AUTO, PIPER
from controller.speech.licences import licence_of
from controller.speech.neural.environment import SpeechEnvironment
from controller.speech.voices import Speaker
from controller.terminal import shown


def list_voices(config: Path, console: Console, *, as_json: bool) -> None:
    """Print the table of voices. InvalidConfiguration, ConfigurationError; VoiceUnavailable without any engine."""
    document = read_document(config)
    settings = read_settings(document)
    if settings is None or document.has_errors:
        raise InvalidConfiguration(document.mistakes)
    listing = voices_of(settings).listing()
    if as_json:
        print(json.dumps([_as_json(voice, speaker) for voice, speaker in listing], ensure_ascii=False, indent=2))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("id", "voice", "spoken by", "licence", ""):
        table.add_column(heading, justify="right" if heading == "id" else "left", overflow="fold")
    for voice, speaker in listing:
        table.add_row(
            str(voice.id),
            shown(voice.summary if voice.gender else voice.name),
            shown(f"{speaker.synthesizer.name}:{speaker.engine_voice}"),
            shown(licence_of(speaker)),
            f"[yellow]{shown(speaker.reason)}[/]",
        )
    console.print(table)
    console.print(
        "\nTo hear one: [bold]ringpost say TEXT --voice ID[/]; all: [bold]ringpost voices record FOLDER[/]",
        highlight=False,
    )
    neural = SpeechEnvironment(settings.speech_dir)
    if settings.speech.engine in (AUTO, PIPER) and not neural.is_installed():
        reason = neural.failed_lately()
        why = f" (it was tried: {reason})" if reason else ""
        console.print(f"Voices that callers understand better: [bold]ringpost voices install[/]{shown(why)}")


def _as_json(voice: Voice, speaker: Speaker) -> dict[str, str | int | bool]:
    return {
        "id": voice.id,
        "name": voice.name,
        "gender": voice.gender,
        "age": voice.age,
        "language": voice.language,
        "listed": voice.listed,
        "engine": speaker.synthesizer.name,
        "engine_voice": speaker.engine_voice,
        "licence": licence_of(speaker),
        "fallback": speaker.is_fallback,
        "reason": speaker.reason,
    }
