"""Usage: what a licence key used in a month and what that costs, and the invoice of a month."""

from __future__ import annotations

import asyncio
import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import get_args

from aiohttp import web

from controller.api.console.calls import key_names
from controller.api.console.languages import mark
from controller.api.console.parts import ConsoleParts
from controller.api.console.visit import Door, Visit
from controller.api.reads import Reads
from controller.directory.snapshot import LicenseKey
from controller.metering.invoice import Invoice, month_of
from controller.metering.report import By, Report, ReportLine
from controller.metering.store.usage_reader import UsageReader
from controller.metering.usage import UsageProduct

# A report of a large key reads all that it used in the month.
REPORTS_AT_ONCE = 2
EARLIEST_YEAR = 2000
_PICTURE = (600, 100)
CSV_COLUMNS = ("part", "product", "direction", "records", "units", "unit", "amount", "currency", "unpriced")


@dataclass(frozen=True, slots=True)
class Month:
    """A month, and the ones beside it; `after` is empty of the month that is not over."""

    name: str
    since: datetime
    until: datetime
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class DayBar:
    """A day in the picture of a month, 600 by 100."""

    x: float
    y: float
    width: float
    height: float
    text: str


class UsagePages:
    """The pages of usage: of all keys for an operator who chooses none, and of one key."""

    def __init__(self, parts: ConsoleParts, reads: Reads) -> None:
        self._prices = parts.prices
        self._reads = reads
        self._turns = asyncio.Semaphore(REPORTS_AT_ONCE)

    def doors(self) -> list[Door]:
        """The doors of these pages."""
        return [
            Door("GET", "/usage", self._show),
            Door("GET", "/usage/report.csv", self._csv),
            Door("GET", "/usage/invoice", self._invoice),
        ]

    async def _show(self, visit: Visit) -> web.StreamResponse:
        month = _month(visit)
        values: dict[str, object] = {"month": month, "key_names": key_names(visit), "by": _by(visit), "bys": _BYS}
        if visit.key_name is None:
            async with self._turns:
                reader = UsageReader(self._reads.database)
                whole = await reader.report_of_all(month.since, month.until, self._prices.list)
            values |= {"whole": whole, "keys": _by_key(visit, whole)}
            return visit.page("usage_of_all.html.j2", values)
        key, by = visit.key, _by(visit)
        whole = await self._report(key, month, by)
        days = whole if by == "day" else await self._report(key, month, "day")
        values |= {"key": key, "whole": whole, "bars": day_bars(days, month)}
        return visit.page("usage.html.j2", values)

    async def _csv(self, visit: Visit) -> web.StreamResponse:
        """The lines of the report, for a spreadsheet."""
        key, month, by = visit.key, _month(visit), _by(visit)
        whole = await self._report(key, month, by)
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(CSV_COLUMNS)
        for line in whole.lines:
            what = (line.part, line.product.value, line.direction, line.records, line.units, line.product.unit)
            writer.writerow([*what, line.amount, whole.currency, line.unpriced])
        name = "".join(each if each.isascii() and each.isalnum() else "-" for each in key.shown_name)
        headers = {"Content-Disposition": f'attachment; filename="usage-{name}-{month.name}.csv"'}
        return web.Response(text=text.getvalue(), content_type="text/csv", headers=headers)

    async def _invoice(self, visit: Visit) -> web.StreamResponse:
        key, month, now = visit.key, _month(visit), datetime.now(UTC)
        usage = await self._report(key, month, "country")
        made = Invoice(key.shown_name, key.description, month.since, month.until, usage)
        values = {"invoice": made, "closed": made.is_closed(now), "made_at": now, "month": month}
        return visit.page("invoice.html.j2", values)

    async def _report(self, key: LicenseKey, month: Month, by: By) -> Report:
        async with self._turns:
            reader = UsageReader(self._reads.database)
            return await reader.report(key.name, month.since, month.until, self._prices.list, by=by)


_BYS: tuple[By, ...] = get_args(By)


def _by(visit: Visit) -> By:
    return next((each for each in _BYS if each == visit.query("by")), "")


def _month(visit: Visit) -> Month:
    """The month that is asked for, or this one. HTTPNotFound for one that there is not."""
    now = datetime.now(UTC)
    try:
        since, until = month_of(visit.query("month") or f"{now:%Y-%m}")
    except ValueError:
        raise web.HTTPNotFound(text=mark("There is no such month.")) from None
    if not EARLIEST_YEAR <= since.year <= now.year + 1:
        raise web.HTTPNotFound(text=mark("There is no such month."))
    after = f"{until:%Y-%m}" if until <= now else ""
    return Month(f"{since:%Y-%m}", since, until, f"{since - timedelta(days=1):%Y-%m}", after)


def _by_key(visit: Visit, whole: Report) -> list[tuple[str, Sequence[ReportLine], Decimal]]:
    """The lines of each key that used something, by its name in the YAML, and what they come to."""
    lines: dict[str, list[ReportLine]] = defaultdict(list)
    for line in whole.lines:
        lines[line.part].append(line)
    return [
        (visit.snapshot.shown_name(name), of, sum((line.amount for line in of), Decimal(0)))
        for name, of in sorted(lines.items())
    ]


def day_bars(whole: Report, month: Month) -> list[DayBar]:
    """Calls and texts of each day of a month, as bars; whole: the month's report by day."""
    counts: dict[str, int] = defaultdict(int)
    for line in whole.lines:
        if line.product in (UsageProduct.CALL, UsageProduct.ATTEMPT, UsageProduct.TEXT):
            counts[line.part] += line.records
    days = [month.since + timedelta(days=number) for number in range((month.until - month.since).days)]
    most, width = max(counts.values(), default=0), _PICTURE[0] / len(days)
    bars = []
    for number, day in enumerate(days):
        count = counts[f"{day:%Y-%m-%d}"]
        height = round(count / most * 92, 1) if most > 0 and count > 0 else 0.0
        text = f"{day:%Y-%m-%d}: {count} calls and texts"
        bars.append(DayBar(round(number * width, 1), round(98 - height, 1), round(width - 1.5, 1), height, text))
    return bars
