"""A copy of everything in the database: each table as PostgreSQL's text format, all as of one moment.

It needs no program of PostgreSQL's, and can be put back into any release of it: the schema comes from the migrations.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from controller.errors import ConfigurationError, StoreError
from controller.store.addresses import usable_address
from controller.store.failures import store_errors
from controller.store.migrations import Migrations
from controller.store.queries import Queries

CONNECT_SECONDS = 10.0
# For one table, which may hold the sounds of years.
TABLE_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table: its columns in the order of the file, and how many rows."""

    name: str
    columns: tuple[str, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class CopiedSequence:
    """A sequence of numbers: what it gave last, and whether it gave anything."""

    name: str
    value: int
    given: bool


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy holds; the rows of table T are in the file T.copy."""

    migrations: tuple[str, ...]
    tables: tuple[CopiedTable, ...]
    sequences: tuple[CopiedSequence, ...]


async def copy_out(dsn: str, queries: Queries, folder: Path) -> Copied:
    """Write every table into a folder, as of one moment; others go on with the database meanwhile. StoreError."""
    with store_errors():
        async with _connection(dsn) as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            migrations = tuple(row["name"] for row in await connection.fetch(queries.text("list_migrations")))
            tables = []
            for row in await connection.fetch(queries.text("list_tables")):
                name, columns = row["name"], row["columns"]
                with (folder / f"{name}.copy").open("wb") as file:
                    tag = await connection.copy_from_table(
                        name, output=file, columns=columns, format="text", timeout=TABLE_SECONDS
                    )
                tables.append(CopiedTable(name, tuple(columns), _count(tag)))
            rows = await connection.fetch(queries.text("list_sequences"))
            sequences = tuple(CopiedSequence(row["name"], row["value"], row["given"]) for row in rows)
    return Copied(migrations, tuple(tables), sequences)


async def copy_in(dsn: str, queries: Queries, migrations: Path, copied: Copied, folder: Path) -> None:
    """Put a copy into an empty database, then bring it up to date: all of it or nothing but an empty schema.

    migrations: their folder.
    ConfigurationError for a database that is not empty; MigrationError for a copy of a later release. StoreError.
    """
    with store_errors():
        async with _connection(dsn) as connection:
            if await connection.fetchval(queries.text("has_tables")):
                raise ConfigurationError("The database is not empty: a backup is restored into an empty one.")
    await Migrations(migrations, copied.migrations).apply(dsn)
    with store_errors():
        async with _connection(dsn) as connection, connection.transaction():
            known = {row["name"]: row["columns"] for row in await connection.fetch(queries.text("list_tables"))}
            await connection.execute(queries.text("forget_retention_marks"))
            for table in _in_order(copied.tables, list(known)):
                with (folder / f"{table.name}.copy").open("rb") as file:
                    tag = await connection.copy_to_table(
                        table.name, source=file, columns=table.columns, format="text", timeout=TABLE_SECONDS
                    )
                if _count(tag) != table.rows:
                    raise StoreError(f"{table.name} has {_count(tag)} rows instead of {table.rows}.")
            for sequence in copied.sequences:
                await connection.fetchval(queries.text("set_sequence"), sequence.name, sequence.value, sequence.given)
    await Migrations(migrations).apply(dsn)


def _in_order(tables: Sequence[CopiedTable], order: list[str]) -> list[CopiedTable]:
    """Those that others refer to first. StoreError for a table that there is not."""
    unknown = sorted({table.name for table in tables} - set(order))
    if unknown:
        raise StoreError(f"The database has no table {', '.join(unknown)}.")
    return sorted(tables, key=lambda table: order.index(table.name))


def _count(tag: str) -> int:
    return int(tag.rpartition(" ")[2])


@asynccontextmanager
async def _connection(dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(usable_address(dsn), timeout=CONNECT_SECONDS)
    try:
        yield connection
    finally:
        await connection.close(timeout=5.0)
