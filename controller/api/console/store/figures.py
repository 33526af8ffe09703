"""The figures of the overview: of the last hour, so that however much is stored, little is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from controller.store.database import Database


@dataclass(frozen=True, slots=True)
class Minute:
    """What happened within one minute: calls that began in it, how many of them were answered; texts each way."""

    minute: datetime
    calls: int
    answered: int
    texts_in: int
    texts_out: int


@dataclass(frozen=True, slots=True)
class CodeCount:
    """How many calls of a direction ended with a response code."""

    direction: str
    response_code: int
    calls: int


@dataclass(frozen=True, slots=True)
class ControllerEntry:
    """A controller: the Asterisk that it is connected to, since when it runs, how long it is silent, its calls."""

    id: str
    asterisk: str
    started_at: datetime
    heartbeat_at: datetime
    silent_seconds: float
    calls: int


@dataclass(frozen=True, slots=True)
class RouteCount:
    """Calls of the last hour through a trunk, how many were answered, and how many are in progress."""

    route: str
    calls: int
    answered: int
    now: int


class Figures:
    """Every method raises StoreError. license_key: only of this key, by its name in the store; None for all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def activity(self, license_key: str | None) -> list[Minute]:
        """The last sixty minutes, the oldest first."""
        return [Minute(**row) for row in await self._database.fetch("console_activity", license_key=license_key)]

    async def codes(self, license_key: str | None) -> list[CodeCount]:
        """With which codes the calls of the last hour ended, the most frequent first."""
        return [CodeCount(**row) for row in await self._database.fetch("console_codes", license_key=license_key)]

    async def controllers(self) -> list[ControllerEntry]:
        """Controllers heard of within a day."""
        return [ControllerEntry(**row) for row in await self._database.fetch("console_controllers")]

    async def routes(self) -> dict[str, RouteCount]:
        """The traffic of the last hour by trunk."""
        return {row["route"]: RouteCount(**row) for row in await self._database.fetch("console_routes")}
