"""The media folder: WAV files under the hash of their content, and an index of what was rendered or converted.

    <folder>/<sha256>.wav       8 kHz, mono, 16 bit PCM
    <folder>/<sha256>.wav16     the same sound at 16 kHz, for calls that carry it, where there is one
    <folder>/index/<sha256>     what was asked for (hashed) -> which medium it is, as JSON

Every file is written aside, flushed and renamed, so that a crash leaves a whole file or none.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from controller.errors import SpeechError
from controller.speech.pcm import TelephoneSound, wav_seconds

log = structlog.get_logger()

HASH = re.compile(r"[0-9a-f]{64}")
ABANDONED_SECONDS = 3600
STEP_MEDIA = 1000
ENDING, WIDE_ENDING = ".wav", ".wav16"
WAV_HEAD_BYTES = 44
BYTES_A_SECOND = 16_000


@dataclass(frozen=True, slots=True)
class Medium:
    """A WAV file of the media folder: its content's sha256, which is its name, and its length in seconds.

    stand_in: why another engine than the voice's own spoke it, for people; empty when none did.
    """

    content_hash: str
    seconds: float
    stand_in: str = field(default="", compare=False)


class MediaStore:
    """Reads the index once, when it is made; what is damaged or has lost its file is forgotten and rendered anew."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._index = directory / "index"
        self._wide: set[str] = set()
        try:
            self._index.mkdir(parents=True, exist_ok=True)
            self._media = self._load()
        except OSError as error:
            raise SpeechError(f"The media folder {directory} cannot be used: {error.strerror}.") from error
        self._used: set[str] = set()

    def get(self, key: str) -> Medium | None:
        """What is known in memory for a key; no file is touched."""
        medium = self._media.get(key)
        if medium is not None:
            self._used.add(key)
        return medium

    def has_file(self, medium: Medium) -> bool:
        """Whether the medium's file is there, whole."""
        try:
            return self.path(medium).stat().st_size == _size_of(medium)
        except OSError:
            return False

    def has_wide(self, medium: Medium) -> bool:
        """Whether the medium is there at 16 kHz too; no file is touched."""
        return medium.content_hash in self._wide

    def path(self, medium: Medium, *, wide: bool = False) -> Path:
        """Where the medium's file is."""
        return self.directory / f"{medium.content_hash}{WIDE_ENDING if wide else ENDING}"

    def put(self, sound: TelephoneSound) -> Medium:
        """Store the files of a sound; blocking. SpeechError when the disk does not take them."""
        wav = sound.wav
        medium = Medium(hashlib.sha256(wav).hexdigest(), wav_seconds(wav))
        if sound.wide and not self.has_wide(medium):
            self._write(self.path(medium, wide=True), sound.wide)
            self._wide.add(medium.content_hash)
        if self.has_file(medium):
            with suppress(OSError):
                os.utime(self.path(medium))  # it is young again: see `unreferenced`
        else:
            self._write(self.path(medium), wav)
        return medium

    def remember(self, key: str, medium: Medium) -> None:
        """Note for ever that `key` is this medium; blocking. SpeechError."""
        entry = json.dumps({"content": medium.content_hash, "seconds": medium.seconds})
        self._write(self._index / key, entry.encode())
        self._media[key] = medium
        self._used.add(key)

    def forget_unused(self, unused_days: float) -> None:
        """Forget what was not used for so many days; blocking. The media themselves are removed by `remove`."""
        now = time.time()
        used, self._used = self._used, set()
        for key in used:
            with suppress(OSError):
                os.utime(self._index / key, (now, now))
        for key in list(self._media):
            with suppress(OSError):
                if (self._index / key).stat().st_mtime < now - unused_days * 86_400:
                    del self._media[key]
                    (self._index / key).unlink(missing_ok=True)

    def unreferenced(self, unused_days: float) -> list[list[str]]:
        """The content hashes of media that are not in the index, some at a time; blocking.

        A file that is younger than a day, or than `unused_days`, is left out: who made it may be about to refer to it.
        """
        known = {medium.content_hash for medium in self._media.values()}
        before = time.time() - min(1.0, unused_days) * 86_400
        found = []
        for entry in os.scandir(self.directory):
            name, ending = os.path.splitext(entry.name)  # noqa: PTH122 (a Path for each file is slow)
            if ending in (ENDING, WIDE_ENDING) and name not in known and HASH.fullmatch(name):
                with suppress(OSError):
                    if entry.stat().st_mtime < before and (ending == ENDING or not self._narrow_of(name).exists()):
                        found.append(name)
        return [found[start : start + STEP_MEDIA] for start in range(0, len(found), STEP_MEDIA)]

    def remove(self, content_hashes: Iterable[str]) -> int:
        """Remove media that the index still does not refer to; blocking. Gives how many."""
        unneeded = set(content_hashes) - {medium.content_hash for medium in self._media.values()}
        for content_hash in unneeded:
            self._narrow_of(content_hash).unlink(missing_ok=True)
            self._wide.discard(content_hash)
            (self.directory / f"{content_hash}{WIDE_ENDING}").unlink(missing_ok=True)
        return len(unneeded)

    def _narrow_of(self, content_hash: str) -> Path:
        return self.directory / f"{content_hash}{ENDING}"

    def _load(self) -> dict[str, Medium]:
        sizes: dict[str, int] = {}
        for entry in os.scandir(self.directory):
            if entry.name.endswith(ENDING):
                sizes[entry.name.removesuffix(ENDING)] = entry.stat().st_size
            elif entry.name.endswith(WIDE_ENDING) and entry.stat().st_size > WAV_HEAD_BYTES:
                self._wide.add(entry.name.removesuffix(WIDE_ENDING))
            elif entry.name.endswith(".part"):
                _remove_abandoned(entry)
        media: dict[str, Medium] = {}
        damaged = 0
        for entry in os.scandir(self._index):
            if entry.name.endswith(".part"):
                _remove_abandoned(entry)
                continue
            medium = _read_entry(Path(entry.path))
            if medium is not None and HASH.fullmatch(entry.name) and sizes.get(medium.content_hash) == _size_of(medium):
                media[entry.name] = medium
                continue
            damaged += 1
            with suppress(OSError):
                Path(entry.path).unlink()
        if damaged:
            log.warning("cached prompts were damaged and will be rendered anew", prompts=damaged)
        return media

    def _write(self, path: Path, data: bytes) -> None:
        try:
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
            part = Path(name)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                part.replace(path)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise SpeechError(f"A prompt cannot be stored in {path.parent}: {error.strerror}.") from error


def _size_of(medium: Medium) -> int:
    return WAV_HEAD_BYTES + round(medium.seconds * BYTES_A_SECOND)


def _read_entry(path: Path) -> Medium | None:
    try:
        entry = json.loads(path.read_bytes())
        content_hash, seconds = entry["content"], float(entry["seconds"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not isinstance(content_hash, str) or not HASH.fullmatch(content_hash) or not 0 <= seconds < 1e6:
        return None
    return Medium(content_hash, seconds)


def _remove_abandoned(entry: os.DirEntry[str]) -> None:
    with suppress(OSError):
        if entry.stat().st_mtime < time.time() - ABANDONED_SECONDS:
            Path(entry.path).unlink()
