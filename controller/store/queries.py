"""Named queries: one file each, `NAME.sql`, whose first line says why it exists."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from controller.errors import StoreError


class Queries:
    """The texts of all queries by name."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = dict(texts)

    @classmethod
    def load(cls, directory: Path) -> Queries:
        """Read every `NAME.sql` of a folder. StoreError for a folder without any, or a file without its reason."""
        texts: dict[str, str] = {}
        for path in sorted(directory.glob("*.sql")):
            text = path.read_text(encoding="utf-8")
            if not text.startswith("-- "):
                raise StoreError(f"{path.name} must begin with a line “-- reason”")
            texts[path.stem] = text
        if not texts:
            raise StoreError(f"there are no queries in {directory}")
        return cls(texts)

    def text(self, name: str) -> str:
        """The SQL of a query. StoreError for a name that has no file."""
        try:
            return self._texts[name]
        except KeyError:
            raise StoreError(f"there is no query named {name}") from None

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in order."""
        return tuple(self._texts)
