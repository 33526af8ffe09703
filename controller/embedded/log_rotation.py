"""Logs of the programs that run here: kept to a size, a few older ones beside each.

The programs append to their logs and never open them anew, so a log is copied aside and cut to nothing. What is written
in the moment between is lost.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import structlog

log = structlog.get_logger()

LOOK_SECONDS = 60.0
MEGABYTE = 1_000_000


async def rotate_logs(folder: Path, *, megabytes: float, keep: int) -> None:
    """Look at the logs of a folder now and then, until cancelled."""
    while True:
        try:
            await asyncio.to_thread(rotate, folder, int(megabytes * MEGABYTE), keep)
        except OSError as error:
            log.warning("logs were not rotated", reason=error.strerror or str(error))
        await asyncio.sleep(LOOK_SECONDS)


def rotate(folder: Path, largest: int, keep: int) -> list[str]:
    """Rotate what is larger than so many bytes: NAME becomes NAME.1, NAME.1 becomes NAME.2 and so on, `keep` of them.
    The names that were rotated; blocking.
    """
    rotated = []
    for path in sorted([*folder.glob("*.log"), *folder.glob("*.out")]):
        if path.is_symlink() or not path.is_file() or path.stat().st_size <= largest:
            continue
        for number in range(keep - 1, 0, -1):
            older = path.with_name(f"{path.name}.{number}")
            if older.exists():
                older.replace(path.with_name(f"{path.name}.{number + 1}"))
        if keep:
            first = path.with_name(f"{path.name}.1")
            shutil.copyfile(path, first)
            first.chmod(0o600)
        with path.open("r+b") as file:
            file.truncate(0)
        rotated.append(path.name)
    return rotated
