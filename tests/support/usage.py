"""Usage as the store has it, for tests that count."""

from __future__ import annotations

from typing import Any

import asyncpg


async def usage_of(dsn: str, columns: str = "record_id, units, sign") -> list[tuple[Any, ...]]:
    """These columns of all records, by their ids."""
    connection = await asyncpg.connect(dsn)
    try:
        return [tuple(row) for row in await connection.fetch(f"SELECT {columns} FROM usage_records ORDER BY record_id")]
    finally:
        await connection.close()
