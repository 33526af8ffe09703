"""The servers that we start are ours: they come back after a stop, and never outlive us."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import asyncpg
import pytest

from controller.embedded.postgres_server import FAST, PostgresServer
from controller.embedded.process import OwnedProcess
from controller.errors import StoreUnreachable
from tests.support.patience import LONGEST_WAIT

OWNER = """
import asyncio, sys
from pathlib import Path
from controller.embedded.postgres_server import FAST, PostgresServer

async def main():
    server = PostgresServer(Path(sys.argv[1]), settings=FAST)
    await server.start()
    print(server.pid, file=sys.stderr, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def cluster(postgres_folder: Path, request: pytest.FixtureRequest) -> Path:
    """A folder that the server's user can reach."""
    return postgres_folder / str(request.node.name)[:20]


async def test_a_database_keeps_its_data_over_a_restart(cluster: Path) -> None:
    server = PostgresServer(cluster, settings=FAST)
    await server.start()
    try:
        connection = await asyncpg.connect(server.dsn)
        await connection.execute("CREATE TABLE kept (text text); INSERT INTO kept VALUES ('yes')")
        await connection.close()
        await server.stop()
        with pytest.raises(OSError, match=r"No such file|refused"):
            await asyncpg.connect(server.dsn, timeout=2)
        await server.start()
        connection = await asyncpg.connect(server.dsn)
        assert await connection.fetchval("SELECT text FROM kept") == "yes"
        await connection.close()
    finally:
        await server.stop()


async def test_a_database_whose_owner_is_killed_ends_and_starts_again_clean(cluster: Path) -> None:
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, str(cluster), stderr=asyncio.subprocess.PIPE
    )
    assert owner.stderr is not None
    pid = int(await asyncio.wait_for(owner.stderr.readline(), LONGEST_WAIT))
    watch = os.pidfd_open(pid)
    owner.kill()
    await owner.wait()

    server = PostgresServer(cluster, settings=FAST)
    await server.start()
    try:
        assert server.pid != pid
        await asyncio.wait_for(_ended(watch), LONGEST_WAIT)
    finally:
        os.close(watch)
        await server.stop()


async def _ended(watch: int) -> None:
    """Wait until the process behind a pidfd has ended."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(watch, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(watch)


@pytest.mark.parametrize("left", ["the number of a program of the same user", "nothing", "nonsense"])
async def test_a_database_starts_after_a_power_cut_whatever_its_pid_file_says(cluster: Path, left: str) -> None:
    server = PostgresServer(cluster, settings=FAST)
    await server.start()
    await server.stop()
    owner = (cluster / "data").stat()
    namesake = await asyncio.create_subprocess_exec("sleep", "1000", user=owner.st_uid, group=owner.st_gid)
    try:
        remains = f"{cluster}/data\n1700000000\n5432\n{cluster}/run\n\n  1234567         0\nready   \n"
        first = {"the number of a program of the same user": f"{namesake.pid}\n{remains}", "nothing": ""}
        for lock in (cluster / "data" / "postmaster.pid", cluster / "run" / ".s.PGSQL.5432.lock"):
            lock.write_text(first.get(left, "\0\0\0\0"))
            os.chown(lock, owner.st_uid, owner.st_gid)

        await server.start()

        connection = await asyncpg.connect(server.dsn)
        await connection.close()
        assert namesake.returncode is None
    finally:
        await server.stop()
        namesake.kill()
        await namesake.wait()


async def test_a_database_that_cannot_start_says_where_its_log_is(cluster: Path) -> None:
    server = PostgresServer(cluster, settings={"shared_buffers": "nonsense"})

    with pytest.raises(StoreUnreachable, match=r"postgres\.log"):
        await server.start()


async def test_a_path_too_long_for_a_socket_is_no_obstacle(cluster: Path) -> None:
    server = PostgresServer(cluster / ("x" * 60) / ("y" * 60), settings=FAST)
    for folder in (cluster, cluster / ("x" * 60)):
        folder.mkdir(mode=0o711)
    await server.start()
    try:
        connection = await asyncpg.connect(server.dsn)
        await connection.close()
    finally:
        await server.stop()


async def test_a_program_that_ignores_the_signal_is_killed_with_all_it_started(tmp_path: Path) -> None:
    script = "trap '' TERM; sleep 1000 & echo $! > child; while :; do wait; done"
    process = await OwnedProcess.start(
        ["sh", "-c", script], log=tmp_path / "log", orphaned=signal.SIGKILL, directory=tmp_path
    )
    async with asyncio.timeout(LONGEST_WAIT):
        while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text().strip():
            await process.ended_within(0.01)
    watch = os.pidfd_open(int((tmp_path / "child").read_text()))

    status = await process.stop((signal.SIGTERM, 0.1))

    try:
        assert status == -signal.SIGKILL
        await asyncio.wait_for(_ended(watch), LONGEST_WAIT)
    finally:
        os.close(watch)
