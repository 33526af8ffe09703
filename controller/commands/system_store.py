"""The system's database for one command, and what the store adds to what the configuration declares."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from controller.config.load import Configuration
from controller.directory.current import CurrentDirectory
from controller.directory.granted_dids import GrantedDids
from controller.directory.stored_keys import StoredKeys
from controller.errors import RingpostError
from controller.resources import QUERIES
from controller.script.analysis.checker import NOWHERE
from controller.store.database import Database
from controller.store.queries import Queries


@asynccontextmanager
async def open_database(configuration: Configuration) -> AsyncIterator[Database]:
    """The system's database, for one command."""
    database = await Database.connect(configuration.database_url, Queries.load(QUERIES), size=1)
    try:
        yield database
    finally:
        await database.close()


async def whole_directory(configuration: Configuration, database: Database) -> tuple[CurrentDirectory, StoredKeys]:
    """What the configuration declares, with the licence keys and the numbers that the store adds. StoreError."""
    directory = CurrentDirectory(configuration.snapshot)
    keys = StoredKeys(database, directory)
    await keys.load()
    await granted_dids(database, directory).load()
    return directory, keys


async def key_named(configuration: Configuration, database: Database, name: str | None) -> str:
    """Under which name the store knows a licence key; the only one, when none is named. RingpostError, StoreError."""
    directory, stored = await whole_directory(configuration, database)
    keys = {key.shown_name: key.name for key in directory.snapshot.license_keys.values()}
    if name is None and len(keys) == 1:
        return next(iter(keys.values()))
    # What a revoked key has left is there still.
    keys |= {each.key.name: each.key.name for each in stored.every() if each.key.name not in keys}
    if name is None or name not in keys:
        known = ", ".join(keys)
        raise RingpostError(
            f"There is no licence key “{name}”: {known}." if name else f"Choose one with --key: {known}."
        )
    return keys[name]


def granted_dids(database: Database, directory: CurrentDirectory) -> GrantedDids:
    """The numbers that keys were granted, for commands: scripts are not set through it."""
    return GrantedDids(database, directory, NOWHERE, _no_sounds)


async def _no_sounds(_license_key: str) -> Sequence[str]:
    return ()
