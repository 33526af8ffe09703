"""The checker's findings, written for people."""

from __future__ import annotations

from collections.abc import Sequence

from controller.errors import Mistake


def for_people(mistakes: Sequence[Mistake]) -> str:
    """One line a mistake, as `file:line:column: error: message (expected ...)`, and a last line that counts them."""
    errors = sum(mistake.severity == "error" for mistake in mistakes)
    warnings = len(mistakes) - errors
    counted = [_count(errors, "error")] if errors or not warnings else []
    if warnings:
        counted.append(_count(warnings, "warning"))
    return "\n".join([*map(str, mistakes), ", ".join(counted)])


def has_errors(mistakes: Sequence[Mistake]) -> bool:
    """Whether one of them is an error: then the configuration is refused, and `ringpost check` exits with 1."""
    return any(mistake.severity == "error" for mistake in mistakes)


def _count(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"
