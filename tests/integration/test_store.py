"""The store against a real PostgreSQL."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from controller.errors import MigrationError, StoreError, StoreRefused, StoreUnreachable
from controller.store.database import Database
from controller.store.migrations import Migrations
from controller.store.queries import Queries
from tests.support.patience import LONGEST_WAIT

TABLE = Queries(
    {
        "make": "-- one table\nCREATE TABLE things (name text PRIMARY KEY, facts jsonb)",
        "put": "-- one row\nINSERT INTO things VALUES ($1, $2)",
        "all": "-- every row\nSELECT name, facts FROM things ORDER BY name",
        "plans": "-- how statements are planned\nSELECT current_setting('plan_cache_mode')",
        "slow": "-- takes its time\nSELECT pg_sleep(30)",
        "notify": "-- wakes who listens\nSELECT pg_notify($1, $2)",
        "cut": "-- cuts every other connection\n"
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid()",
    }
)


async def test_json_goes_in_and_out_as_python_values(empty_postgres: str) -> None:
    database = await Database.connect(empty_postgres, TABLE)
    await database.execute("make")
    await database.executemany("put", [("a", {"list": [1, "ü"]}), ("b", None)])
    assert [tuple(row) for row in await database.fetch("all")] == [("a", {"list": [1, "ü"]}), ("b", None)]
    await database.close()


async def test_statements_are_planned_each_time_where_that_is_asked_for_and_nowhere_else(empty_postgres: str) -> None:
    database = await Database.connect(empty_postgres, TABLE)
    planning = await database.planning_each_time(size=1)
    assert await planning.fetchval("plans") == "force_custom_plan"
    assert await database.fetchval("plans") == "auto"
    await planning.close()
    assert await database.ready()
    await database.close()


async def test_a_transaction_that_raises_leaves_nothing(empty_postgres: str) -> None:
    database = await Database.connect(empty_postgres, TABLE)
    await database.execute("make")

    async def put_twice() -> None:
        async with database.transaction() as transaction:
            await transaction.execute("put", "a", None)
            await transaction.execute("put", "a", None)

    with pytest.raises(StoreRefused) as refused:
        await put_twice()
    assert (refused.value.sqlstate, refused.value.constraint) == ("23505", "things_pkey")
    assert await database.fetch("all") == []
    await database.close()


@pytest.mark.parametrize("arguments", [("a",), (1, None), ("\0", None), ("a", {"x": "\0"}), ("\ud800", None)])
async def test_arguments_that_cannot_be_stored_are_refused(empty_postgres: str, arguments: tuple[object, ...]) -> None:
    database = await Database.connect(empty_postgres, TABLE)
    await database.execute("make")
    with pytest.raises(StoreRefused):
        await database.execute("put", *arguments)
    assert await database.ready()
    await database.close()


async def test_a_statement_that_takes_too_long_is_given_up(empty_postgres: str) -> None:
    database = await Database.connect(empty_postgres, TABLE, size=1, timeout=0.2)
    with pytest.raises(StoreUnreachable, match="in time"):
        await database.fetch("slow")
    assert await database.ready(5.0)
    await database.close()


async def test_a_time_limit_counts_the_wait_for_a_connection_too(empty_postgres: str) -> None:
    database = await Database.connect(empty_postgres, TABLE, size=1, timeout=60.0)
    async with database.transaction(), asyncio.timeout(LONGEST_WAIT):
        with pytest.raises(StoreUnreachable):
            await database.fetch("plans", timeout=0.2)
    assert await database.fetchval("plans", timeout=30.0) == "auto"
    await database.close()


async def test_after_a_time_limit_nobody_waits_for_a_server_that_stands_still(empty_postgres: str) -> None:
    database = await Database.connect(empty_postgres, TABLE, size=1, timeout=60.0)
    async with asyncio.timeout(LONGEST_WAIT):
        with pytest.raises(StoreUnreachable):
            await database.fetch("slow", timeout=0.2)
        assert await database.fetchval("plans") == "auto"
    await database.close()


async def test_a_transaction_cancelled_anywhere_leaves_a_usable_pool(empty_postgres: str) -> None:
    database = await Database.connect(empty_postgres, TABLE, size=1)
    await database.execute("make")

    async def work() -> None:
        async with database.transaction() as transaction:
            await transaction.execute("put", "a", None)
            await transaction.fetch("slow")

    for steps in range(12):
        task = asyncio.create_task(work())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await database.fetch("all") == []
    await database.close()


async def test_connections_that_were_cut_are_replaced(empty_postgres: str) -> None:
    database = await Database.connect(empty_postgres, TABLE, size=2)
    other = await Database.connect(empty_postgres, TABLE, size=1)
    assert await database.ready()
    await other.fetch("cut")
    async with asyncio.timeout(LONGEST_WAIT):
        while not await database.ready():
            pass
    await database.execute("make")
    await database.close()
    await other.close()


async def test_a_server_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachable):
        await Database.connect(f"postgresql://nobody@/nothing?host={tmp_path}", TABLE)


async def test_who_listens_hears_and_hears_again_after_a_cut(empty_postgres: str) -> None:
    database = await Database.connect(empty_postgres, TABLE)
    heard: asyncio.Queue[str | None] = asyncio.Queue()
    listening = asyncio.create_task(database.listen("news", heard.put_nowait, retry=0.05))
    try:
        async with asyncio.timeout(LONGEST_WAIT):
            assert await heard.get() is None
            await database.execute("notify", "news", "one")
            assert await heard.get() == "one"
            await database.fetch("cut")
            assert await heard.get() is None
            await database.execute("notify", "news", "two")
            assert await heard.get() == "two"
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await database.close()


def test_a_query_needs_a_file_and_a_file_needs_a_reason(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no queries"):
        Queries.load(tmp_path)
    (tmp_path / "one.sql").write_text("SELECT 1")
    with pytest.raises(StoreError, match="must begin"):
        Queries.load(tmp_path)
    (tmp_path / "one.sql").write_text("-- why\nSELECT 1")
    assert Queries.load(tmp_path).names == ("one",)
    with pytest.raises(StoreError, match="no query named two"):
        Queries.load(tmp_path).text("two")


def _write(folder: Path, **files: str) -> Migrations:
    for name, text in files.items():
        (folder / f"{name}.sql").write_text(text)
    return Migrations(folder)


async def test_migrations_are_applied_once_in_their_order(empty_postgres: str, tmp_path: Path) -> None:
    migrations = _write(tmp_path, **{"0002_b": "ALTER TABLE a ADD n integer", "0001_a": "CREATE TABLE a ()"})
    assert await migrations.check(empty_postgres) == ["0001_a", "0002_b"]
    assert await migrations.apply(empty_postgres) == ["0001_a", "0002_b"]
    assert await migrations.apply(empty_postgres) == []
    more = _write(tmp_path, **{"0003_c": "DROP TABLE a"})
    assert await more.check(empty_postgres) == ["0003_c"]


async def test_two_processes_that_migrate_at_once_apply_each_file_once(empty_postgres: str, tmp_path: Path) -> None:
    migrations = _write(tmp_path, **{"0001_a": "CREATE TABLE a (); SELECT pg_sleep(0.2)"})
    applied = await asyncio.gather(migrations.apply(empty_postgres), migrations.apply(empty_postgres))
    assert sorted(applied) == [[], ["0001_a"]]


async def test_a_file_that_changed_or_went_after_it_was_applied_is_an_error(
    empty_postgres: str, tmp_path: Path
) -> None:
    await _write(tmp_path, **{"0001_a": "CREATE TABLE a ()"}).apply(empty_postgres)
    with pytest.raises(MigrationError, match=r"0001_a\.sql has changed"):
        await _write(tmp_path, **{"0001_a": "CREATE TABLE b ()"}).check(empty_postgres)
    (tmp_path / "0001_a.sql").unlink()
    with pytest.raises(MigrationError, match="does not know"):
        await _write(tmp_path, **{"0002_b": "CREATE TABLE b ()"}).apply(empty_postgres)


async def test_a_file_that_fails_changes_nothing(empty_postgres: str, tmp_path: Path) -> None:
    migrations = _write(tmp_path, **{"0001_a": "CREATE TABLE a (); SELECT nonsense"})
    with pytest.raises(MigrationError, match=r"0001_a\.sql was refused"):
        await migrations.apply(empty_postgres)
    assert await migrations.check(empty_postgres) == ["0001_a"]
    _write(tmp_path, **{"0001_a": "CREATE TABLE a ()"})
    assert await Migrations(tmp_path).apply(empty_postgres) == ["0001_a"]


@pytest.mark.parametrize("names", [["1_a"], ["0001_a", "0001_b"], []])
def test_files_must_be_numbered_once_each(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(MigrationError):
        _write(tmp_path, **dict.fromkeys(names, "SELECT 1"))
