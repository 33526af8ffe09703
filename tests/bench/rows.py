"""A row of the table: a figure of Ringpost's, bare Asterisk's beside it, and the budget; an earlier one, to compare."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement. Of the budget at most one stands: an absolute one, a ratio to bare, or bare plus a margin.

    before: the same figure of an earlier commit, by turns in the same run or from a file; None without one.
    """

    what: str
    said: str
    ours: float
    bare: float | None
    unit: str
    note: str = ""
    budget: float | None = None
    limit: float | None = None
    margin: float | None = None
    before: float | None = None

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


def save(rows: Sequence[Row], path: Path) -> None:
    """Write the figures to a file, for `with_before` of a later run."""
    path.write_text(json.dumps({row.what: row.ours for row in rows}, indent=2, ensure_ascii=False) + "\n")


def with_before(rows: Sequence[Row], path: Path) -> list[Row]:
    """The rows with the figures of an earlier run beside them, where it has them."""
    known = json.loads(path.read_text())
    return [replace(row, before=known.get(row.what, row.before)) for row in rows]


def show(rows: Sequence[Row], console: Console) -> None:
    """Print the table."""
    table = Table(title="Budgets, measured in one run", title_justify="left")
    compared = any(row.before is not None for row in rows)
    earlier = ("before", "of before") if compared else ()
    for heading in ("what", "budget", "Ringpost", "beside", "ratio", *earlier, "kept", "how"):
        table.add_column(heading, justify="left" if heading in ("what", "budget", "kept", "how") else "right")
    for row in rows:
        kept = {True: "yes", False: "[red]no[/]", None: "-"}[row.kept]
        past = [_figure(row.before, row.unit), _ratio(row.ours, row.before)] if compared else []
        table.add_row(row.what, row.said, _figure(row.ours, row.unit), _figure(row.bare, row.unit),
                      _ratio(row.ours, row.bare), *past, kept, row.note)  # fmt: skip
    console.print(table)


def _figure(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:.2f} {unit}"


def _ratio(value: float, other: float | None) -> str:
    return f"{value / other:.2f}" if other else "-"
