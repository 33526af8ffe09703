"""The service: builds every part and runs them together. The only file that knows all of them."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry

from controller.api.admin import AdminDoor
from controller.api.health import HealthDoor
from controller.asterisk.ami import AmiClient
from controller.asterisk.ari import AriClient
from controller.calls.adoption import Adoption
from controller.calls.feed import CallFeed
from controller.calls.incoming import IncomingCalls
from controller.calls.journal import Journal
from controller.calls.live import CallMetrics, LiveCalls
from controller.calls.performing import Performers
from controller.calls.prompting import CallPrompts
from controller.calls.queue_ids import QueueIds
from controller.calls.record import Recording
from controller.calls.session import SessionParts
from controller.configuration import Configuration, read_configuration
from controller.directory.holder import Directory
from controller.directory.secrets import Secrets
from controller.errors import StoreUnreachable
from controller.postbacks.delivery import Delivery
from controller.postbacks.guard import Guard
from controller.settings import PROJECT, Settings
from controller.speech.prompts import Prompts
from controller.store.database import Database
from controller.store.migrations import Migrations
from controller.store.queries import Queries

log = structlog.get_logger()

CLOSE_SECONDS = 5.0


async def serve(config: Path) -> None:
    """Run the service until SIGTERM or SIGINT; SIGHUP reloads the configuration.

    Raises a RingpostError for what cannot be used or reached at the start, or when another controller takes over.
    """
    configuration = read_configuration(config)
    database = await _database(configuration.settings)
    try:
        await Service(configuration, database).run()
    finally:
        await database.close()


async def _database(settings: Settings) -> Database:
    """The database, migrated; waits for one that is not there yet."""
    queries = Queries.load(PROJECT / "sql" / "queries")
    migrations = Migrations(PROJECT / "sql" / "migrations")
    while True:
        try:
            for name in await migrations.apply(settings.database_url):
                log.info("migration applied", migration=name)
            return await Database.connect(settings.database_url, queries)
        except StoreUnreachable as error:
            log.warning("waiting for the database", reason=str(error))
            await asyncio.sleep(1.0)
