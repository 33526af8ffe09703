"""Folders for tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from controller.embedded.postgres_server import cluster_home


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
