"""The spool: what is known of recordings that are not in the store yet, a file each, so that a restart loses none.

The audio of a recording is in Asterisk's own spool until it has been fetched, and in the media folder from then on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording of a caller. `name`: in Asterisk. recorded_at: when it was begun, in seconds of the Unix epoch.

    content_hash, seconds: of the medium that was made of it; empty as long as its audio is in Asterisk only.
    """

    name: str
    queue_id: int
    license_key: str
    sound_id: str
    recorded_at: float
    content_hash: str = ""
    seconds: float = 0.0


class RecordingSpool:
    """A folder of recordings; every method blocks. Files are written aside, flushed and renamed: whole or not there."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def recordings(self) -> Iterator[Recording]:
        """All of them; a file that cannot be read is told and left where it is."""
        for path in sorted(self._directory.glob("*.json")):
            try:
                yield Recording(**json.loads(path.read_text("utf-8")))
            except (OSError, ValueError, TypeError) as error:
                log.error("a recording's note cannot be read", file=str(path), reason=str(error))

    def write(self, recording: Recording) -> None:
        """Note the recording, in the place of what was noted before. OSError when the disk does not take it."""
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._path(recording.name)
        part = path.with_suffix(".part")
        try:
            with part.open("w", encoding="utf-8") as file:
                json.dump(asdict(recording), file)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise

    def remove(self, name: str) -> None:
        """The recording waits no longer."""
        with suppress(OSError):
            self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._directory / f"{name.replace('/', '_')}.json"
