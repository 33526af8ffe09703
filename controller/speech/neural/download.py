"""A further voice from any address: fetched by its checksum, and put where the engine finds it, or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import re
import urllib.error
import urllib.request
from pathlib import Path

from controller.embedded.progress import Progress, ProgressStep
from controller.errors import SpeechError

MOST_BYTES = 1_000_000_000
MOST_DESCRIPTION_BYTES = 1_000_000
CHUNK_BYTES = 1_048_576
WAIT_SECONDS = 30.0
_NAME = re.compile(r"[A-Za-z0-9][\w.+-]{0,99}")
SHA256 = re.compile(r"[0-9a-f]{64}")


def fetch_voice(name: str, url: str, sha256: str, folder: Path, progress: Progress) -> Path:
    """Fetch the model at `url` (http, https or file), and its description at the same address with `.json`, as `name`.

    sha256: of the model, as its maker publishes it. Blocking. SpeechError for a name that is none, an address that
    gives nothing, and a model of another checksum: nothing is left of it, and a voice of that name stays as it was.
    """
    if not _NAME.fullmatch(name):
        raise SpeechError(f"Not a valid name of a voice: {name!r}. Write letters, digits, and the signs _ . + -.")
    if not SHA256.fullmatch(sha256 := sha256.strip().lower()):
        raise SpeechError("Not a valid SHA-256: write 64 digits, from 0 to 9 and a to f.")
    target = folder / f"{name}.onnx"
    part, description = folder / f".{name}.{os.getpid()}.part", folder / f".{name}.{os.getpid()}.json.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with progress.step(f"Fetching the voice {name}") as step:
            described = _fetch(f"{url}.json", description, MOST_DESCRIPTION_BYTES, step)
            _refuse_description(description)
            found = _fetch(url, part, MOST_BYTES, step)
            if found != sha256:
                raise SpeechError(f"The voice has the checksum {found}, and is to have {sha256}. It was not installed.")
            description.replace(f"{target}.json")
            part.replace(target)
            step.at(f"description {described[:12]}")
    except OSError as error:
        raise SpeechError(f"{url} cannot be fetched into {folder}: {error}") from error
    finally:
        part.unlink(missing_ok=True)
        description.unlink(missing_ok=True)
    return target


def _fetch(url: str, target: Path, most: int, step: ProgressStep) -> str:
    """The SHA-256 of what was fetched. OSError; SpeechError for an address of another kind, or more than `most`."""
    if not url.lower().startswith(("http://", "https://", "file://")):
        raise SpeechError(f"Not a valid address of a file: {url}. Write http://…, https://… or file://….")
    digest, got = hashlib.sha256(), 0
    try:
        with urllib.request.urlopen(url, timeout=WAIT_SECONDS) as answer, target.open("wb") as file:  # noqa: S310
            while chunk := answer.read(CHUNK_BYTES):
                got += len(chunk)
                if got > most:
                    raise SpeechError(f"{url} has more than {most // 1_000_000} MB, and no voice has.")
                digest.update(chunk)
                file.write(chunk)
                step.at(f"{got // 1_000_000} MB")
            file.flush()
            os.fsync(file.fileno())
    except (urllib.error.URLError, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise SpeechError(f"{url} cannot be fetched: {reason}") from error
    return digest.hexdigest()


def _refuse_description(path: Path) -> None:
    try:
        described = json.loads(path.read_bytes())
        is_voice = isinstance(described, dict) and ("language" in described or "espeak" in described)
    except ValueError:
        is_voice = False
    if not is_voice:
        raise SpeechError("What stands at the address with .json does not describe a voice of piper.")
