"""Announcements: what callers hear where no script of a customer speaks."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from controller.errors import SpeechError
from controller.speech.prompts import Prompts

TEXT_ONLY = (
    "The number you have called receives text messages only. "
    "If you do not want to get texts from this number, text the word stop to it: "
    "its texts to you are then blocked, and you receive one message that confirms it. "
    "To get texts from it again, text the word resume. "
    "Thank you, and goodbye."
)

NO_SCRIPT = "The number you have called is not set up to take calls yet. Please try again later. Goodbye."

UNAVAILABLE = "We are sorry. Your call cannot be taken at this moment. Please try again in a few minutes. Goodbye."

ANNOUNCEMENTS: Mapping[str, str] = {"unavailable": UNAVAILABLE, "text-only": TEXT_ONLY, "no-script": NO_SCRIPT}
"""By the name of the file that Asterisk plays."""


async def record_announcements(prompts: Prompts, folder: Path, texts: Mapping[str, str] = ANNOUNCEMENTS) -> list[Path]:
    """Put each text as `<folder>/<name>.wav`, for Asterisk to play without the controller; give the files written.

    `folder` is one of Asterisk's sounds directories, e.g. `<astdatadir>/sounds/en/ringpost`; it is made if need be.
    Files that are right already are left alone. SpeechError.
    """
    written = []
    for name, text in texts.items():
        wav = await asyncio.to_thread(prompts.read, await prompts.speech(text))
        if await asyncio.to_thread(_put, folder / f"{name}.wav", wav):
            written.append(folder / f"{name}.wav")
    return written


def _put(path: Path, wav: bytes) -> bool:
    try:
        if path.is_file() and path.read_bytes() == wav:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        aside.write_bytes(wav)
        aside.replace(path)
    except OSError as error:
        raise SpeechError(f"The announcement {path} cannot be written: {error.strerror}.") from error
    return True
