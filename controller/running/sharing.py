"""A configuration with what controllers have made up for it, alike for all of one database."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from controller.config.load import Configuration, read_configuration
from controller.directory.shared_secrets import share
from controller.store.database import Database


async def with_shared_secrets(configuration: Configuration, database: Database) -> Configuration:
    """The same configuration, with the licence keys and passwords that all controllers of the database use.

    Where the YAML has changed since it was read, only those are new. StoreError; InvalidConfiguration,
    ConfigurationError.
    """
    if not await share(configuration.secrets, database):
        return configuration
    fresh = await asyncio.to_thread(read_configuration, configuration.path)
    return replace(configuration, snapshot=fresh.snapshot, secrets=fresh.secrets)
