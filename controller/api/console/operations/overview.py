"""The figures of the overview over the JSON interface, of what is the key's."""

from __future__ import annotations

import asyncio
from datetime import datetime

from controller.api.console.store.figures import Figures
from controller.api.json_api.declaration import Told, api_operation
from controller.api.json_api.menus import NothingAsked
from controller.api.json_api.scopes import Scope, TokenBearer
from controller.api.reads import Reads


class ActiveMinute(Told):
    """What happened within one minute: calls that began, how many of them were answered; texts each way."""

    minute: datetime
    calls: int
    answered: int
    texts_in: int
    texts_out: int


class EndedCalls(Told):
    """How many calls of a direction ended with a response code."""

    direction: str
    response_code: int
    calls: int


class Activity(Told):
    """The last hour: each minute, the oldest first, and the codes, the most frequent first."""

    minutes: tuple[ActiveMinute, ...]
    codes: tuple[EndedCalls, ...]


class OverviewOperations:
    """What the key's calls and texts did in the last hour."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    @api_operation("GET", "/activity", Scope.CALLS_READ)
    async def show_activity(self, asked: NothingAsked, bearer: TokenBearer) -> Activity:  # noqa: ARG002
        """Calls and texts of the last hour, by minute, and how calls ended."""
        return await activity(self._reads, bearer.key.name)


async def activity(reads: Reads, license_key: str | None) -> Activity:
    """The last hour of a key, or of all. StoreError."""
    figures = Figures(reads.database)
    minutes, codes = await asyncio.gather(figures.activity(license_key), figures.codes(license_key))
    return Activity(
        minutes=tuple(ActiveMinute.model_validate(each, from_attributes=True) for each in minutes),
        codes=tuple(EndedCalls.model_validate(each, from_attributes=True) for each in codes),
    )
