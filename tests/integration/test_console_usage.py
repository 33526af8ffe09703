"""Usage and invoices in the console."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from controller.metering.prices import PriceList, Rate
from controller.metering.store.records import write_usage
from controller.metering.usage import UsageProduct, UsageRecord
from tests.support.console import House, console_house

MONTH = "2026-10"
AT = datetime(2026, 10, 14, 12, tzinfo=UTC)
PRICES = PriceList("USD", 2, (Rate(UsageProduct.CALL, per_minute=Decimal("0.10")),))


@pytest.fixture(scope="module")
async def house(fresh_database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with console_house(fresh_database, tmp_path_factory.mktemp("media"), prices=PRICES) as made:
        records = [
            UsageRecord("call:1", "acme", UsageProduct.CALL, 120, AT, "incoming", "+12015550101", "+12015550199", "US"),
            UsageRecord("text:1", "acme", UsageProduct.TEXT, 1, AT, "incoming", "+12015550101", "+12015550199", "US"),
            UsageRecord(
                "call:2", "rival", UsageProduct.CALL, 600, AT, "outgoing", "", "+442079460000", "GB", "carrier"
            ),
        ]
        await write_usage(made.database, records)
        yield made


async def test_a_customer_sees_the_own_usage_by_number_and_as_csv(house: House) -> None:
    carl = await house.logged_in("carl", "acme")
    page = await carl.get(f"/usage?month={MONTH}&by=did&key=rival")
    assert "Usage of acme, 2026-10" in page.words
    assert "+12015550101 call incoming 1 120 seconds 0.20" in page.words
    assert "1 without a price" in page.words
    assert "2026-10-14: 2 calls and texts" in page.words
    assert "GB" not in page.words
    sheet = await carl.get(f"/usage/report.csv?month={MONTH}&by=country")
    assert sheet.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(sheet.text)))
    assert [(row["part"], row["product"], row["units"], row["amount"]) for row in rows] == [
        ("US", "call", "120", "0.20"),
        ("US", "text", "1", "0.00"),
    ]


async def test_an_invoice_is_a_page_to_print(house: House) -> None:
    dora = await house.logged_in("dora", "acme")
    page = await dora.get(f"/usage/invoice?month={MONTH}")
    assert "Invoice for 2026-10" in page.words
    assert "Sum 0.20" in page.words
    assert "is not final" not in page.words
    assert "is not final" in (await dora.get("/usage/invoice")).words


async def test_an_operator_sees_every_key_and_what_all_of_it_costs(house: House) -> None:
    ann = await house.logged_in("ann")
    page = await ann.get(f"/usage?month={MONTH}")
    assert "acme 0.20" in page.words
    assert "rival 1.00" in page.words
    assert "Sum 1.20" in page.words
    for wrong in ("nonsense", "0001-01", "9999-12"):
        assert (await ann.get(f"/usage?month={wrong}")).status == 404
    assert "Nothing was used." in (await ann.get("/usage?month=2026-09&key=acme")).words
