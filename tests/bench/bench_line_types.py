"""The assignment table of line types: a million rows read from a file, stored form included, and numbers looked up."""

from __future__ import annotations

import random
import tempfile
import time
from datetime import date
from pathlib import Path

from controller.line_types.assignment_file import read_assignments
from controller.line_types.assignments import AssignmentTable
from tests.bench.rows import Row

ROWS = 1_000_000
LOOK_UPS = 200_000
CLASSES = ("ILEC", "WIRELESS", "CLEC", "unknown")


def measure() -> list[Row]:
    """The rows about the table; the look-ups are of numbers that nobody asked for before."""
    dice = random.Random(1)
    with tempfile.TemporaryDirectory(prefix="ringpost-bench-") as folder:
        file = Path(folder) / "table.csv"
        file.write_text("".join(_lines(dice)))
        began = time.perf_counter()
        read = read_assignments(file, date(2026, 11, 27), lambda _rows, _share: None)
        table = AssignmentTable.from_bytes(read.table.to_bytes())
        loaded = time.perf_counter() - began
    assert read.rows == ROWS
    numbers = [f"+1{dice.randint(200, 999)}{dice.randint(200, 999)}{dice.randint(0, 9999):04}" for _ in range(LOOK_UPS)]
    table.known(numbers[0])
    began = time.perf_counter()
    found = sum(table.known(number) is not None for number in numbers)
    looked_up = (time.perf_counter() - began) / LOOK_UPS
    assert found > LOOK_UPS // 2
    how = f"{ROWS:,} rows, {len(table.carriers):,} carriers"
    return [
        Row("load of an assignment table", "10 s", loaded, None, "s", how, budget=10.0),
        Row("look-up of a line type", "10 µs", looked_up * 1e6, None, "µs", f"mean of {LOOK_UPS:,}", budget=10.0),
    ]


def _lines(dice: random.Random) -> list[str]:
    """Every exchange that there can be, and thousands of some of them, as the tables of North America have them."""
    lines: list[str] = []
    for exchange in range(200_200, 1_000_000):
        if exchange % 1000 < 200:
            continue
        thousands = [f"{exchange}{dice.randrange(10)}"] if dice.random() < 0.6 else []
        for block in (f"{exchange}", *thousands):
            carrier = dice.randrange(1000, 10_000)
            lines.append(f"{block},{carrier},{CLASSES[carrier % len(CLASSES)]},Carrier {carrier}\n")
    return lines[:ROWS]
