"""Diagnostics: what is wrong or doubtful in a script, and where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]

MOST = 100


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """A mistake ("error") or a doubt ("warning") at a line and column of the script, both counted from 1.

    `code` is stable, for programs; `message` is one sentence for people.
    """

    line: int
    column: int
    severity: Severity
    code: str
    message: str


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether one of them is an error."""
    return any(diagnostic.severity == "error" for diagnostic in diagnostics)


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sort by place, each once, and at most `MOST` of them; one more says that there are others.

    Errors are kept before warnings when not all fit.
    """
    found = sorted(set(diagnostics))
    if len(found) <= MOST:
        return tuple(found)
    kept = sorted(sorted(found, key=lambda diagnostic: diagnostic.severity)[:MOST])
    last = kept[-1]
    more = Diagnostic(
        last.line, last.column, "warning", "more", f"{len(found) - MOST} further mistakes and doubts are not shown."
    )
    return (*kept, more)
