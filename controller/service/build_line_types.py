"""The line types of numbers, wired."""

from __future__ import annotations

from datetime import UTC, date, datetime

from controller.directory.current import CurrentDirectory
from controller.line_types.line_types import LineTypes
from controller.line_types.rules import NumberLibrary, NumberPlan, OwnNumbers


def _today() -> date:
    return datetime.now(UTC).date()


def build_line_types(directory: CurrentDirectory) -> LineTypes:
    """Who knows of numbers, in the order in which they are asked."""
    return LineTypes([OwnNumbers(directory, _today), NumberPlan(), NumberLibrary()])
