"""A row of the table: a figure of Ringpost's, bare Asterisk's beside it, and the budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement. Of the budget at most one stands: an absolute one, a ratio to bare, or bare plus a margin."""

    what: str
    said: str
    ours: float
    bare: float | None
    unit: str
    note: str = ""
    budget: float | None = None
    limit: float | None = None
    margin: float | None = None

    @property
    def kept(self) -> bool | None:
        """Whether the budget is kept; None without one."""
        if self.budget is not None:
            return self.ours <= self.budget
        if self.bare is not None and self.limit is not None:
            return self.ours <= self.bare * self.limit
        if self.bare is not None and self.margin is not None:
            return self.ours <= self.bare + self.margin
        return None


def show(rows: Sequence[Row], console: Console) -> None:
    """Print the table."""
    table = Table(title="Budgets, measured in one run", title_justify="left")
    for heading in ("what", "budget", "Ringpost", "beside", "ratio", "kept", "how"):
        table.add_column(heading, justify="right" if heading in ("Ringpost", "beside", "ratio") else "left")
    for row in rows:
        ratio = f"{row.ours / row.bare:.2f}" if row.bare else "-"
        bare = f"{row.bare:.2f} {row.unit}" if row.bare is not None else "-"
        kept = {True: "yes", False: "[red]no[/]", None: "-"}[row.kept]
        table.add_row(row.what, row.said, f"{row.ours:.2f} {row.unit}", bare, ratio, kept, row.note)
    console.print(table)
