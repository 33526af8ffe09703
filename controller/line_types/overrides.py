"""Overrides: what the operator says of numbers, by number or prefix. It counts before everything else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from controller.line_types.model import KnowsAtOnce, LineFound, LineType


class Overrides(KnowsAtOnce):
    """The longest prefix of a number decides. today: the day, for what the configuration says now."""

    def __init__(self, types: Mapping[str, LineType], today: Callable[[], date]) -> None:
        self._types = dict(types)
        self._lengths = sorted({len(prefix) for prefix in self._types}, reverse=True)
        self._today = today

    def found(self, number: str) -> LineFound | None:
        """The type that the longest prefix has."""
        for length in self._lengths:
            found = self._types.get(number[:length])
            if found is not None and len(number) >= length:
                return LineFound(found, "configuration", self._today())
        return None
