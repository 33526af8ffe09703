"""`ringpost calls`: the calls that there were, and what happened on one, looked at from the command line.

Numbers and digits are shown whole: this is the administrator's own data.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from controller.calls.model.call import TraceLine
from controller.calls.store.call_lookup import CallFilter, CallLookup
from controller.calls.store.stored_calls import CallSummary
from controller.calls.trace_mail import is_error, told
from controller.commands.system_store import open_database
from controller.config.load import read_configuration
from controller.directory.snapshot import Snapshot
from controller.errors import RingpostError
from controller.numbers import try_number
from controller.terminal import shown


async def list_calls(config: Path, wanted: CallFilter, console: Console, *, as_json: bool) -> None:
    """Print the newest calls that fit. RingpostError for what is no number; StoreUnreachable."""
    if wanted.number is not None:
        if (number := try_number(wanted.number)) is None:
            raise RingpostError(f"“{wanted.number}” is not a valid phone number")
        wanted = replace(wanted, number=number)
    snapshot = read_configuration(config).snapshot
    if wanted.license_key is not None:
        wanted = replace(wanted, license_key=snapshot.stored_name(wanted.license_key))
    async with _lookup(config) as lookup:
        calls = [_as_declared(call, snapshot) for call in await lookup.find(wanted)]
    if as_json:
        print(json.dumps([_as_json(call) for call in calls], ensure_ascii=False, indent=2))
    else:
        console.print(_list_table(calls))


async def show_call(config: Path, queue_id: int, console: Console, *, as_json: bool) -> bool:
    """Print one call with its trace. False when there is none of this QueueID; StoreUnreachable."""
    async with _lookup(config) as lookup:
        found = await lookup.find(CallFilter(queue_id=queue_id, limit=1))
        trace = await lookup.trace(queue_id)
    snapshot = read_configuration(config).snapshot
    calls = [_as_declared(call, snapshot) for call in found]
    if not calls:
        return False
    if as_json:
        whole = _as_json(calls[0]) | {"trace": [_line_as_json(line) for line in trace]}
        print(json.dumps(whole, ensure_ascii=False, indent=2))
    else:
        console.print(_detail(calls[0], trace))
    return True


def _as_declared(call: CallSummary, snapshot: Snapshot) -> CallSummary:
    """The call with the name that its licence key has now."""
    return replace(call, license_key=snapshot.shown_name(call.license_key))


@asynccontextmanager
async def _lookup(config: Path) -> AsyncIterator[CallLookup]:
    async with open_database(read_configuration(config)) as database:
        yield CallLookup(database)


def _list_table(calls: Sequence[CallSummary]) -> RenderableType:
    if not calls:
        return Text("No call fits.")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("began (UTC)", "QueueID", "from", "to", "key", "lasted", "ended", "code"):
        table.add_column(heading, no_wrap=heading not in ("result", "key"), overflow="fold")
    for call in calls:
        caller, called = _ends(call)
        table.add_row(
            f"{call.started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
            str(call.queue_id),
            shown(caller),
            shown(called),
            shown(call.license_key),
            _lasted(call),
            shown(call.end_reason) if call.ended_at else f"[green]{_standing(call)}[/]",
            str(call.response_code),
        )
    return table


def _detail(call: CallSummary, trace: Sequence[TraceLine]) -> RenderableType:
    caller, called = _ends(call)
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="bold")
    facts.add_column(overflow="fold")
    for name, value in (
        ("QueueID", str(call.queue_id)),
        ("from", caller),
        ("to", called),
        ("direction", call.direction),
        ("licence key", call.license_key),
        ("began", f"{call.started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"),
        ("lasted", _lasted(call)),
        ("ended", call.end_reason or _standing(call)),
        *((("tries", str(call.tries)),) if call.direction == "outgoing" else ()),
        ("response code", str(call.response_code)),
    ):
        facts.add_row(name, shown(value))
    began = call.answered_at or call.started_at
    happened = Table(box=None, show_header=False, pad_edge=False)
    happened.add_column(justify="right", style="dim", no_wrap=True)
    happened.add_column(overflow="fold")
    for line in trace:
        style = "red" if is_error(line) else ""
        happened.add_row(f"{(line.at - began).total_seconds():.2f}", Text(told(line), style=style))
    return Group(facts, "", happened)


def _ends(call: CallSummary) -> tuple[str, str]:
    """Who called, and who was called."""
    numbers = (call.their_number, call.our_number)
    return numbers if call.direction == "incoming" else numbers[::-1]


def _standing(call: CallSummary) -> str:
    """Where a call stands that has not ended."""
    if call.due_at is not None:
        return f"due {call.due_at.astimezone(UTC):%m-%d %H:%M:%S}"
    return "in progress"


def _lasted(call: CallSummary) -> str:
    if call.answered_at is None:
        return "-" if call.ended_at is None else "not answered"
    end = call.ended_at or datetime.now(UTC)
    minutes, seconds = divmod(max(0, round((end - call.answered_at).total_seconds())), 60)
    return f"{minutes}:{seconds:02}"


def _as_json(call: CallSummary) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(call).items()}


def _line_as_json(line: TraceLine) -> dict[str, Any]:
    return {"number": line.number, "at": line.at.isoformat(), "event": line.event, **line.fields}
