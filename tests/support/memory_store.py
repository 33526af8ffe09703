"""The store of calls without PostgreSQL: the named queries of the room `calls`, on tables in this process.

For unit tests. That the SQL does the same is what the integration tests of the store are for.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from controller.calls.store.call_entries import CallRow, TraceRow
from controller.errors import StoreUnreachable
from controller.metering.store.records import UsageRow
from controller.postbacks.outbox import PostbackRow
from tests.support.patience import LONGEST_WAIT

Row = dict[str, Any]
_KEPT = ("queue_id", "direction", "license_key", "our_number", "their_number", "program", "started_at", "dialled_at")
_NOTIFICATION = ("caller_id_name", "most_tries", "next_try_seconds", "max_call_seconds", "reference_id")


@dataclass
class Tables:
    """What is stored."""

    calls: dict[int, Row] = field(default_factory=dict)
    notifications: dict[int, Row] = field(default_factory=dict)
    trace: dict[tuple[int, int], Row] = field(default_factory=dict)
    programs: dict[str, str] = field(default_factory=dict)
    postbacks: list[Row] = field(default_factory=list)
    usage: dict[str, Row] = field(default_factory=dict)
    id_blocks: int = 1000000


class MemoryDatabase:
    """Stands for `Database` and its transactions. away: whether every query fails. asked: the queries so far.

    losing: told of each query after it took effect; when it gives True the answer is lost.
    """

    def __init__(self) -> None:
        self.tables = Tables()
        self.away = False
        self.asked: list[str] = []
        self._changed = asyncio.Event()
        self.losing: Callable[[str], bool] = lambda _name: False
        self.refusing: Callable[[str, Row], Exception | None] = lambda _name, _values: None

    async def fetch(self, name: str, /, *args: Any, timeout: float | None = None, **values: Any) -> list[Row]:
        return self._rows(await self._do(name, args, values))

    async def fetchrow(self, name: str, /, *args: Any, timeout: float | None = None, **values: Any) -> Row | None:
        return next(iter(await self.fetch(name, *args, **values)), None)

    async def fetchval(self, name: str, /, *args: Any, timeout: float | None = None, **values: Any) -> Any:
        return await self._do(name, args, values)

    async def execute(self, name: str, /, *args: Any, timeout: float | None = None, **values: Any) -> str:
        await self._do(name, args, values)
        return ""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryDatabase]:
        before = deepcopy(self.tables)
        try:
            yield self
        except BaseException:
            self.tables = before
            raise
        self._changed.set()
        if self.losing("commit"):
            raise StoreUnreachable("the answer was lost")

    @property
    def posted(self) -> list[tuple[int, str, bool]]:
        """The QueueID, the event and whether it is the last, of each post-back in the outbox."""
        return [(int(row["subject"].partition(":")[2]), row["event"], row["final"]) for row in self.tables.postbacks]

    async def until(self, condition: Callable[[], bool], *, timeout: float = LONGEST_WAIT) -> None:
        """Wait until `condition` holds; it is looked at after each query."""
        async with asyncio.timeout(timeout):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def over(self, queue_id: int) -> list[int]:
        """Wait for the end of a call; the response codes of its post-backs."""
        await self.until(lambda: (queue_id, True) in [(number, final) for number, _, final in self.posted])
        return self.codes(queue_id)

    def codes(self, queue_id: int) -> list[int]:
        """The response codes of a call's post-backs so far; their sequence numbers rise by one."""
        rows = [row for row in self.tables.postbacks if row["subject"] == f"call:{queue_id}"]
        assert [row["sequence"] for row in rows] == list(range(1, len(rows) + 1))
        return [int(dict(parse_qsl(row["body"]))["ResponseCode"]) for row in rows]

    def told(self, queue_id: int) -> list[str]:
        """The events that are posted of a call."""
        return [event for number, event, _ in self.posted if number == queue_id]

    def trace_of(self, queue_id: int) -> list[str]:
        """The events of a call's trace."""
        return [row["event"] for (call, _), row in sorted(self.tables.trace.items()) if call == queue_id]

    async def _do(self, name: str, args: tuple[Any, ...], values: Row) -> Any:
        await asyncio.sleep(0)  # a round trip
        self.asked.append(name)
        if self.away:
            self._changed.set()
            raise StoreUnreachable
        if error := self.refusing(name, values):
            raise error
        done = getattr(self, f"_{name}")(*args, **values)
        asyncio.get_running_loop().call_soon(self._changed.set)
        if self.losing(name):
            raise StoreUnreachable("the answer was lost")
        return done

    @staticmethod
    def _rows(found: Any) -> list[Row]:
        return list(found or [])

    def _reserve_queue_ids(self) -> int:
        self.tables.id_blocks += 1
        return self.tables.id_blocks

    def _save_programs(self, hashes: list[str], sources: list[str]) -> None:
        self.tables.programs |= dict(zip(hashes, sources, strict=True))

    def _save_calls(
        self, *, controller_id: str | None, asterisk: str, calls: str, lines: str, postbacks: str, usage: str
    ) -> None:
        for line in _read(lines, TraceRow._fields):
            self.tables.trace.setdefault((line["queue_id"], line["number"]), line)
        written = set()
        for row in _read(calls, CallRow._fields):
            known = self.tables.calls.get(row["queue_id"])
            row |= {"controller_id": controller_id, "asterisk": asterisk}
            if known is None:
                self.tables.calls[row["queue_id"]] = row
            elif (
                known["ended_at"] is None
                and known["dialled_at"] == row["dialled_at"]
                and known["controller_id"] == controller_id
            ):
                known.update({name: value for name, value in row.items() if name not in (*_KEPT, "asterisk")})
            else:
                continue
            written.add(row["queue_id"])
        for row in _read(postbacks, ("queue_id", *PostbackRow._fields)):
            if row.pop("queue_id") in written:
                self._enqueue_postback(row)
        for row in _read(usage, ("queue_id", *UsageRow._fields)):
            if row.pop("queue_id") in written:
                self.tables.usage.setdefault(row["record_id"], row)

    def _enqueue_postbacks(self, **columns: list[Any]) -> None:
        for row in _records(columns, PostbackRow._fields):
            self._enqueue_postback(row)

    def _enqueue_postback(self, row: Row) -> None:
        if row["id"] not in {each["id"] for each in self.tables.postbacks}:
            self.tables.postbacks.append(row)

    def _write_usage(self, **columns: list[Any]) -> None:
        for row in _records(columns, UsageRow._fields):
            self.tables.usage.setdefault(row["record_id"], row)

    def _queue_calls(self, *, program_hash: list[str], program_source: list[str], **columns: list[Any]) -> None:
        self._save_programs(program_hash, program_source)
        for row in zip(*columns.values(), strict=True):
            self._queue_call(**dict(zip(columns, row, strict=True)))

    def _queue_call(self, **values: Any) -> None:
        queue_id = values["queue_id"]
        asked = {name: values.pop(name) for name in _NOTIFICATION}
        self.tables.notifications.setdefault(queue_id, asked)
        values |= {"script_state": json.loads(values["script_state"]), "controller_id": None, "asterisk": ""}
        self.tables.calls.setdefault(queue_id, values)

    def _claim_calls(
        self,
        *,
        license_keys: list[str],
        max_calls: list[int | None],
        route: str,
        channels: int | None,
        most: int,
        waiting: str,
        claimed: str,
        tries_begun: int,
        controller_id: str,
        asterisk: str,
        **_pace: object,
    ) -> list[Row]:
        """Within the channels and the calls at one time; the pace is not held here."""
        now, turns, due_calls = datetime.now(UTC), list[tuple[int, int, Row]](), 0
        under_way = [row for row in self.tables.calls.values() if row["ended_at"] is None and row["due_at"] is None]
        free = most if channels is None else channels - sum(row["route"] == route for row in under_way)
        for place, (key, limit) in enumerate(zip(license_keys, max_calls, strict=True)):
            due = [
                row
                for row in self.tables.calls.values()
                if (row["license_key"], row["route"], row["state"]) == (key, route, waiting) and row["due_at"] <= now
            ]
            due_calls += len(due[:most])
            room = most if limit is None else limit - sum(row["license_key"] == key for row in under_way)
            in_order = sorted(due, key=lambda row: (row["due_at"], row["queue_id"]))[: max(0, room)]
            turns += [(turn, place, row) for turn, row in enumerate(in_order)]
        taken = [row for _, _, row in sorted(turns, key=lambda each: each[:2])][: max(0, min(most, free))]
        for row in taken:
            row |= {"state": claimed, "due_at": None, "dialled_at": now, "controller_id": controller_id}
            row |= {"asterisk": asterisk, "tries": row["tries"] + tries_begun}
        found = [{**self._whole(row), "due_calls": due_calls} for row in taken]
        return found or [{"queue_id": None, "due_calls": due_calls}]

    def _note_tried_route(self, *, queue_id: int, route: str, tries: int) -> None:
        row = self.tables.calls[queue_id]
        before = row.get("tried_routes", []) if row.get("tried_in") == tries else []
        row |= {"tried_routes": [*before, route], "tried_in": tries}

    def _lock_call_claims(self) -> None:
        """One process needs no lock."""

    def _take_call_slot(self, *, lead: float, **_values: object) -> float:
        return lead

    def _admit_legs(self, *, queue_id: int, **_values: object) -> list[Row]:
        return [{"queue_id": queue_id}]

    def _legs_are_over(self, _queue_id: int) -> None:
        """Nothing is counted here."""

    def _admit_incoming_call(self, *, queue_id: int, **_values: object) -> list[Row]:
        return [{"queue_id": queue_id}]

    def _waiting_routes(self) -> list[Row]:
        waiting = {
            (row["license_key"], row["route"]) for row in self.tables.calls.values() if row["due_at"] is not None
        }
        return [{"license_key": key, "route": route} for key, route in sorted(waiting)]

    def _waiting_call(self, *, queue_id: int) -> list[Row]:
        row = self.tables.calls.get(queue_id)
        return [self._whole(row)] if row is not None and row["due_at"] is not None else []

    def _open_calls(self, *, controller_id: str, just_claimed_seconds: float) -> list[Row]:
        return [
            self._whole(row)
            for row in self.tables.calls.values()
            if row["ended_at"] is None and row["due_at"] is None and row["controller_id"] == controller_id
        ]

    def _knows_channel(self, *, our_number: str, channel_id: str, asterisk: str) -> bool:
        wanted = (our_number, channel_id, asterisk)
        calls = self.tables.calls.values()
        return any((row["our_number"], row["channel_id"], row["asterisk"]) == wanted for row in calls)

    def _take_over_calls(self, *_values: object) -> list[Row]:
        return []

    def _calls_taken_over(self, *_values: object) -> list[Row]:
        return []

    def _whole(self, row: Row) -> Row:
        """A call with what is needed to go on with it."""
        nothing = dict.fromkeys(_NOTIFICATION)
        return {
            **deepcopy(row),
            **self.tables.notifications.get(row["queue_id"], nothing),
            "source": self.tables.programs.get(row["program"]),
            "trace_number": max((number for call, number in self.tables.trace if call == row["queue_id"]), default=0),
            "just_claimed": False,
            "last_seen_at": None,
        }


def _read(rows: str, names: tuple[str, ...]) -> list[Row]:
    """Rows that are given as JSON, as PostgreSQL would read them."""
    found: list[Row] = json.loads(rows)
    for row in found:
        assert set(row) == set(names)
        for name, value in row.items():
            if (name == "at" or name.endswith("_at")) and value is not None:
                row[name] = datetime.fromisoformat(value)
            elif name == "id":
                row[name] = UUID(value)
    return found


def _records(columns: dict[str, list[Any]], names: tuple[str, ...], prefix: str = "") -> list[Row]:
    return [dict(zip(names, values, strict=True)) for values in zip(*(columns[prefix + n] for n in names), strict=True)]
