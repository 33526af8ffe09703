"""What usage costs: which rate counts, how seconds become intervals, how amounts are rounded, and what is refused."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.config_file.document import parse_document
from controller.metering.price_section import read_prices
from controller.metering.prices import PriceList, Rate
from controller.metering.usage import UsageProduct
from tests.support.examples import examples

AT = datetime(2026, 11, 27, tzinfo=UTC)
CALL, TEXT = UsageProduct.CALL, UsageProduct.TEXT

VENDOR = Rate(CALL, per_minute=Decimal("0.06"), first_seconds=120, next_seconds=60, first_price=Decimal("0.06"))
"""As the vendor charges: the first 120 s are one transaction, each further 60 s one more."""


def price(rate: Rate, units: int, decimals: int = 4) -> str:
    return str(PriceList("USD", decimals, (rate,)).amount(rate, units))


@pytest.mark.parametrize(
    ("seconds", "transactions"), [(0, 1), (1, 1), (120, 1), (121, 2), (180, 2), (181, 3), (3600, 59)]
)
def test_the_vendors_transactions_can_be_said(seconds: int, transactions: int) -> None:
    assert Decimal(price(VENDOR, seconds)) == Decimal("0.06") * transactions


@pytest.mark.parametrize(
    ("seconds", "amount"),
    [(0, "0.0039"), (1, "0.0039"), (30, "0.0039"), (31, "0.0046"), (36, "0.0046"), (37, "0.0054"), (60, "0.0077")],
)
def test_intervals_that_are_begun_count_whole_and_a_record_is_rounded_half_up(seconds: int, amount: str) -> None:
    rate = Rate(CALL, per_minute=Decimal("0.0077"), first_seconds=30, next_seconds=6)
    assert price(rate, seconds) == amount


def test_a_minimum_counts_where_the_price_is_lower() -> None:
    rate = Rate(CALL, per_minute=Decimal("0.01"), first_seconds=1, next_seconds=1, minimum=Decimal("0.005"))
    assert (price(rate, 5), price(rate, 120)) == ("0.0050", "0.0200")


def test_segments_are_multiplied() -> None:
    assert price(Rate(TEXT, each=Decimal("0.0075")), 3, decimals=2) == "0.02"


def listed(*rates: Rate) -> PriceList:
    return PriceList("USD", 4, rates)


def test_the_longest_prefix_counts_then_the_direction_then_the_day() -> None:
    everywhere = Rate(CALL, per_minute=Decimal(1))
    america = Rate(CALL, prefix="+1", per_minute=Decimal(2))
    america_out = Rate(CALL, "outgoing", "+1", per_minute=Decimal(3))
    america_out_later = Rate(CALL, "outgoing", "+1", AT + timedelta(days=1), per_minute=Decimal(4))
    jamaica = Rate(CALL, prefix="+1876", per_minute=Decimal(5))
    prices = listed(everywhere, america, america_out, america_out_later, jamaica)

    def counts(number: str, direction: str = "outgoing", at: datetime = AT) -> Rate | None:
        return prices.rate_of(CALL, direction, number, "carrier", at)

    assert counts("+442079460958") is everywhere
    assert counts("anonymous") is everywhere
    assert counts("+12015550101", "incoming") is america
    assert counts("+12015550101") is america_out
    assert counts("+12015550101", at=AT + timedelta(days=2)) is america_out_later
    assert counts("+18765550101") is jamaica
    assert prices.rate_of(TEXT, "outgoing", "+12015550101", "", AT) is None


def test_a_rate_that_is_not_valid_yet_leaves_the_shorter_prefix() -> None:
    america = Rate(CALL, prefix="+1")
    prices = listed(america, Rate(CALL, prefix="+1201", valid_from=AT + timedelta(seconds=1)))
    assert prices.rate_of(CALL, "outgoing", "+12015550101", "carrier", AT) is america


def test_what_goes_out_through_no_trunk_is_free_unless_it_is_named() -> None:
    outside, inside = Rate(CALL, per_minute=Decimal(1)), Rate(CALL, prefix="inside", per_minute=Decimal(2))
    assert listed(outside).rate_of(CALL, "outgoing", "+12015550101", "", AT) is None
    assert listed(outside).rate_of(CALL, "incoming", "+12015550101", "", AT) is outside
    assert listed(outside, inside).rate_of(CALL, "outgoing", "+12015550101", "", AT) is inside


_AMOUNTS = st.decimals(0, 1000, places=6)


@settings(max_examples=examples(200))
@given(_AMOUNTS, st.integers(1, 200), st.integers(1, 200), _AMOUNTS, st.integers(0, 100_000), st.integers(0, 8))
def test_amounts_are_exact_for_whoever_counts_in_fractions(
    per_minute: Decimal, first: int, following: int, minimum: Decimal, seconds: int, decimals: int
) -> None:
    rate = Rate(CALL, per_minute=per_minute, first_seconds=first, next_seconds=following, minimum=minimum)
    billed, left = first, seconds - first
    while left > 0:
        billed, left = billed + following, left - following
    exact = max(Fraction(per_minute) * billed / 60, Fraction(minimum))
    rounded = Fraction(math.floor(exact * 10**decimals + Fraction(1, 2)), 10**decimals)
    assert Fraction(PriceList("USD", decimals, (rate,)).amount(rate, seconds)) == rounded


GOOD = """
prices:
  currency: USD
  rates:
    - {product: call, direction: outgoing, prefix: "+1", per_minute: 0.0129, first_seconds: 30, next_seconds: 6}
    - {product: call, direction: outgoing, prefix: "+1", per_minute: 0.0139, valid_from: 2027-01-01}
    - {product: text, each: 0.0075}
    - {product: did, each: 5}
"""


def test_a_price_list_is_read() -> None:
    document = parse_document(GOOD)
    prices = read_prices(document)
    assert document.mistakes == []
    assert (prices.currency, prices.decimals, len(prices.rates)) == ("USD", 4, 4)
    rate = prices.rate_of(CALL, "outgoing", "+12015550101", "carrier", AT)
    assert rate is not None
    assert (rate.per_minute, rate.first_seconds, rate.next_seconds) == (Decimal("0.0129"), 30, 6)
    assert prices.changes_at == (datetime(2027, 1, 1, tzinfo=UTC),)


def test_without_the_section_everything_is_free() -> None:
    assert read_prices(parse_document("")).is_empty


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("§prices:\n  rates:\n    - {product: text, each: 1}\n", "currency"),
        ("prices:\n  currency: §dollars\n", "ISO 4217"),
        ("prices:\n  currency: USD\n  rates: [{product: call, per_minute: §1.5e3}]\n", "not an amount"),
        ("prices:\n  currency: USD\n  rates: [{product: call, per_minute: §-1}]\n", "not an amount"),
        ("prices:\n  currency: USD\n  rates: [{product: call, per_minute: §nan}]\n", "not an amount"),
        ("prices:\n  currency: USD\n  rates: [{product: call, per_minute: §[1]}]\n", "not an amount"),
        ("prices:\n  currency: USD\n  rates: [{product: call, each: §1}]\n", "seconds"),
        ("prices:\n  currency: USD\n  rates: [{product: text, per_minute: §1}]\n", "segments"),
        ("prices:\n  currency: USD\n  rates: [{product: §call}]\n", "the price is missing"),
        ("prices:\n  currency: USD\n  rates: [{product: §fax, each: 1}]\n", "not known"),
        ("prices:\n  currency: USD\n  rates: [{product: did, each: 1, direction: §incoming}]\n", "no direction"),
        ("prices:\n  currency: USD\n  rates: [{product: lookup, each: 1, direction: §outgoing}]\n", "no direction"),
        ("prices:\n  currency: USD\n  rates: [{product: attempt, each: 1, direction: §incoming}]\n", "outgoing only"),
        ("prices:\n  currency: USD\n  rates: [{product: text, each: 1, prefix: §inside}]\n", "outgoing calls only"),
        ("prices:\n  currency: USD\n  rates: [{product: key, each: 1, prefix: §+1}]\n", "no other party"),
        ("prices:\n  currency: USD\n  rates: [{product: text, each: 1, direction: §out}]\n", "outgoing"),
        ("prices:\n  currency: USD\n  rates: [{product: text, each: §0.01234567890}]\n", "ten decimals"),
        ("prices:\n  currency: USD\n  rates: [§text]\n", ""),
        ("prices:\n  currency: USD\n  §rates: {product: text, each: 1}\n", ""),
        ("prices: §5\n", ""),
        ("prices:\n  currency: USD\n  rates: [{product: text, each: 1, prefix: §1}]\n", "prefix"),
        ("prices:\n  currency: USD\n  rates: [{product: text, each: 1, valid_from: §2026-02-30}]\n", "not a day"),
        ("prices:\n  currency: USD\n  rates: [{product: call, per_minute: 1, first_seconds: §0}]\n", "at least 1"),
        (
            "prices:\n  currency: USD\n  rates:\n    - {product: text, each: 1}\n    - §{product: text, each: 2}\n",
            "line 4",
        ),
        ("prices:\n  currency: USD\n  rates: [{product: text, each: 1, §ech: 2}]\n", "unknown key"),
        ("prices:\n  decimals: §9\n", "at most 8"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_column(text: str, words: str) -> None:
    before = text[: text.index("§")]
    place = (before.count("\n") + 1, len(before) - before.rfind("\n"))
    document = parse_document(text.replace("§", ""))
    read_prices(document)
    assert [(each.line, each.column) for each in document.mistakes] == [place], document.mistakes
    assert words in str(document.mistakes[0])
