"""Prices: what a usage record costs. Pure and exact: amounts are decimals, and each record is rounded by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact
from typing import NamedTuple

from controller.metering.usage import UsageDirection, UsageProduct

EVERY_NUMBER = "+"
INSIDE = "inside"
"""The prefix of what goes out to a number or phone of ours: no trunk carries it, so it is free unless it is named."""

ALWAYS = datetime.min.replace(tzinfo=UTC)
# Exact: whatever the configuration permits has fewer digits, and anything else would raise.
_EXACT = Context(prec=60, traps=[Inexact])
_ROUNDED = Context(prec=60)
MINUTE = Decimal(60)


@dataclass(frozen=True, slots=True)
class Terms:
    """Of a rate: what is covered by `first_price`, and what each further unit of whole steps of `next_units` costs.

    All prices are sixty times what they are, so that they are exact: a share of a minute need not be a finite decimal.
    """

    first_units: int
    next_units: int
    first_price: Decimal
    next_price: Decimal
    least_price: Decimal

    @property
    def exponent(self) -> int:
        """How many decimals its prices have."""
        prices = (self.first_price, self.next_price, self.least_price)
        return max(-int(price.as_tuple().exponent) for price in prices)

    def price(self, units: int) -> Decimal:
        """Sixty times what so many units cost."""
        further = -(-max(0, units - self.first_units) // self.next_units) * self.next_units
        return max(_EXACT.add(self.first_price, _EXACT.multiply(self.next_price, Decimal(further))), self.least_price)


class WholeTerms(NamedTuple):
    """Terms in whole numbers of 64 bits, for arithmetic that is exact and fast.

    A price is `PriceList.divisor` times what it is in the smallest part that an amount has. most_units: of so many
    units the price times two still fits; negative where none does.
    """

    most_units: int
    first_units: int
    next_units: int
    first_price: int
    next_price: int
    least_price: int


_LARGEST = 2**63 - 1
_MOST_UNITS = 2**62
_NOTHING = WholeTerms(_MOST_UNITS, 0, 1, 0, 0, 0)
_NEVER = WholeTerms(-1, 0, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Rate:
    """The price of one product, in one direction (empty: both), to or from numbers of one prefix, since a moment.

    each: for a unit that is not timed: a segment, a character, a piece, a month. per_minute: for 60 seconds; what is
    timed is counted in a first interval of `first_seconds` and further ones of `next_seconds`, each begun one whole.
    first_price: of the whole first interval, instead of its share of `per_minute`. minimum: of one record.
    """

    product: UsageProduct
    direction: UsageDirection = ""
    prefix: str = EVERY_NUMBER
    valid_from: datetime = ALWAYS
    each: Decimal = Decimal(0)
    per_minute: Decimal = Decimal(0)
    first_seconds: int = 60
    next_seconds: int = 60
    first_price: Decimal | None = None
    minimum: Decimal = Decimal(0)

    @property
    def terms(self) -> Terms:
        """The rate in numbers, the same for what is timed and what is not."""
        least = self.minimum * MINUTE
        if not self.product.is_timed:
            return Terms(0, 1, Decimal(0), self.each * MINUTE, least)
        first = self.per_minute * self.first_seconds if self.first_price is None else self.first_price * MINUTE
        return Terms(self.first_seconds, self.next_seconds, first, self.per_minute, least)


@dataclass(frozen=True, slots=True)
class PriceList:
    """All rates. decimals: how many an amount of one record is rounded to, half up; sums are not rounded again.

    Of the rates that are valid, the one with the longest prefix counts; among those, one that names the direction;
    among those, the latest.
    """

    currency: str = ""
    decimals: int = 4
    rates: tuple[Rate, ...] = ()
    _by_prefix: Mapping[tuple[str, str], tuple[Rate, ...]] = field(init=False, repr=False, compare=False)
    _lengths: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _exponent: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found: defaultdict[tuple[str, str], list[Rate]] = defaultdict(list)
        for rate in self.rates:
            found[rate.product, rate.prefix].append(rate)
        ranked = {
            place: tuple(sorted(rates, key=lambda rate: (rate.direction != "", rate.valid_from), reverse=True))
            for place, rates in found.items()
        }
        lengths = {len(rate.prefix) for rate in self.rates if rate.prefix.startswith("+")}
        object.__setattr__(self, "_by_prefix", ranked)
        object.__setattr__(self, "_lengths", tuple(sorted(lengths, reverse=True)))
        object.__setattr__(self, "_exponent", max([self.decimals, *(rate.terms.exponent for rate in self.rates)]))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is charged."""
        return not self.rates

    @property
    def longest_prefix(self) -> int:
        """How many characters of a number tell its rate, with the "+"."""
        return max(self._lengths, default=0)

    @property
    def changes_at(self) -> tuple[datetime, ...]:
        """The moments from which other rates are valid, in order."""
        return tuple(sorted({rate.valid_from for rate in self.rates} - {ALWAYS}))

    @property
    def divisor(self) -> int:
        """How often a price of `WholeTerms` has the smallest part of an amount."""
        return int(MINUTE * 10 ** (self._exponent - self.decimals))

    def whole_terms(self, rate: Rate | None) -> WholeTerms:
        """The terms of a rate in whole numbers; without a rate nothing is charged."""
        if rate is None:
            return _NOTHING
        terms = rate.terms
        prices = (terms.first_price, terms.next_price, terms.least_price)
        first, following, least = (int(_EXACT.scaleb(price, self._exponent)) for price in prices)
        room = (_LARGEST - self.divisor) // 2 - max(first, least)
        if room < 0 or following > _LARGEST:
            return _NEVER
        most = room // following - terms.next_units if following else _MOST_UNITS
        if most < 0:
            return _NEVER
        return WholeTerms(min(most, _MOST_UNITS), terms.first_units, terms.next_units, first, following, least)

    def rate_of(self, product: UsageProduct, direction: str, number: str, route: str, at: datetime) -> Rate | None:
        """The rate that counts; None where there is none, which is free. number, route, at: see `UsageRecord`."""
        if is_inside(product, direction, route):
            return self._valid(product, INSIDE, direction, at)
        for length in self._lengths:
            prefix = number[:length] if length > 1 else EVERY_NUMBER
            if len(prefix) == length and (rate := self._valid(product, prefix, direction, at)):
                return rate
        return None

    def _valid(self, product: UsageProduct, prefix: str, direction: str, at: datetime) -> Rate | None:
        for rate in self._by_prefix.get((product, prefix), ()):
            if rate.direction in ("", direction) and rate.valid_from <= at:
                return rate
        return None

    def minute_rate(self, direction: str, number: str, route: str, at: datetime) -> Decimal:
        """What a minute of a call costs; zero where it is free."""
        rate = self.rate_of(UsageProduct.CALL, direction, number, route, at)
        return Decimal(0) if rate is None else rate.per_minute

    def amount(self, rate: Rate | None, units: int) -> Decimal:
        """What one record of so many units costs at this rate, rounded."""
        if rate is None:
            return Decimal(0)
        # A quotient that does not end is far from every tie: 60 digits decide it as all of them would.
        price = _ROUNDED.divide(rate.terms.price(units), MINUTE)
        return price.quantize(Decimal(1).scaleb(-self.decimals), rounding=ROUND_HALF_UP, context=_ROUNDED)


def is_inside(product: UsageProduct, direction: str, route: str) -> bool:
    """Whether a call went out to a number or phone of ours. What came in did so through some trunk, known or not."""
    outgoing = product in (UsageProduct.ATTEMPT, UsageProduct.TRANSFER) or (
        product is UsageProduct.CALL and direction == "outgoing"
    )
    return outgoing and not route


FREE = PriceList()
"""No prices: everything is metered, and nothing is charged."""


class CurrentPrices:
    """The price list that counts now; a reload replaces it."""

    def __init__(self, prices: PriceList = FREE) -> None:
        self.list = prices

    def replace(self, prices: PriceList) -> None:
        """Another list counts from now on."""
        self.list = prices
