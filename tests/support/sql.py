"""SQL of a test's own, beside the named queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from controller.store.database import Database


async def sql(database: Database, statement: str, *arguments: Any) -> Sequence[asyncpg.Record]:
    """Run one statement on a connection of its own; its rows."""
    connection = await asyncpg.connect(database.dsn, timeout=10)
    try:
        return await connection.fetch(statement, *arguments)
    finally:
        await connection.close()
