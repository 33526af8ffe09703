"""Lists for people find what they filter by through indexes, among a hundred thousand rows."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from controller.resources import QUERIES
from controller.store.queries import Queries

ROWS = 100_000
NOW = datetime.now(UTC)
CALLS = """
INSERT INTO calls (queue_id, direction, license_key, our_number, their_number, channel_id, program, state, script_state,
                   response_code, started_at, ended_at)
SELECT 1000000000 + n, 'incoming', 'key-' || n % 500, '+1201555' || lpad((n % 9000)::text, 4, '0'),
       '+1202555' || lpad((n % 9000)::text, 4, '0'), 'channel-' || n, 'program', 'ended', '{}', 30,
       now() - make_interval(mins => n), CASE WHEN n % 5000 > 0 THEN now() - make_interval(mins => n) END
FROM generate_series(1, $1::integer) AS n
"""
POSTBACKS = """
INSERT INTO postbacks (id, subject, sequence, event, final, license_key, url, lane, body, created_at)
SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'call:' || n / 2, n % 2, 'call.answered', false,
       'key-' || n % 500, 'http://example.com/', 'http://example.com', 'QueueID=' || n,
       now() - make_interval(mins => $1::integer - n)
FROM generate_series(1, $1::integer) AS n
"""


def _scans(plan: dict[str, Any]) -> Iterator[str]:
    """The tables that a plan reads row by row."""
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for each in plan.get("Plans", ()):
        yield from _scans(each)


@pytest.fixture(scope="module")
async def full(fresh_database: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(fresh_database)
    await connection.execute(CALLS, ROWS)
    await connection.execute(POSTBACKS, ROWS)
    await connection.execute("ANALYZE")
    yield connection
    await connection.close()


async def _scanned(connection: asyncpg.Connection[asyncpg.Record], text: str, values: list[Any]) -> set[str]:
    plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {text}", *values)
    return set(_scans(json.loads(plan)[0]["Plan"]))


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"queue_id": 1000000007},
        {"number": "+12015550007"},
        {"license_key": "key-7"},
        {"since": NOW - timedelta(hours=2)},
        {"open_only": True},
        {"license_key": "key-7", "open_only": True},
        {"number": "+12025550007", "since": NOW - timedelta(days=2)},
        {"after_started_at": NOW - timedelta(days=2), "after_queue_id": 1000000007},
    ],
)
async def test_calls_are_found_without_reading_all(
    full: asyncpg.Connection[asyncpg.Record], wanted: dict[str, Any]
) -> None:
    names = ("queue_id", "number", "license_key", "since", "until", "response_code", "variable", "value")
    nothing = dict.fromkeys((*names, "after_started_at", "after_queue_id")) | {"open_only": False, "limit": 50}
    text, values = Queries.load(QUERIES).bind("recent_calls", (), nothing | wanted)
    assert await _scanned(full, text, list(values)) == set()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (None, None),
        (0, UUID("00000000-0000-4000-8000-000000000007")),
        (1, "call:7"),
        (2, "key-7"),
        (4, "waiting"),
        (4, "failed"),
        (4, "delivered"),
        (5, NOW - timedelta(hours=2)),
        (6, NOW - timedelta(hours=2)),
    ],
)
async def test_postbacks_are_found_without_reading_all(
    full: asyncpg.Connection[asyncpg.Record], place: int | None, value: object
) -> None:
    values: list[Any] = [None] * 7 + [50]
    if place is not None:
        values[place] = value
    text, _ = Queries.load(QUERIES).bind("list_postbacks", values, {})
    assert "postbacks" not in await _scanned(full, text, values)


@pytest.mark.parametrize("query", ["console_activity", "console_codes"])
@pytest.mark.parametrize("license_key", [None, "key-7"])
async def test_the_overview_reads_no_more_calls_than_those_of_the_last_hour(
    full: asyncpg.Connection[asyncpg.Record], query: str, license_key: str | None
) -> None:
    text, values = Queries.load(QUERIES).bind(query, (), {"license_key": license_key})
    assert "calls" not in await _scanned(full, text, list(values))


async def test_traffic_by_trunk_reads_no_more_calls_than_those_of_the_last_hour(
    full: asyncpg.Connection[asyncpg.Record],
) -> None:
    text, _ = Queries.load(QUERIES).bind("console_routes", (), {})
    assert await _scanned(full, text, []) == set()
