"""What tests of outgoing calls on a scripted Asterisk share."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from urllib.parse import parse_qsl

from controller.calls.store.call_lookup import CallFilter
from controller.directory.snapshot import LicenseKey, Snapshot, Trunk
from tests.support.calls import KEY, CallsRoom, snapshot
from tests.support.patience import LONGEST_WAIT
from tests.support.sql import sql

THEM = "+12015550188"
FAST = Trunk("carrier", "127.0.0.2", calls_per_second=1000, channels=1000)


def directory(*keys: LicenseKey, trunk: Trunk = FAST) -> Snapshot:
    """Keys, and one trunk to everywhere."""
    return replace(snapshot({}), license_keys={key.name: key for key in keys or (KEY,)}, trunks={trunk.name: trunk})


def somebody(index: int) -> str:
    """One of many numbers."""
    return f"+1201556{index:04d}"


async def posted(room: CallsRoom, queue_id: int) -> list[int]:
    """The response codes of a call's post-backs so far, in the order of their sequence numbers, which rise by one."""
    assert await room.journal.flush(LONGEST_WAIT)
    query = "SELECT body, sequence FROM postbacks WHERE subject = $1 ORDER BY sequence, number"
    rows = await sql(room.database, query, f"call:{queue_id}")
    assert [row["sequence"] for row in rows] == list(range(1, len(rows) + 1))
    return [int(dict(parse_qsl(row["body"]))["ResponseCode"]) for row in rows]


async def over(room: CallsRoom, queue_id: int, timeout: float = LONGEST_WAIT) -> list[int]:
    """Wait for the end of a call; its response codes."""
    async with asyncio.timeout(timeout):
        while True:
            (row,) = await room.lookup.find(CallFilter(queue_id=queue_id, limit=9))
            if row.ended_at:
                break
            await asyncio.sleep(0.01)
    return await posted(room, queue_id)
