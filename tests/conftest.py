"""What every layer of tests shares: one PostgreSQL for the whole run, and a fresh database for each test that asks."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from controller.embedded.debian import provision
from controller.embedded.postgres_server import FAST, PostgresServer
from controller.programs import ProgramTree
from controller.resources import MIGRATIONS
from controller.store.migrations import Migrations
from tests.support.every_test import LONGEST
from tests.support.examples import THOROUGH, examples
from tests.support.folders import memory_folder
from tests.support.php import PACKAGES as PHP_PACKAGES

PROJECT = Path(__file__).parent.parent

_numbers = itertools.count(1)


# How long a draw or an example takes says more of the machine than of the code. With every change the same examples are
# drawn: what fails then is the change's doing. `make fuzz` draws others each time.
settings.register_profile(
    "any machine",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=examples(100),
    derandomize=not os.environ.get(THOROUGH),
)
settings.load_profile("any machine")


def _rank(item: pytest.Item) -> int:
    return LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of many random scripts take three times as long when each line of the language is watched."""
    items.sort(key=_rank)
    for item in items:
        if item.get_closest_marker("thorough"):
            item.add_marker(pytest.mark.no_cover)


@pytest.fixture(scope="session")
def tools() -> ProgramTree:
    """The unpacked Asterisk, SIPp and speech engines: those of RINGPOST_TOOLS, or the project's own."""
    named = os.environ.get("RINGPOST_TOOLS")
    return ProgramTree(Path(named)) if named else provision(PROJECT / ".ringpost" / "tools")


@pytest.fixture(scope="session")
def php() -> ProgramTree:
    """An unpacked PHP with its SOAP client: that of RINGPOST_TEST_TOOLS, or the project's own."""
    named = os.environ.get("RINGPOST_TEST_TOOLS")
    return provision(Path(named) if named else PROJECT / ".ringpost" / "test-tools", packages=PHP_PACKAGES)


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[Path]:
    """A folder that another user can pass through: as root the cluster belongs to one."""
    with memory_folder("ringpost-pg-") as folder:
        yield folder


@pytest.fixture(scope="session")
async def postgres_server(postgres_folder: Path) -> AsyncIterator[PostgresServer]:
    """A PostgreSQL of the test run's own, gone without a trace at its end."""
    settings = {**FAST, "max_connections": "200"}
    server = PostgresServer(postgres_folder / "cluster", logs=postgres_folder / "logs", settings=settings)
    await server.start(timeout=60)
    try:
        yield server
    finally:
        await server.stop()


async def _execute(server: PostgresServer, statement: str) -> None:
    connection = await asyncpg.connect(server.dsn_of("postgres"), timeout=10)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
async def migrated_template(postgres_server: PostgresServer) -> str:
    """The name of a database with all migrations applied, to make others from."""
    name = "ringpost_template"
    await _execute(postgres_server, f"CREATE DATABASE {name}")
    await Migrations(MIGRATIONS).apply(postgres_server.dsn_of(name))
    return name


@pytest.fixture
async def postgres(postgres_server: PostgresServer, migrated_template: str) -> AsyncIterator[str]:
    """The dsn of a fresh database with all migrations applied."""
    name = f"ringpost_test_{next(_numbers)}"
    await _execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE {migrated_template} STRATEGY FILE_COPY")
    try:
        yield postgres_server.dsn_of(name)
    finally:
        await _execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
async def fresh_database(postgres_server: PostgresServer, migrated_template: str) -> AsyncIterator[str]:
    """As `postgres`, shared by the tests of one file."""
    name = f"ringpost_test_{next(_numbers)}"
    await _execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE {migrated_template} STRATEGY FILE_COPY")
    try:
        yield postgres_server.dsn_of(name)
    finally:
        await _execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def empty_postgres(postgres_server: PostgresServer) -> AsyncIterator[str]:
    """The dsn of a fresh database without anything in it."""
    name = f"ringpost_test_{next(_numbers)}"
    await _execute(postgres_server, f"CREATE DATABASE {name}")
    try:
        yield postgres_server.dsn_of(name)
    finally:
        await _execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")
