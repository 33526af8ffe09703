"""Where the files lie that Ringpost reads but that are no code: SQL, and templates.

A clone has them in folders of its own; a wheel has the same folders inside the package (setup.py puts them there).
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def _folder(name: str) -> Path:
    package = Path(str(files("controller")))
    installed = package / "resources" / name
    return installed if installed.is_dir() else package.parent / name


QUERIES = _folder("sql/queries")
MIGRATIONS = _folder("sql/migrations")
ASTERISK_TEMPLATES = _folder("asterisk-config")
