"""Migrations: numbered SQL files, applied in order, once each, and never changed afterwards."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from controller.errors import MigrationError, StoreRefused, StoreUnwilling
from controller.store.addresses import usable_address
from controller.store.failures import store_errors

# Any number of our own; two controllers that start at once wait for each other on it.
LOCK = 7_464_707_678
# A standby, a lock, a conflict with another session: the same file may be applied later.
_ANOTHER_TIME = frozenset({"25", "40", "55"})

_FILE = re.compile(r"(\d{4})_[a-z0-9_]+")
_CREATE = """CREATE TABLE IF NOT EXISTS schema_migrations (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its number, its name without `.sql`, its text."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, hexadecimal."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


class Migrations:
    """The migration files of a folder. MigrationError for a name that is not `NNNN_name.sql` or a number used twice."""

    def __init__(self, directory: Path, only: Collection[str] | None = None) -> None:
        """only: the names of those that count, to make a database as an earlier release had it."""
        found: dict[int, Migration] = {}
        for path in sorted(directory.glob("*.sql")):
            match = _FILE.fullmatch(path.stem)
            if match is None:
                raise MigrationError(f"{path.name} is not named NNNN_name.sql")
            number = int(match[1])
            if number in found:
                raise MigrationError(f"{path.name} has the number of {found[number].name}.sql")
            found[number] = Migration(number, path.stem, path.read_text(encoding="utf-8"))
        if not found:
            raise MigrationError(f"there are no migrations in {directory}")
        unknown = sorted(set(only or ()) - {migration.name for migration in found.values()})
        if unknown:
            raise MigrationError(f"{unknown[0]} is of a later version of Ringpost than this one")
        self._files = tuple(each for each in found.values() if only is None or each.name in only)

    async def check(self, dsn: str, *, timeout: float = 10.0) -> list[str]:
        """The names of files that the database has not seen yet; changes nothing.

        MigrationError when a file that was applied has changed since or is gone; StoreUnreachable.
        """
        async with _connection(dsn, timeout) as connection:
            return [migration.name for migration in await self._pending(connection)]

    async def apply(self, dsn: str, *, timeout: float = 600.0) -> list[str]:
        """Apply what is pending, each file in its own transaction; gives the names applied now.

        `timeout`: seconds for one file, and for the wait while another process migrates. MigrationError as in `check`,
        and for a file that PostgreSQL refuses: then that file has changed nothing.
        """
        async with _connection(dsn, timeout) as connection:
            applied = []
            while (name := await self._apply_next(connection)) is not None:
                applied.append(name)
            return applied

    async def _apply_next(self, connection: asyncpg.Connection[asyncpg.Record]) -> str | None:
        """Apply the first pending file; its name, None when there is none.

        The lock is one of the transaction, so that it ends with it, also behind a pooler that shares sessions.
        """
        with store_errors():
            async with connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
                await connection.execute(_CREATE)
                pending = await self._pending(connection)
                if not pending:
                    return None
                await _apply(connection, pending[0])
                return pending[0].name

    async def _pending(self, connection: asyncpg.Connection[asyncpg.Record]) -> list[Migration]:
        with store_errors():
            if not await connection.fetchval("SELECT to_regclass('schema_migrations') IS NOT NULL"):
                return list(self._files)
            rows = await connection.fetch("SELECT number, name, checksum FROM schema_migrations ORDER BY number")
        files = {migration.number: migration for migration in self._files}
        for row in rows:
            file = files.get(row["number"])
            if file is None:
                raise MigrationError(f"the database has {row['name']}, which this version of Ringpost does not know")
            if file.checksum != row["checksum"]:
                raise MigrationError(f"{file.name}.sql has changed since it was applied")
        applied = {row["number"] for row in rows}
        return [migration for migration in self._files if migration.number not in applied]


async def _apply(connection: asyncpg.Connection[asyncpg.Record], migration: Migration) -> None:
    try:
        with store_errors():
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute(
                    "INSERT INTO schema_migrations (number, name, checksum) VALUES ($1, $2, $3)",
                    migration.number,
                    migration.name,
                    migration.checksum,
                )
    except (StoreRefused, StoreUnwilling) as error:
        if isinstance(error, StoreUnwilling) and error.sqlstate[:2] in _ANOTHER_TIME:
            raise
        raise MigrationError(f"{migration.name}.sql was refused: {error}") from error


@asynccontextmanager
async def _connection(dsn: str, timeout: float) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    with store_errors():
        connection = await asyncpg.connect(usable_address(dsn), timeout=min(timeout, 10.0), command_timeout=timeout)
    try:
        yield connection
    finally:
        with store_errors():
            await connection.close(timeout=5.0)
