"""`ringpost linetypes`: the assignment table, and what is known of a number."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, date, datetime
from json import dumps
from pathlib import Path

from rich.console import Console

from controller.commands.system_store import open_database
from controller.config.load import read_configuration
from controller.directory.current import CurrentDirectory
from controller.egress.guard import Guard
from controller.embedded.progress import Progress
from controller.errors import RingpostError
from controller.line_types.assignment_file import ReadTable, read_assignments
from controller.line_types.assignment_store import AssignmentStore
from controller.line_types.assignments import Assignments
from controller.numbers import parse_number
from controller.service.build_line_types import build_line_types

MOST_CLASSES = 10


class DateInvalid(RingpostError):
    """This is no day."""

    error_id = "date-invalid"


async def import_file(config: Path, file: Path, as_of: str | None) -> list[str]:
    """Import a file; lines for people. AssignmentsInvalid, DateInvalid, StoreError, OSError."""
    day = _day(as_of)
    configuration = read_configuration(config)
    async with open_database(configuration) as database:
        progress = Progress(sys.stderr)
        with progress.step(f"Reading {file.name}") as step:

            def told(rows: int, share: float) -> None:
                step.at(f"{rows:,} rows, {share:.0%}")

            read = await asyncio.to_thread(read_assignments, file, day, told)
        with progress.step("Storing the table"):
            await AssignmentStore(database).save(read.table)
    return _imported(read)


def _imported(read: ReadTable) -> list[str]:
    lines = [f"{read.rows:,} rows, {len(read.table):,} blocks, {len(read.table.carriers):,} carriers imported"]
    for word, rows in read.unknown_classes.most_common(MOST_CLASSES):
        lines.append(f"“{word}” is no class that is known: {rows:,} rows are of an unknown type")
    return lines


async def show_number(config: Path, number: str, console: Console, *, as_json: bool) -> None:
    """Print what is known of a number. PhoneNumberInvalid, StoreError."""
    wanted = parse_number(number)
    configuration = read_configuration(config)
    settings = configuration.settings
    guard = Guard(allow=settings.postbacks.allow)
    try:
        async with open_database(configuration) as database:
            assignments = Assignments(await AssignmentStore(database).load())
            directory = CurrentDirectory(configuration.snapshot)
            found = await build_line_types(settings.line_types, directory, guard, assignments).of(wanted)
    finally:
        guard.close()
    told = {
        "number": wanted,
        "type": found.type.value,
        "source": found.source,
        "as_of": found.as_of.isoformat() if found.as_of else "",
        "carrier_id": found.carrier_id,
        "carrier_name": found.carrier_name,
        "lata": found.lata,
        "switch_name": found.switch_name,
    }
    if as_json:
        console.print_json(dumps(told))
        return
    for name, value in told.items():
        if value:
            console.print(f"{name:<13} {value}", markup=False, highlight=False, soft_wrap=True)


async def show_table(config: Path, console: Console, *, as_json: bool) -> bool:
    """Print which table there is; False when there is none. StoreError."""
    configuration = read_configuration(config)
    async with open_database(configuration) as database:
        table = await AssignmentStore(database).stored()
    if table is None:
        console.print_json("null") if as_json else console.print("There is no assignment table.")
        return False
    if as_json:
        facts = {"file": table.file, "as_of": f"{table.as_of}", "blocks": table.blocks}
        console.print_json(dumps({**facts, "imported_at": table.imported_at.isoformat()}))
    else:
        told = f"{table.blocks:,} blocks as of {table.as_of}, from {table.file}"
        console.print(f"{told}, imported {table.imported_at:%Y-%m-%d %H:%M} UTC", markup=False, soft_wrap=True)
    return True


async def remove_table(config: Path) -> bool:
    """Remove the table; False when there was none. StoreError."""
    configuration = read_configuration(config)
    async with open_database(configuration) as database:
        return await AssignmentStore(database).remove()


def _day(text: str | None) -> date:
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise DateInvalid(f"“{text[:40]}” is no day; write it as 2026-11-27.") from None
