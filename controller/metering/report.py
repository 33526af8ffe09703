"""What a licence key used in a period, and what that costs: the lines of a report or of an invoice."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from controller.metering.usage import UsageDirection, UsageProduct

By = Literal["", "day", "did", "country"]
"""What a report is divided by, besides product and direction."""


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One line: what was used how often, how much of it in units, and what that costs.

    part: the day, DID, country or key that it is of, empty in a report that is not divided. records: less those that
    were taken back. unpriced: records that have no rate.
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
