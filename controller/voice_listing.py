"""`ringpost voices`: which voice of which engine speaks for each voice id of customers' programs and scripts."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from controller.configuration import voices_of
from controller.directory.document import read_document
from controller.errors import InvalidConfiguration
from controller.settings import read_settings
from controller.speech.voices import Speaker


def list_voices(config: Path, console: Console, *, as_json: bool) -> None:
    """Print the table of voices. InvalidConfiguration, ConfigurationError; VoiceUnavailable without any engine."""
    document = read_document(config)
    settings = read_settings(document)
    if settings is None or document.has_errors:
        raise InvalidConfiguration(document.mistakes)
    speakers = voices_of(settings).listing()
    if as_json:
        print(json.dumps([_as_json(speaker) for speaker in speakers], ensure_ascii=False, indent=2))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("id", "voice", "spoken by", ""):
        table.add_column(heading, justify="right" if heading == "id" else "left", overflow="fold")
    for speaker in speakers:
        table.add_row(
            str(speaker.voice.id),
            escape(speaker.voice.summary if speaker.voice.gender else speaker.voice.name),
            escape(f"{speaker.synthesizer.name}:{speaker.engine_voice}"),
            f"[yellow]{escape(speaker.reason)}[/]",
        )
    console.print(table)


def _as_json(speaker: Speaker) -> dict[str, str | int | bool]:
    voice = speaker.voice
    return {
        "id": voice.id,
        "name": voice.name,
        "gender": voice.gender,
        "age": voice.age,
        "language": voice.language,
        "listed": voice.listed,
        "engine": speaker.synthesizer.name,
        "engine_voice": speaker.engine_voice,
        "fallback": speaker.is_fallback,
        "reason": speaker.reason,
    }
