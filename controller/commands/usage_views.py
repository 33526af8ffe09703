"""`ringpost usage`: what licence keys used, looked at from the command line."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from controller.commands.system_store import key_named, open_database
from controller.config.load import Configuration, read_configuration
from controller.errors import RingpostError
from controller.metering.report import By, Report
from controller.metering.store.usage_reader import UsageReader
from controller.terminal import shown

COLUMNS = ("part", "product", "direction", "records", "units", "unit", "amount", "currency", "unpriced")


class Form(Enum):
    """How a report is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` on, until `until`, which is excluded; both UTC."""

    since: datetime
    until: datetime

    @classmethod
    def of(cls, since: datetime | None, until: datetime | None, now: datetime | None = None) -> Period:
        """What was asked for; without a beginning, from the first of the month on, without an end, until now."""
        now = now or datetime.now(UTC)
        end = (until or now).astimezone(UTC)
        begin = since or end.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        if begin >= end:
            raise RingpostError("The period ends before it begins.")
        return cls(begin.astimezone(UTC), end)


async def show_usage(config: Path, key: str, period: Period, by: By, form: Form, console: Console) -> None:
    """Print what a key used in a period. RingpostError for an unknown key; StoreError."""
    configuration = read_configuration(config)
    prices = configuration.prices
    async with usage_reader(configuration) as reader:
        name = await known_key(configuration, key)
        whole = await reader.report(name, period.since, period.until, prices, by=by)
    match form:
        case Form.JSON:
            print(json.dumps(_as_json(key, period, whole), ensure_ascii=False, indent=2))
        case Form.CSV:
            _write_csv(whole, by)
        case Form.TABLE:
            console.print(_table(whole, by))


async def known_key(configuration: Configuration, key: str) -> str:
    """Under which name the store knows a key. RingpostError for one that there never was; StoreError."""
    found = configuration.snapshot.key_declared_as(key)
    if found is not None:
        return found.name
    async with open_database(configuration) as database:
        return await key_named(configuration, database, key)


@asynccontextmanager
async def usage_reader(configuration: Configuration) -> AsyncIterator[UsageReader]:
    """A reader on the configured database. StoreError."""
    async with open_database(configuration) as database:
        yield UsageReader(database)


def _as_json(key: str, period: Period, whole: Report) -> dict[str, object]:
    """Amounts are texts: a JSON number would not keep them exactly."""
    return {
        "key": key,
        "since": period.since.isoformat(),
        "until": period.until.isoformat(),
        "currency": whole.currency,
        "amount": str(whole.amount),
        "lines": [
            {
                "part": line.part,
                "product": line.product.value,
                "direction": line.direction,
                "records": line.records,
                "units": line.units,
                "unit": line.product.unit,
                "amount": str(line.amount),
                "unpriced": line.unpriced,
            }
            for line in whole.lines
        ],
    }


def _write_csv(whole: Report, by: By) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([by or "part", *COLUMNS[1:]])
    for line in whole.lines:
        amounts = (line.amount, whole.currency, line.unpriced)
        writer.writerow(
            [line.part, line.product.value, line.direction, line.records, line.units, line.product.unit, *amounts]
        )


def _table(whole: Report, by: By) -> RenderableType:
    if not whole.lines:
        return Text("Nothing was used.")
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=bool(whole.currency))
    if by:
        table.add_column(by)
    table.add_column("product")
    table.add_column("direction")
    table.add_column("records", justify="right")
    table.add_column("units", justify="right")
    table.add_column("", footer="sum" if whole.currency else "")
    if whole.currency:
        table.add_column(f"amount ({whole.currency})", justify="right", footer=str(whole.amount))
        table.add_column("without a price", justify="right")
    for line in whole.lines:
        cells = [shown(line.part)] if by else []
        cells += [line.product.value, line.direction, str(line.records), str(line.units), line.product.unit]
        if whole.currency:
            cells += [str(line.amount), str(line.unpriced or "")]
        table.add_row(*cells)
    return table
