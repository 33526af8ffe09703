"""The line types of numbers, wired."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from controller.config.line_type_settings import LineTypesSection
from controller.directory.current import CurrentDirectory
from controller.egress.guard import Guard
from controller.line_types.assignment_store import FollowedAssignments
from controller.line_types.assignments import Assignments
from controller.line_types.line_types import LineTypes
from controller.line_types.look_up import Answered, HttpLookUp, noted_nowhere
from controller.line_types.model import LineTypeProvider
from controller.line_types.overrides import Overrides
from controller.line_types.rules import NumberLibrary, NumberPlan, OwnNumbers
from controller.metering.look_ups import LookUpUsage
from controller.metering.metrics import UsageMetrics
from controller.store.database import Database


def _today() -> date:
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True)
class LineTypeParts:
    """What is known of lines, and the table of it that follows the store."""

    types: LineTypes
    assignments: FollowedAssignments
    reload: Callable[[LineTypesSection], None]
    """Takes other settings; who was looked up stays remembered where they are the same."""


def build_line_type_parts(
    section: LineTypesSection, directory: CurrentDirectory, guard: Guard, database: Database, metrics: UsageMetrics
) -> LineTypeParts:
    """The parts of the room `line_types`, wired to the store."""
    assignments = Assignments()
    answered = LookUpUsage(database, metrics, lambda: datetime.now(UTC)).write
    types = build_line_types(section, directory, guard, assignments, answered)
    current = section

    def reload(fresh: LineTypesSection) -> None:
        nonlocal current
        if fresh != current:
            types.replace(line_type_providers(fresh, directory, guard, assignments, answered))
            current = fresh

    return LineTypeParts(types, FollowedAssignments(database, assignments), reload)


def build_line_types(
    section: LineTypesSection,
    directory: CurrentDirectory,
    guard: Guard,
    assignments: Assignments,
    answered: Answered = noted_nowhere,
) -> LineTypes:
    """Who knows of numbers, at the start. answered: told of each look-up over HTTP."""
    return LineTypes(line_type_providers(section, directory, guard, assignments, answered))


def line_type_providers(
    section: LineTypesSection,
    directory: CurrentDirectory,
    guard: Guard,
    assignments: Assignments,
    answered: Answered,
) -> list[LineTypeProvider]:
    """Who knows of numbers, in the order in which they are asked."""
    providers: list[LineTypeProvider] = [
        Overrides(section.types, _today),
        OwnNumbers(directory, _today),
        NumberPlan(),
        assignments,
    ]
    if (options := section.look_up) is not None:
        providers.append(HttpLookUp(guard, options, time.monotonic, _today, answered))
    return [*providers, NumberLibrary()]
