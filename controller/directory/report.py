"""The checker's findings, written for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from controller.errors import Mistake


def for_people(mistakes: Sequence[Mistake]) -> str:
    """One line a mistake, as `file:line:column: error: message (expected ...)`, and a last line that counts them."""
    errors = sum(mistake.severity == "error" for mistake in mistakes)
    warnings = len(mistakes) - errors
    counted = [_count(errors, "error")] if errors or not warnings else []
    if warnings:
        counted.append(_count(warnings, "warning"))
    return "\n".join([*map(str, mistakes), ", ".join(counted)])


def for_programs(mistakes: Sequence[Mistake]) -> str:
    """A JSON array of objects: file, line, column, severity, message, expected."""
    return json.dumps([asdict(mistake) for mistake in mistakes], ensure_ascii=False, indent=2)


def has_errors(mistakes: Sequence[Mistake]) -> bool:
    """Whether one of them is an error: then the configuration is refused, and `ringpost check` exits with 1."""
    return any(mistake.severity == "error" for mistake in mistakes)


def _count(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"
