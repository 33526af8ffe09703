"""What a key used and what it costs, from the store to the command line: equal to whoever rates each record alone."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from controller.metering.accounts import CALLS, Accounts
from controller.metering.prices import CurrentPrices, PriceList, Rate
from controller.metering.report import By
from controller.metering.store.records import write_usage
from controller.metering.store.usage_reader import UsageReader
from controller.metering.usage import UsageProduct, UsageRecord, country_of
from controller.resources import QUERIES
from controller.store.database import Database
from controller.store.queries import Queries
from tests.support.commands import ringpost

BEGIN, END = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
NUMBERS = ("+12015550101", "+14165550123", "+18765550101", "+442079460958", "anonymous")
DIDS = ("+12015550101", "+12015550102")
CALL, TEXT, TRANSFER = UsageProduct.CALL, UsageProduct.TEXT, UsageProduct.TRANSFER
PRICES = PriceList(
    "USD",
    4,
    (
        Rate(CALL, per_minute=Decimal("0.0129"), first_seconds=30, next_seconds=6),
        Rate(CALL, "outgoing", "+1876", per_minute=Decimal("0.31"), minimum=Decimal("0.1")),
        Rate(CALL, "outgoing", "+1", datetime(2026, 11, 15, tzinfo=UTC), per_minute=Decimal("0.0099")),
        Rate(TRANSFER, prefix="+1", per_minute=Decimal("0.02")),
        Rate(TEXT, each=Decimal("0.0075")),
    ),
)


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[Database]:
    opened = await Database.connect(postgres, Queries.load(QUERIES))
    yield opened
    await opened.close()


def random_records(seed: int, count: int) -> list[UsageRecord]:
    chance, made = random.Random(seed), []
    for place in range(count):
        product = chance.choice([CALL, CALL, TRANSFER, TEXT, UsageProduct.RECORDING])
        number = chance.choice(NUMBERS)
        made.append(
            UsageRecord(
                f"{product}:{place}",
                chance.choice(["acme", "rival"]),
                product,
                chance.randrange(5) if product is TEXT else chance.randrange(300),
                BEGIN + timedelta(seconds=chance.randrange(-100_000, 31 * 86_400)),
                chance.choice(["incoming", "outgoing"]),
                did=chance.choice(DIDS),
                number=number,
                country=country_of(number),
                route=chance.choice(["carrier", ""]),
                sign=chance.choice([1] * 9 + [-1]),
            )
        )
    return made


@pytest.mark.parametrize("by", ["", "day", "did", "country"])
async def test_a_report_equals_the_sum_of_its_records_rated_one_by_one(database: Database, by: By) -> None:
    records = random_records(7, 2000)
    await write_usage(database, records)
    whole = await UsageReader(database).report("acme", BEGIN, END, PRICES, by=by)
    expected: dict[tuple[str, ...], Decimal] = {}
    counted: dict[tuple[str, ...], int] = {}
    left: dict[tuple[str, ...], int] = {}
    accounts = Accounts(database, CurrentPrices(PRICES))
    for record in records:
        if record.license_key != "acme" or not BEGIN <= record.at < END:
            continue
        parts = {"day": f"{record.at:%Y-%m-%d}", "did": record.did, "country": record.country}
        place = (parts.get(by, ""), record.product.value, record.direction)
        expected[place] = expected.get(place, Decimal(0)) + accounts.rated(record).amount
        counted[place] = counted.get(place, 0) + record.sign * record.units
        left[place] = left.get(place, 0) + record.sign
    found = {(line.part, line.product.value, line.direction): line for line in whole.lines}
    # What was taken back whole is not shown.
    shown = {place for place in expected if expected[place] or counted[place] or left[place]}
    assert {place: line.amount for place, line in found.items()} == {place: expected[place] for place in shown}
    assert {place: line.units for place, line in found.items()} == {place: counted[place] for place in shown}
    assert {place: line.records for place, line in found.items()} == {place: left[place] for place in shown}
    assert whole.amount == sum(expected.values())


async def test_amounts_that_are_ties_and_amounts_of_any_size_are_exact_in_one_sum_as_one_by_one(
    database: Database,
) -> None:
    rates = (
        Rate(CALL, prefix="+1", per_minute=Decimal("0.03"), first_seconds=1, next_seconds=1),
        Rate(CALL, prefix="+44", per_minute=Decimal("9999999.9999999999"), first_seconds=7, next_seconds=11),
        Rate(CALL, prefix="+33", per_minute=Decimal("0.0000000001"), first_price=Decimal("0.0000000001")),
        Rate(TEXT, each=Decimal("0.00005"), minimum=Decimal("0.00015")),
        Rate(TRANSFER, prefix="+49", each=Decimal(0), minimum=Decimal(999999999)),
    )
    chance, records = random.Random(9), []
    for place in range(1500):
        product = chance.choice((CALL, TEXT, TRANSFER))
        units = chance.choice((0, 1, 2, 3, 7, 8, 59, 60, 61, chance.randrange(10_000), chance.randrange(2**36)))
        number = chance.choice(("+12015550101", "+442079460958", "+33123456789", "+4930123456"))
        at, sign = BEGIN + timedelta(seconds=place), chance.choice((1, 1, -1))
        records.append(
            UsageRecord(f"{place}", "acme", product, units, at, "incoming", number=number, route="carrier", sign=sign)
        )
    await write_usage(database, records)
    reader = UsageReader(database)
    for decimals in (0, 4, 8):
        prices = PriceList("USD", decimals, rates)
        accounts = Accounts(database, CurrentPrices(prices))
        expected = sum((accounts.rated(record).amount for record in records), Decimal(0))
        assert (await reader.report("acme", BEGIN, END, prices)).amount == expected
        assert (await reader.report_of_all(BEGIN, END, prices)).amount == expected


async def test_the_records_of_calls_come_in_order_page_by_page_with_what_each_costs(database: Database) -> None:
    records = random_records(8, 300)
    await write_usage(database, records)
    reader = UsageReader(database)
    found = [each async for each in reader.records("acme", BEGIN, END, products=CALLS, page=7)]
    mine = [each for each in records if each.license_key == "acme" and BEGIN <= each.at < END and each.product in CALLS]
    assert found == sorted(mine, key=lambda each: (each.at, each.record_id))
    rated = [each async for each in Accounts(database, CurrentPrices(PRICES)).records("acme", BEGIN, END, CALLS)]
    assert [each.record for each in rated] == found
    assert {each.rate for each in rated if each.record.product is TRANSFER} == {Decimal(0), Decimal("0.02")}


async def test_the_balance_is_what_is_left_of_the_month_or_what_is_owed(database: Database) -> None:
    now = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
    for place, at in enumerate((now - timedelta(hours=1), now - timedelta(days=3), now - timedelta(days=40))):
        record = UsageRecord(f"call:{place}", "acme", CALL, 60, at, "outgoing", number="+442079460958", route="carrier")
        await write_usage(database, [record])
    accounts = Accounts(database, CurrentPrices(PRICES))
    balance = await accounts.balance("acme", now, Decimal(10))
    assert (balance.currency, balance.balance) == ("USD", Decimal("9.9742"))
    assert (balance.today.calls, balance.today.call_seconds, balance.today.amount) == (1, 60, Decimal("0.0129"))
    assert balance.month.calls == 2
    assert (await accounts.balance("acme", now)).balance == Decimal("-0.0258")


CONFIG = """
license_keys:
  customer: {}
  rival: {}
prices:
  currency: USD
  rates:
    - {product: text, each: 0.0075}
    - {product: call, per_minute: 0.0129}
"""


async def test_the_command_shows_what_a_key_used_in_three_forms(
    database: Database, postgres: str, tmp_path: Path
) -> None:
    (tmp_path / "ringpost.yaml").write_text(CONFIG)
    texts = [
        UsageRecord(f"text:{number}", "customer", TEXT, 2, BEGIN, "incoming", did=DIDS[0], number=NUMBERS[0])
        for number in range(4)
    ]
    recording = UsageRecord("recording:1", "customer", UsageProduct.RECORDING, 12, BEGIN + timedelta(days=1))
    await write_usage(database, [*texts, recording])
    asked = ("usage", "customer", "--since", "2026-11-01", "--until", "2026-12-01", "--config", str(tmp_path))
    status, printed = await ringpost(postgres, *asked, "--json")
    told = json.loads(printed)
    assert (status, told["amount"], told["currency"]) == (0, "0.0600", "USD")
    assert [(line["product"], line["records"], line["units"], line["unpriced"]) for line in told["lines"]] == [
        ("text", 4, 8, 0),
        ("recording", 1, 12, 1),
    ]
    status, printed = await ringpost(postgres, *asked, "--csv", "--by", "day")
    rows = list(csv.reader(io.StringIO(printed)))
    assert rows[0] == ["day", "product", "direction", "records", "units", "unit", "amount", "currency", "unpriced"]
    assert rows[1] == ["2026-11-01", "text", "incoming", "4", "8", "segments", "0.0600", "USD", "0"]
    status, printed = await ringpost(postgres, *asked)
    assert (status, "segments" in printed, "0.0600" in printed) == (0, True, True), printed
    status, printed = await ringpost(postgres, "usage", "nobody", "--config", str(tmp_path))
    assert (status, "no licence key" in printed) == (1, True), printed


async def test_the_report_of_all_keys_is_that_of_each_key_whatever_the_sample_shows(database: Database) -> None:
    await write_usage(database, random_records(9, 1500))
    reader = UsageReader(database)
    whole = await reader.report_of_all(BEGIN, END, PRICES)
    for key in ("acme", "rival"):
        alone = await reader.report(key, BEGIN, END, PRICES)
        assert [replace(line, part="") for line in whole.lines if line.part == key] == list(alone.lines)
    assert {line.part for line in whole.lines} == {"acme", "rival"}
