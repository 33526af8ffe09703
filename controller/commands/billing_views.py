"""`ringpost billing`: invoices, exports, other prices tried on, and corrections."""

from __future__ import annotations

import asyncio
import csv
import sys
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.table import Table

from controller.commands.system_store import open_database, whole_directory
from controller.commands.usage_views import Period, known_key
from controller.config.load import read_configuration
from controller.config_file.document import read_document
from controller.errors import RingpostError
from controller.metering.accounts import Accounts, RatedUsage
from controller.metering.invoice import Invoice, month_of, page
from controller.metering.price_section import read_prices
from controller.metering.prices import CurrentPrices, PriceList
from controller.metering.store.corrections import correct_usage
from controller.metering.store.usage_reader import UsageReader
from controller.terminal import shown

INVOICE_COLUMNS = ("key", "month", "product", "direction", "country", "records", "units", "unit", "amount", "currency")
EXPORT_COLUMNS = (
    "record",
    "key",
    "product",
    "direction",
    "did",
    "number",
    "country",
    "route",
    "began_at",
    "at",
    "units",
    "unit",
    "sign",
    "rate",
    "amount",
    "currency",
    "note",
)


async def print_invoice(config: Path, key: str, month: str, to: Path | None) -> None:
    """Print the invoice of a key for a month as CSV, or write its page. RingpostError, StoreError."""
    configuration = read_configuration(config)
    since, until = _month(month)
    name = await known_key(configuration, key)
    prices = configuration.prices
    async with open_database(configuration) as database:
        directory, _ = await whole_directory(configuration, database)
        found = directory.snapshot.license_key(name)
        usage = await UsageReader(database).report(name, since, until, prices, by="country")
    made = Invoice(key, found.description if found else "", since, until, usage)
    if to is not None:
        text = page(made, datetime.now(UTC))
        await asyncio.to_thread(to.write_text, text, encoding="utf-8")
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(INVOICE_COLUMNS)
    for line in made.usage.lines:
        what = (line.product.value, line.direction, line.part, line.records, line.units, line.product.unit)
        writer.writerow([key, made.month, *what, line.amount, made.usage.currency])
    writer.writerow([key, made.month, "sum", "", "", "", "", "", made.usage.amount, made.usage.currency])


async def export_month(config: Path, month: str, to: Path, key: str | None) -> int:
    """Write the records of a month into a CSV file; gives how many. RingpostError, StoreError, OSError."""
    configuration = read_configuration(config)
    since, until = _month(month)
    written = 0
    async with open_database(configuration) as database:
        reader = UsageReader(database)
        names = [await known_key(configuration, key)] if key else await reader.keys(since, until)
        accounts = Accounts(database, CurrentPrices(configuration.prices))
        with to.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(EXPORT_COLUMNS)
            for name in names:
                shown_name = configuration.snapshot.shown_name(name)
                async for rated in accounts.records(name, since, until):
                    writer.writerow(_export_row(rated, shown_name, configuration.prices.currency))
                    written += 1
    return written


def _export_row(rated: RatedUsage, key: str, currency: str) -> Iterable[object]:
    record = rated.record
    return (
        record.record_id,
        key,
        record.product.value,
        record.direction,
        record.did,
        _cell(record.number),
        record.country,
        record.route,
        record.began_at.astimezone(UTC).isoformat() if record.began_at else "",
        record.at.astimezone(UTC).isoformat(),
        record.units,
        record.product.unit,
        record.sign,
        rated.rate,
        rated.amount,
        currency,
        _cell(record.note),
    )


def _cell(text: str) -> str:
    """A text of others, which a spreadsheet must not take for a formula. A phone number is none, and stays."""
    return f"'{text}" if text[:1] in ("=", "@", "-", "\t") or (text[:1] == "+" and not text[1:].isdigit()) else text


async def try_prices(config: Path, other: Path, period: Period, console: Console) -> None:
    """Print what each key's usage costs now, and at other prices. InvalidConfiguration for those; StoreError."""
    configuration = read_configuration(config)
    document = read_document(other)
    others = read_prices(document)
    document.require()
    async with open_database(configuration) as database:
        reader = UsageReader(database)
        now = await _by_key(reader, period, configuration.prices)
        then = await _by_key(reader, period, others)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("key", f"now ({configuration.prices.currency or 'free'})", f"then ({others.currency or 'free'})"):
        table.add_column(heading, justify="left" if heading == "key" else "right")
    table.add_column("difference", justify="right")
    for name in sorted({*now, *then}):
        before, after = now.get(name, Decimal(0)), then.get(name, Decimal(0))
        table.add_row(shown(configuration.snapshot.shown_name(name)), str(before), str(after), f"{after - before:+}")
    console.print(table)


async def _by_key(reader: UsageReader, period: Period, prices: PriceList) -> dict[str, Decimal]:
    amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in (await reader.report_of_all(period.since, period.until, prices)).lines:
        amounts[line.part] += line.amount
    return amounts


async def correct_record(config: Path, record_id: str, units: int | None, note: str) -> str:
    """Correct a record; gives what was done. RingpostError when there is nothing to correct; StoreError."""
    async with open_database(read_configuration(config)) as database:
        before = await correct_usage(database, record_id, units, note)
    if before is None:
        raise RingpostError(f"There is no usage record “{record_id}”, or it was taken back already.")
    unit = before.product.unit
    return f"{before.units} {unit} taken back" + ("" if units is None else f", {units} {unit} stated instead")


def _month(text: str) -> tuple[datetime, datetime]:
    try:
        return month_of(text)
    except ValueError:
        raise RingpostError(f"“{text}” is not a month: write 2026-11.") from None
