"""What a licence key used in a period, and what that costs: the lines of a report or of an invoice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from controller.metering.prices import ALWAYS, PriceList
from controller.metering.usage import UsageDirection, UsageProduct

By = Literal["", "day", "did", "country"]
"""What a report is divided by, besides product and direction."""


@dataclass(frozen=True, slots=True)
class UsageSum:
    """So many records that cost the same: of one product, direction, rate and length. records: less those taken back.

    number: as much of the other party's number as tells the rate. inside: it went through no trunk. period: how many of
    the moments at which prices change lie before it.
    """

    product: UsageProduct
    direction: UsageDirection
    part: str
    number: str
    inside: bool
    units: int
    period: int
    records: int


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One line: what was used how often, how much of it in units, and what that costs.

    part: the day, DID or country that it is of, empty in a report that is not divided. unpriced: records that have no
    rate.
    """

    part: str
    product: UsageProduct
    direction: UsageDirection
    records: int
    units: int
    amount: Decimal
    unpriced: int


@dataclass(frozen=True, slots=True)
class Report:
    """The lines, in order, and their currency, empty without prices."""

    lines: tuple[ReportLine, ...]
    currency: str

    @property
    def amount(self) -> Decimal:
        """What all of it costs."""
        return sum((line.amount for line in self.lines), Decimal(0))


def report(sums: Iterable[UsageSum], prices: PriceList) -> Report:
    """Rate sums: each record costs what it would by itself, rounded by itself, and sums are not rounded again."""
    lines: dict[tuple[str, UsageProduct, UsageDirection], list[ReportLine]] = {}
    for each in sums:
        rate, amount = _rated(each, prices)
        line = ReportLine(
            part=each.part,
            product=each.product,
            direction=each.direction,
            records=each.records,
            units=each.units * each.records,
            amount=amount,
            unpriced=0 if rate or prices.is_empty else each.records,
        )
        lines.setdefault((each.part, each.product, each.direction), []).append(line)
    order = list(UsageProduct)
    places = sorted(lines, key=lambda place: (place[0], order.index(place[1]), place[2]))
    return Report(tuple(_sum(lines[place]) for place in places), prices.currency)


def _rated(each: UsageSum, prices: PriceList) -> tuple[bool, Decimal]:
    at = (ALWAYS, *prices.changes_at)[each.period]
    route = "" if each.inside else "a trunk"
    rate = prices.rate_of(each.product, each.direction, each.number, route, at)
    return rate is not None, prices.amount(rate, each.units) * each.records


def _sum(lines: Sequence[ReportLine]) -> ReportLine:
    first = lines[0]
    return ReportLine(
        part=first.part,
        product=first.product,
        direction=first.direction,
        records=sum(line.records for line in lines),
        units=sum(line.units for line in lines),
        amount=sum((line.amount for line in lines), Decimal(0)),
        unpriced=sum(line.unpriced for line in lines),
    )
