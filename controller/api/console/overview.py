"""The first page: what happens now and happened in the last hour, and whether every part works."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from controller.api.console.alerts import SILENT_SECONDS, Observed, alerts, disk_space
from controller.api.console.parts import ConsoleParts
from controller.api.console.store.figures import CodeCount, Figures, Minute
from controller.api.console.visit import Door, Visit
from controller.api.console.words import NOTHING, code_words
from controller.api.reads import Reads
from controller.postbacks import lookup as postbacks
from controller.postbacks.lookup import Filters
from controller.store.database import Database

FAILED_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Bars:
    """A picture of sixty minutes: a bar for each, as (x, y, height, text), in a picture of 600 by 100."""

    bars: tuple[tuple[float, float, float, str], ...]
    total: int
    most: int


class Overview:
    """The page `/console/`, for operators and, of what is theirs, for customers."""

    def __init__(self, parts: ConsoleParts, reads: Reads) -> None:
        self._parts = parts
        self._reads = reads

    def doors(self) -> list[Door]:
        """The doors of this page."""
        return [Door("GET", "/", self._show)]

    async def _show(self, visit: Visit) -> web.StreamResponse:
        key, database = visit.key_name, self._reads.database
        figures = Figures(database)
        minutes, codes = await asyncio.gather(figures.activity(key), figures.codes(key))
        begun, answered = sum(each.calls for each in minutes), sum(each.answered for each in minutes)
        failed = await postbacks.find(database, Filters(license_key=key, state="failed", limit=FAILED_SHOWN))
        values: dict[str, object] = {
            "calls": bars(minutes, "calls"),
            "texts": texts_bars(minutes),
            "answered": f"{answered / begun:.0%}" if begun else NOTHING,
            "codes": [(each, visit.say(_code(each))) for each in codes],
            "failed": failed,
        }
        if visit.who.is_operator:
            seen = await observe(self._parts, database)
            values |= {
                "alerts": alerts(seen),
                "controllers": seen.controllers,
                "silent_seconds": SILENT_SECONDS,
                "trunks": seen.trunks,
                "health": seen.health,
                "outbox": seen.outbox,
            }
        return visit.page("overview.html.j2", values)


async def observe(parts: ConsoleParts, database: Database) -> Observed:
    """The state of the service, for operators. StoreError."""
    figures = Figures(database)
    controllers, routes, health, outbox = await asyncio.gather(
        figures.controllers(), figures.routes(), parts.health(), postbacks.stats(database, lanes=8)
    )
    trunks = [(trunk, routes.get(trunk.name)) for trunk in parts.directory.snapshot.trunks.values()]
    resting = [trunk.name for trunk, _ in trunks if parts.trunk_rests(trunk.name)]
    disks = await asyncio.gather(*(asyncio.to_thread(disk_space, each) for each in parts.folders))
    return Observed(health, outbox, controllers, trunks, resting, [each for each in disks if each is not None])


def bars(minutes: Sequence[Minute], what: str) -> Bars:
    """One of the figures of each minute as bars."""
    return _bars([(each, getattr(each, what)) for each in minutes], what)


def texts_bars(minutes: Sequence[Minute]) -> Bars:
    """The texts of each minute, both ways, as bars."""
    return _bars([(each, each.texts_in + each.texts_out) for each in minutes], "texts")


def _bars(values: Sequence[tuple[Minute, int]], what: str) -> Bars:
    most = max((value for _, value in values), default=0)
    width = 600 / max(1, len(values))
    drawn = []
    for index, (minute, value) in enumerate(values):
        height = 0.0 if not most else round(value / most * 92, 1)
        drawn.append((round(index * width, 1), round(98 - height, 1), height, f"{minute.minute:%H:%M}: {value} {what}"))
    return Bars(tuple(drawn), sum(value for _, value in values), most)


def _code(count: CodeCount) -> str:
    return code_words(count.response_code)
