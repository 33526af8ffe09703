"""Folders for tests."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from controller.embedded.postgres_server import cluster_home

MEMORY = Path("/dev/shm")
ROOM = 2 << 30
"""Bytes that must be free there: one worker's databases take a tenth of it. In a container there are often 64 MB."""
FRESH_SECONDS = 60.0


@contextmanager
def open_folder(prefix: str) -> Iterator[Path]:
    """A folder that other users can pass through, gone at the end.

    As root, PostgreSQL runs as another user, to whom root's folder for temporary files may be closed.
    """
    temporary = Path(tempfile.mkdtemp(prefix=prefix))
    folder = cluster_home(temporary).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for passed in (folder.parent, folder) if folder != temporary else (folder,):
            passed.chmod(0o711)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def memory_folder(prefix: str) -> Iterator[Path]:
    """As `open_folder`, in memory where there is room.

    Making and dropping a database takes a tenth of the processor time there: hundreds of files come and go,
    and each time whatever was written since is put on the disk.
    """
    if not (MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM):
        with open_folder(prefix) as folder:
            yield folder
        return
    _remove_left(prefix)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=MEMORY))
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        folder.chmod(0o711)
        yield folder
    finally:
        os.close(held)
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left(prefix: str) -> None:
    """Remove what killed runs left, which would fill the memory: nobody holds it any more, and it is no fresh one."""
    for folder in MEMORY.glob(f"{prefix}*"):
        try:
            held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            continue  # another user's, or gone
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if time.time() - os.fstat(held).st_mtime > FRESH_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            pass
        finally:
            os.close(held)
