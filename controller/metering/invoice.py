"""Invoices: what a licence key owes for a month, as a page to print."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from controller.metering.report import Report

_PAGES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)


@dataclass(frozen=True, slots=True)
class Invoice:
    """What a key, by its name in the YAML, used in a month that begins at `since` (UTC), divided by country."""

    key: str
    description: str
    since: datetime
    until: datetime
    usage: Report

    @property
    def month(self) -> str:
        """The month, such as 2026-11."""
        return f"{self.since:%Y-%m}"

    def is_closed(self, now: datetime) -> bool:
        """Whether the month is over, so that nothing is added any more but corrections and what a crash delayed."""
        return now >= self.until


def month_of(text: str) -> tuple[datetime, datetime]:
    """A month such as 2026-11: its first moment, and that of the next one (UTC). ValueError."""
    first = datetime.strptime(text.strip(), "%Y-%m").replace(tzinfo=UTC)
    following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return first, following


def page(invoice: Invoice, now: datetime) -> str:
    """The invoice as an HTML page that needs nothing else."""
    return _PAGES.get_template("invoice.html").render(invoice=invoice, closed=invoice.is_closed(now), made_at=now)
