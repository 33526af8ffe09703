"""The database: a pool of connections, named queries, transactions, and notifications."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, NoReturn

import asyncpg
import structlog

from controller.errors import ConfigurationError, StoreError, StoreUnreachable, StoreUnwilling
from controller.store.addresses import usable_address
from controller.store.failures import READ_ONLY, store_errors
from controller.store.queries import Queries

log = structlog.get_logger()

# An idle connection that the network dropped without a word is noticed after this time, in seconds.
LISTEN_CHECK_SECONDS = 15.0
_SHORTEST_TIMEOUT = 0.001
# Off on a standby, and where a provider or an administrator has made the database read-only.
_TAKES_WRITES = "SELECT current_setting('transaction_read_only') = 'off'"


class Transaction:
    """The named queries inside one transaction. Each raises StoreUnreachable or StoreRefused.

    Arguments are given by the names of the query's parameters, or in order where the query numbers them.
    """

    __slots__ = ("_connection", "_queries", "_timeout")

    def __init__(self, connection: Any, queries: Queries, timeout: float) -> None:
        self._connection = connection
        self._queries = queries
        self._timeout = timeout

    async def fetch(self, name: str, /, *args: Any, timeout: float | None = None, **named: Any) -> list[asyncpg.Record]:
        """All rows of a query. `timeout`: seconds, instead of the database's own."""
        text, values = self._queries.bind(name, args, named)
        with store_errors():
            rows: list[asyncpg.Record] = await self._connection.fetch(text, *values, timeout=timeout or self._timeout)
        return rows

    async def fetchrow(
        self, name: str, /, *args: Any, timeout: float | None = None, **named: Any
    ) -> asyncpg.Record | None:
        """The first row, or None."""
        text, values = self._queries.bind(name, args, named)
        with store_errors():
            row: asyncpg.Record | None = await self._connection.fetchrow(
                text, *values, timeout=timeout or self._timeout
            )
        return row

    async def fetchval(self, name: str, /, *args: Any, timeout: float | None = None, **named: Any) -> Any:
        """The first value of the first row, or None."""
        text, values = self._queries.bind(name, args, named)
        with store_errors():
            return await self._connection.fetchval(text, *values, timeout=timeout or self._timeout)

    async def execute(self, name: str, /, *args: Any, timeout: float | None = None, **named: Any) -> str:
        """Run a query for its effect. Gives PostgreSQL's command tag, such as `UPDATE 3`."""
        text, values = self._queries.bind(name, args, named)
        with store_errors():
            tag: str = await self._connection.execute(text, *values, timeout=timeout or self._timeout)
        return tag

    async def executemany(self, name: str, rows: Iterable[Sequence[Any]], timeout: float | None = None) -> None:
        """Run a query once for each row of arguments; all or none."""
        with store_errors():
            await self._connection.executemany(self._queries.text(name), rows, timeout=timeout or self._timeout)


class Database:
    """PostgreSQL, reached through a pool.

    A connection that died is replaced when one is next needed, so a restarted PostgreSQL is picked up again by itself.
    Nothing is repeated here: after StoreUnreachable it is unknown whether a statement, or a commit, took effect.
    """

    def __init__(self, dsn: str, pool: asyncpg.Pool[asyncpg.Record], queries: Queries, timeout: float) -> None:
        self._dsn = dsn
        self._pool = pool
        self._queries = queries
        self._timeout = timeout

    @classmethod
    async def connect(cls, dsn: str, queries: Queries, *, size: int = 8, timeout: float = 10.0) -> Database:
        """Open the pool of at most `size` connections, each operation limited to `timeout` seconds.

        StoreUnreachable when PostgreSQL does not answer, or refuses the login. ConfigurationError for an address that
        cannot be used, and for a database that is not in UTF-8.
        """
        pool = await _open_pool(dsn, size, timeout)
        database = cls(dsn, pool, queries, timeout)
        try:
            async with database._connection() as connection:
                with store_errors():
                    _check_encoding(await connection.fetchval("SHOW server_encoding"))
                return database
        except BaseException:
            pool.terminate()
            raise

    async def planning_each_time(self, *, size: int) -> Database:
        """Another pool of at most `size` connections, on which a statement is planned each time that it is run.

        For statements whose best plan depends on how many rows there are just now. Whoever asks for it closes it; it
        connects when it is first used.
        """
        pool = await _open_pool(self._dsn, size, self._timeout, plan_cache_mode="force_custom_plan")
        return Database(self._dsn, pool, self._queries, self._timeout)

    @property
    def dsn(self) -> str:
        """Where the database is; it may hold a password."""
        return self._dsn

    async def close(self, timeout: float = 5.0) -> None:
        """Close all connections; those still busy after `timeout` seconds are cut off."""
        try:
            async with asyncio.timeout(timeout):
                await self._pool.close()
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self._pool.terminate()

    async def fetch(self, name: str, /, *args: Any, timeout: float | None = None, **named: Any) -> list[asyncpg.Record]:
        """All rows of a named query. `timeout`: seconds for all of it, the wait for a connection included."""
        async with self._session(timeout) as session:
            return await session.fetch(name, *args, **named)

    async def fetchrow(
        self, name: str, /, *args: Any, timeout: float | None = None, **named: Any
    ) -> asyncpg.Record | None:
        """The first row, or None."""
        async with self._session(timeout) as session:
            return await session.fetchrow(name, *args, **named)

    async def fetchval(self, name: str, /, *args: Any, timeout: float | None = None, **named: Any) -> Any:
        """The first value of the first row, or None."""
        async with self._session(timeout) as session:
            return await session.fetchval(name, *args, **named)

    async def execute(self, name: str, /, *args: Any, timeout: float | None = None, **named: Any) -> str:
        """Run a named query for its effect. Gives PostgreSQL's command tag, such as `UPDATE 3`."""
        async with self._session(timeout) as session:
            return await session.execute(name, *args, **named)

    async def executemany(self, name: str, rows: Iterable[Sequence[Any]], timeout: float | None = None) -> None:
        """Run a named query once for each row of arguments; all or none."""
        async with self._session(timeout) as session:
            await session.executemany(name, rows)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """One transaction: committed at the end of the block, rolled back when the block raises."""
        async with self._connection() as connection:
            with store_errors():
                transaction = connection.transaction()
            await _step(connection, transaction.start)
            try:
                yield Transaction(connection, self._queries, self._timeout)
            except BaseException:
                # What went wrong in the block is the news; a connection too dead to roll back has rolled back.
                with suppress(StoreError):
                    await _step(connection, transaction.rollback)
                raise
            await _step(connection, transaction.commit)

    async def renew(self) -> None:
        """Have every connection replaced before it is used again: there may be another server behind its name."""
        await self._pool.expire_connections()

    async def ready(self, timeout: float = 1.0) -> bool:
        """Whether PostgreSQL answers within `timeout` seconds, and takes writes: a standby does not."""
        try:
            async with asyncio.timeout(timeout), self._connection() as connection:
                with store_errors():
                    writes: bool = await connection.fetchval(_TAKES_WRITES, timeout=timeout)
        except (StoreError, TimeoutError):
            return False
        if not writes:
            await self.renew()
        return writes

    async def listen(self, channel: str, callback: Callable[[str | None], None], retry: float = 1.0) -> NoReturn:
        """Call `callback(payload)` for every NOTIFY on the channel, until cancelled.

        The connection is an own one, made again `retry` seconds after a drop. Notifications of the meantime are lost,
        so each time it stands, the first time included, `callback(None)` is called.
        """
        while True:
            try:
                with store_errors():
                    await self._listen_once(channel, callback)
            except StoreError as error:
                log.warning("listening was interrupted", channel=channel, reason=str(error))
            await asyncio.sleep(retry)

    async def _listen_once(self, channel: str, callback: Callable[[str | None], None]) -> None:
        address = usable_address(self._dsn)
        connection = await asyncpg.connect(address, timeout=self._timeout, command_timeout=self._timeout)
        try:
            dropped = asyncio.Event()
            connection.add_termination_listener(lambda _connection: dropped.set())
            await connection.add_listener(channel, lambda _connection, _pid, _channel, payload: callback(str(payload)))
            callback(None)
            while not dropped.is_set():
                # Not wait_for: Python 3.11's loses a cancellation that comes together with what is waited for.
                with suppress(TimeoutError):
                    async with asyncio.timeout(LISTEN_CHECK_SECONDS):
                        await dropped.wait()
                if not dropped.is_set():
                    await connection.fetchval("SELECT 1")
            raise StoreUnreachable("the connection that listens was dropped")
        finally:
            connection.terminate()

    @asynccontextmanager
    async def _session(self, timeout: float | None) -> AsyncIterator[Transaction]:
        """A connection for one statement. `timeout`: seconds for all of it, the wait for the connection included."""
        loop = asyncio.get_running_loop()
        deadline = None if timeout is None else loop.time() + timeout
        async with self._connection(timeout) as connection:
            left = self._timeout if deadline is None else max(_SHORTEST_TIMEOUT, deadline - loop.time())
            yield Transaction(connection, self._queries, left)

    @asynccontextmanager
    async def _connection(self, timeout: float | None = None) -> AsyncIterator[Any]:
        with store_errors():
            # The pool's own limit makes a task for each connection that is taken.
            async with asyncio.timeout(timeout or self._timeout):
                connection = await self._pool.acquire()
        try:
            yield connection
        except StoreUnreachable as error:
            if isinstance(error.__cause__, TimeoutError):
                # The server may never tell what became of the statement: nobody waits for that.
                connection.terminate()
            elif isinstance(error, StoreUnwilling) and error.sqlstate == READ_ONLY:
                # After a fail-over the same name leads to the new server: connections to the old one are renewed.
                await self.renew()
            raise
        finally:
            try:
                await self._pool.release(connection, timeout=timeout or self._timeout)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("a connection could not be returned", reason=str(error))


async def _open_pool(dsn: str, size: int, timeout: float, **settings: str) -> asyncpg.Pool[asyncpg.Record]:
    with store_errors():
        return await asyncpg.create_pool(
            usable_address(dsn),
            # asyncpg refills a pool with a minimum by itself, and fills the log with tracebacks when it cannot.
            min_size=0,
            max_size=size,
            command_timeout=timeout,
            timeout=timeout,
            init=_set_codecs,
            reset=_leave_as_it_is,
            server_settings={"application_name": "ringpost", **settings},
        )


def _check_encoding(encoding: str) -> None:
    if encoding != "UTF8":
        raise ConfigurationError(
            f"The database is encoded in {encoding}, which cannot hold every text; "
            "make another: createdb --template=template0 --encoding=UTF8 ringpost"
        )


async def _step(connection: Any, step: Callable[[], Awaitable[None]]) -> None:
    """Begin or end a transaction. A connection on which that was cut short is closed: its state is unknown."""
    try:
        with store_errors():
            await step()
    except BaseException:
        # It may have noticed by itself, and be no more.
        with suppress(asyncpg.InterfaceError):
            connection.terminate()
        raise


async def _set_codecs(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=_to_json, decoder=json.loads)


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


async def _leave_as_it_is(connection: Any) -> None:
    """Spares a round trip at each release: no query of ours leaves a session setting, a cursor or a lock behind."""
