"""`ringpost calls`: the calls that there were, and what happened on one, looked at from the command line.

Numbers and digits are shown whole: this is the administrator's own data.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asyncpg import Record
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from controller.calls.model.call import TraceLine
from controller.calls.trace_mail import is_error, told
from controller.config.load import read_configuration
from controller.errors import RingpostError
from controller.numbers import try_number
from controller.resources import QUERIES
from controller.store.database import Database
from controller.store.queries import Queries
from controller.terminal import shown


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls: of or to a number, of a licence key by its name, since a moment, only those in progress."""

    number: str | None = None
    license_key: str | None = None
    since: datetime | None = None
    open_only: bool = False
    limit: int = 50


async def list_calls(config: Path, wanted: CallFilter, console: Console, *, as_json: bool) -> None:
    """Print the newest calls that fit. RingpostError for what is no number; StoreUnreachable."""
    number = None
    if wanted.number is not None and (number := try_number(wanted.number)) is None:
        raise RingpostError(f"“{wanted.number}” is not a valid phone number")
    rows = await _fetch(config, None, number, wanted.license_key, wanted.since, wanted.open_only, wanted.limit)
    if as_json:
        print(json.dumps([_as_json(row) for row in rows], ensure_ascii=False, indent=2))
    else:
        console.print(_list_table(rows))


async def show_call(config: Path, queue_id: int, console: Console, *, as_json: bool) -> bool:
    """Print one call with its trace. False when there is none of this QueueID; StoreUnreachable."""
    database = await _database(config)
    try:
        rows = await database.fetch("recent_calls", queue_id, None, None, None, False, 1)
        lines = await database.fetch("trace_of_calls", [queue_id])
    finally:
        await database.close()
    if not rows:
        return False
    trace = [TraceLine(queue_id, line["number"], line["at"], line["event"], line["fields"]) for line in lines]
    if as_json:
        whole = _as_json(rows[0]) | {"trace": [_line_as_json(line) for line in trace]}
        print(json.dumps(whole, ensure_ascii=False, indent=2))
    else:
        console.print(_detail(rows[0], trace))
    return True


async def _fetch(config: Path, *arguments: object) -> Sequence[Record]:
    database = await _database(config)
    try:
        return await database.fetch("recent_calls", *arguments)
    finally:
        await database.close()


async def _database(config: Path) -> Database:
    queries = Queries.load(QUERIES)
    return await Database.connect(read_configuration(config).database_url, queries, size=1)


def _list_table(rows: Sequence[Record]) -> RenderableType:
    if not rows:
        return Text("No call fits.")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("began (UTC)", "QueueID", "from", "to", "key", "lasted", "ended", "code"):
        table.add_column(heading, no_wrap=heading not in ("result", "key"), overflow="fold")
    for row in rows:
        caller, called = _ends(row)
        table.add_row(
            f"{row['started_at'].astimezone(UTC):%Y-%m-%d %H:%M:%S}",
            str(row["queue_id"]),
            shown(caller),
            shown(called),
            shown(row["license_key"]),
            _lasted(row),
            shown(row["end_reason"]) if row["ended_at"] else f"[green]{_standing(row)}[/]",
            str(row["response_code"]),
        )
    return table


def _detail(row: Record, trace: Sequence[TraceLine]) -> RenderableType:
    caller, called = _ends(row)
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="bold")
    facts.add_column(overflow="fold")
    for name, value in (
        ("QueueID", str(row["queue_id"])),
        ("from", caller),
        ("to", called),
        ("direction", row["direction"]),
        ("licence key", row["license_key"]),
        ("began", f"{row['started_at'].astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"),
        ("lasted", _lasted(row)),
        ("ended", row["end_reason"] or _standing(row)),
        *((("tries", str(row["tries"])),) if row["direction"] == "outgoing" else ()),
        ("response code", str(row["response_code"])),
    ):
        facts.add_row(name, shown(value))
    began = row["answered_at"] or row["started_at"]
    happened = Table(box=None, show_header=False, pad_edge=False)
    happened.add_column(justify="right", style="dim", no_wrap=True)
    happened.add_column(overflow="fold")
    for line in trace:
        style = "red" if is_error(line) else ""
        happened.add_row(f"{(line.at - began).total_seconds():.2f}", Text(told(line), style=style))
    return Group(facts, "", happened)


def _ends(row: Record) -> tuple[str, str]:
    """Who called, and who was called."""
    numbers = (row["their_number"], row["our_number"])
    return numbers if row["direction"] == "incoming" else numbers[::-1]


def _standing(row: Record) -> str:
    """Where a call stands that has not ended."""
    if row["due_at"] is not None:
        return f"due {row['due_at'].astimezone(UTC):%m-%d %H:%M:%S}"
    return "in progress"


def _lasted(row: Record) -> str:
    if row["answered_at"] is None:
        return "-" if row["ended_at"] is None else "not answered"
    end = row["ended_at"] or datetime.now(UTC)
    minutes, seconds = divmod(max(0, round((end - row["answered_at"]).total_seconds())), 60)
    return f"{minutes}:{seconds:02}"


def _as_json(row: Record) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}


def _line_as_json(line: TraceLine) -> dict[str, Any]:
    return {"number": line.number, "at": line.at.isoformat(), "event": line.event, **line.fields}
