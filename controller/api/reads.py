"""Reading lists from the database, for pages and programs, beside what calls need of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import web

from controller.store.database import Database

CONNECTIONS = 4


@dataclass(slots=True)
class Reads:
    """The database as pages read lists from it: on connections of their own, so that pages wait for pages and not
    calls, and with a plan for what is asked for each time.
    """

    database: Database

    async def own_connections(self, _application: web.Application) -> AsyncIterator[None]:
        """Have connections of its own while the application runs."""
        shared, self.database = self.database, await self.database.planning_each_time(size=CONNECTIONS)
        try:
            yield
        finally:
            own, self.database = self.database, shared
            await own.close()
