"""`ringpost billing`: invoices, exports, other prices tried on, corrections; and what each month begins with."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.directory.current import CurrentDirectory
from controller.metering.invoice import month_of
from controller.metering.monthly import MonthlyUsage
from controller.metering.store.corrections import correct_usage
from controller.metering.store.records import write_usage
from controller.metering.usage import UsageProduct, UsageRecord
from controller.resources import QUERIES
from controller.store.database import Database
from controller.store.queries import Queries
from tests.support.commands import ringpost
from tests.support.texts import snapshot
from tests.support.usage import usage_of

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
MONTH = ("--month", "2026-11")
CONFIG = """
license_keys:
  acme: {description: "Acme & Sons <billing>"}
  rival: {}
prices:
  currency: USD
  rates:
    - {product: call, prefix: "+1", per_minute: 0.01}
    - {product: text, each: 0.02}
"""
OTHER_PRICES = """
prices:
  currency: USD
  rates: [{product: text, each: 0.03}]
"""


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[Database]:
    opened = await Database.connect(postgres, Queries.load(QUERIES))
    yield opened
    await opened.close()


def a_text(number: int, key: str = "acme", **changes: int) -> UsageRecord:
    return UsageRecord(
        f"text:{number}",
        key,
        UsageProduct.TEXT,
        changes.get("units", 1),
        BEGIN + timedelta(days=changes.get("day", 0)),
        "incoming",
        did="+12015550101",
        number="=cmd()",
    )


@pytest.fixture
async def config(database: Database, tmp_path: Path) -> str:
    (tmp_path / "ringpost.yaml").write_text(CONFIG)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "prices.yaml").write_text(OTHER_PRICES)
    call = UsageRecord(
        "call:1000000001",
        "acme",
        UsageProduct.CALL,
        61,
        BEGIN + timedelta(seconds=61),
        "outgoing",
        number="+12015550123",
        country="US",
        route="carrier",
        began_at=BEGIN,
    )
    texts = [a_text(1), a_text(2, units=3), a_text(3, "rival"), a_text(4, day=30)]
    await write_usage(database, [call, *texts])
    return str(tmp_path)


async def test_an_invoice_is_a_csv_or_a_page_to_print(postgres: str, config: str, tmp_path: Path) -> None:
    status, printed = await ringpost(postgres, "billing", "invoice", "acme", *MONTH, "--config", config)
    assert status == 0, printed
    rows = list(csv.DictReader(io.StringIO(printed)))
    assert [(row["product"], row["country"], row["units"], row["amount"]) for row in rows] == [
        ("text", "", "4", "0.0800"),
        ("call", "US", "61", "0.0200"),
        ("sum", "", "", "0.1000"),
    ]
    page = tmp_path / "invoice.html"
    status, printed = await ringpost(
        postgres, "billing", "invoice", "acme", *MONTH, "--page", str(page), "--config", config
    )
    text = page.read_text()
    assert (status, "0.1000" in text, "Acme &amp; Sons &lt;billing&gt;" in text) == (0, True, True), printed


async def test_an_invoice_of_a_key_that_was_made_while_the_service_ran_names_its_customer(
    postgres: str, config: str, tmp_path: Path
) -> None:
    made = ("keys", "create", "later", "--product", "phone", "--description", "Later & Co.", "--config", config)
    status, printed = await ringpost(postgres, *made)
    assert status == 0, printed
    page = tmp_path / "invoice.html"
    asked = ("billing", "invoice", "later", *MONTH, "--page", str(page), "--config", config)
    status, printed = await ringpost(postgres, *asked)
    assert (status, "Later &amp; Co." in page.read_text()) == (0, True), printed


async def test_a_month_is_exported_with_what_each_record_costs(postgres: str, config: str, tmp_path: Path) -> None:
    file = tmp_path / "november.csv"
    status, printed = await ringpost(postgres, "billing", "export", *MONTH, "--to", str(file), "--config", config)
    assert (status, printed) == (0, "4 records written\n")
    rows = {row["record"]: row for row in csv.DictReader(io.StringIO(file.read_text()))}
    assert set(rows) == {"call:1000000001", "text:1", "text:2", "text:3"}
    call, text = rows["call:1000000001"], rows["text:2"]
    assert (call["rate"], call["amount"], call["began_at"]) == ("0.01", "0.0200", "2026-11-01T00:00:00+00:00")
    assert call["number"] == "+12015550123"
    assert (text["amount"], text["number"]) == ("0.0600", "'=cmd()"), "no spreadsheet takes it for a formula"


async def test_other_prices_are_tried_on_without_changing_anything(postgres: str, config: str, tmp_path: Path) -> None:
    period = ("--since", "2026-11-01", "--until", "2026-12-01", "--config", config)
    before = await usage_of(postgres)
    status, printed = await ringpost(
        postgres, "billing", "rerate", "--prices", str(tmp_path / "other" / "prices.yaml"), *period
    )
    assert status == 0, printed
    lines = [line.split() for line in printed.splitlines()]
    assert ["acme", "0.1000", "0.1200", "+0.0200"] in lines
    assert ["rival", "0.0200", "0.0300", "+0.0100"] in lines
    assert await usage_of(postgres) == before


async def test_a_correction_is_further_records_and_the_report_follows(
    database: Database, postgres: str, config: str
) -> None:
    given = ("--note", "wrong length", "--config", config)
    status, printed = await ringpost(postgres, "billing", "correct", "call:1000000001", "--units", "30", *given)
    assert (status, printed) == (0, "61 seconds taken back, 30 seconds stated instead\n")
    status, printed = await ringpost(postgres, "billing", "correct", "call:1000000001", *given)
    assert (status, printed) == (0, "30 seconds taken back\n")
    status, printed = await ringpost(postgres, "billing", "correct", "call:1000000001", *given)
    assert (status, "taken back already" in printed) == (1, True)
    assert [row for row in await usage_of(postgres) if row[0].startswith("call")] == [
        ("call:1000000001", 61, 1),
        ("call:1000000001~1-", 61, -1),
        ("call:1000000001~1=", 30, 1),
        ("call:1000000001~2-", 30, -1),
    ]
    assert await correct_usage(database, "call:2", 1, "") is None
    status, printed = await ringpost(postgres, "usage", "acme", "--since", "2026-11-01", "--json", "--config", config)
    assert (status, '"amount": "0.0' in printed, '"call"' in printed) == (0, True, False), printed


async def test_keys_and_dids_are_used_once_a_month_whoever_looks(database: Database, postgres: str) -> None:
    now = BEGIN + timedelta(days=3)
    directory = CurrentDirectory(snapshot())
    one, two = (MonthlyUsage(database, directory, lambda: now) for _ in range(2))
    await one.write()
    await two.write()
    await one.write()
    columns = "license_key, product, did"
    assert sorted(await usage_of(postgres, columns)) == [
        ("acme", "did", "+12015550101"),
        ("acme", "did", "+12015550102"),
        ("acme", "did", "+12015550109"),
        ("acme", "key", ""),
        ("mute", "key", ""),
        ("rival", "did", "+12015550103"),
        ("rival", "key", ""),
    ]
    now = BEGIN + timedelta(days=30)
    await two.write()
    assert len(await usage_of(postgres, columns)) == 14


def test_a_month_ends_where_the_next_one_begins() -> None:
    assert month_of("2026-12") == (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    with pytest.raises(ValueError, match="remains"):
        month_of("2026-13")
