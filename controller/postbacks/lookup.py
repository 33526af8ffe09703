"""The look-up of post-backs: as people read them and replay them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

from controller.egress.urls import customer_url
from controller.postbacks.lanes import lane_of
from controller.store.database import Database

State = Literal["waiting", "failed", "delivered"]
REPLAY_STEP = 2000


@dataclass(frozen=True, slots=True)
class Filters:
    """Which post-backs; None for any. `subject`: "call:1000000001"; `digits`: a phone number, or a part of it, as it
    stands in the form; `since` (inclusive) and `until` (exclusive) are about when the post-back was made."""

    subject: str | None = None
    license_key: str | None = None
    digits: str | None = None
    state: State | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class StoredPostback:
    """One post-back and where it stands. `state`: waiting, under way, delivered or failed; `due_at`: of the next
    attempt; `status`, `reason`, `attempted_at`: of the last one."""

    number: int
    id: UUID
    subject: str
    sequence: int
    event: str
    final: bool
    license_key: str
    url: str
    form: tuple[tuple[str, str], ...]
    created_at: datetime
    state: str
    tries: int
    due_at: datetime | None
    attempted_at: datetime | None
    status: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """One attempt: when it began, how many seconds it took, the answer's status, and why it failed."""

    at: datetime
    seconds: float
    status: int | None
    delivered: bool
    reason: str


@dataclass(frozen=True, slots=True)
class LaneCount:
    """What waits for one host and port."""

    lane: str
    waiting: int
    failing: int
    next_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Stats:
    """The outbox at a glance. `failing`: of those waiting, tried at least once; `stopped`: URLs that answered 410."""

    waiting: int
    under_way: int
    failing: int
    given_up: int
    oldest_seconds: float
    lanes: tuple[LaneCount, ...]
    stopped: tuple[tuple[str, datetime], ...]


async def find(database: Database, filters: Filters) -> list[StoredPostback]:
    """The newest post-backs that fit. StoreUnreachable."""
    return await _entries(database, None, filters)


async def show(database: Database, postback_id: UUID) -> tuple[StoredPostback, list[PastAttempt]] | None:
    """A post-back with all its attempts; None for an unknown id."""
    entries = await _entries(database, postback_id, Filters(limit=1))
    if not entries:
        return None
    rows = await database.fetch("list_postback_attempts", entries[0].number)
    return entries[0], [PastAttempt(*row) for row in rows]


async def replay(database: Database, postback_id: UUID) -> bool:
    """Have one delivered anew, at once and with all its tries, whatever became of it. False for an unknown id."""
    row = await database.fetchrow("replay_postback", postback_id)
    return row is not None and row["count"] > 0


async def replay_to(database: Database, postback_id: UUID, url: str) -> UUID | None:
    """Have one delivered once more, to another URL; the first stays as it is. Gives the id of the new post-back.

    None for an unknown id. UrlRefused for a URL that nothing could be sent to.
    """
    customer_url(url)
    new_id = uuid4()
    row = await database.fetchrow("replay_postback_to", postback_id, new_id, url, lane_of(url))
    return new_id if row is not None and row["count"] else None


async def replay_failed(database: Database, since: datetime, until: datetime, *, license_key: str | None = None) -> int:
    """Have all that were given up from `since` until before `until` delivered anew; gives how many."""
    total = 0
    while True:
        row = await database.fetchrow("replay_failed_postbacks", since, until, license_key, REPLAY_STEP)
        count: int = row["count"] if row else 0
        total += count
        if count < REPLAY_STEP:
            return total


async def stats(database: Database, *, lanes: int = 20) -> Stats:
    """The outbox at a glance, with at most so many hosts and stopped URLs."""
    counts = await database.fetchrow("count_postbacks")
    assert counts is not None
    by_lane = await database.fetch("count_postbacks_by_lane", lanes)
    stops = await database.fetch("list_postback_stops", lanes)
    return Stats(
        waiting=counts["waiting"],
        under_way=counts["under_way"],
        failing=counts["failing"],
        given_up=counts["given_up"],
        oldest_seconds=counts["oldest_seconds"] or 0.0,
        lanes=tuple(
            LaneCount(row["lane"], row["waiting"], row["failing"], row["next_at"], row["reason"]) for row in by_lane
        ),
        stopped=tuple((row["url"], row["stopped_at"]) for row in stops),
    )


async def _entries(database: Database, postback_id: UUID | None, filters: Filters) -> list[StoredPostback]:
    rows: Sequence[object] = await database.fetch(
        "list_postbacks",
        postback_id,
        filters.subject,
        filters.license_key,
        filters.digits,
        filters.state,
        filters.since,
        filters.until,
        filters.limit,
    )
    return [_entry(row) for row in rows]


def _entry(row: object) -> StoredPostback:
    values = dict(row)  # type: ignore[call-overload]
    form = tuple(parse_qsl(values.pop("body"), keep_blank_values=True))
    return StoredPostback(form=form, **values)
