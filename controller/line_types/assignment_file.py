"""The assignment table as an operator brings it: a CSV file, a line for each block of numbers.

    201555,1234,wireless            the exchange 201-555 belongs to carrier 1234, which has mobile lines
    2015557,5678,voip,Acme Tel      but 201-555-7000 to 7999 to another one

Columns are in this order (prefix, carrier id, class, name, LATA, switch), or in that of a first line that names them.
Commas, semicolons and tabs separate them. Two carriers of one block: the later line counts.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TextIO

from controller.errors import RingpostError
from controller.line_types.assignments import AssignmentTable, Carrier
from controller.line_types.classes import line_type_of
from controller.line_types.model import LineType

PROGRESS_ROWS = 50_000
MOST_MISTAKES = 10
MOST_CARRIERS = 1_000_000
LONGEST_TEXT = 200
EXCHANGE_DIGITS = 6

_COLUMNS = {
    "prefix": ("prefix", "npanxx", "npanxxx", "block"),
    "carrier": ("carrier", "carrierid", "ocn"),
    "class": ("class", "type", "linetype", "category"),
    "name": ("name", "carriername", "company", "holder"),
    "lata": ("lata",),
    "switch": ("switch", "switchname", "clli"),
}
_ORDER = tuple(_COLUMNS)
_NO_DIGITS = re.compile(r"[\s()./-]")
_PREFIX = re.compile(r"[2-9][0-9]{2}[2-9][0-9]{2}[0-9]?", re.ASCII)
_NO_LETTERS = re.compile(r"[^a-z]")


class AssignmentsInvalid(RingpostError):
    """This file is no assignment table."""

    error_id = "assignments-invalid"


@dataclass(frozen=True, slots=True)
class ReadTable:
    """A table that was read. rows: lines with a block. unknown_classes: words that stand for no line type, each with
    how many lines have it; their numbers are of an unknown type.
    """

    table: AssignmentTable
    rows: int
    unknown_classes: Counter[str]


def read_assignments(path: Path, as_of: date, progress: Callable[[int, float], None]) -> ReadTable:
    """Read a file. progress: told now and then of how many rows were read, and which share of the file (0 to 1).

    AssignmentsInvalid with the first mistakes, each with its line; OSError.
    """
    with path.open("rb") as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="") as file:
        size = max(1, os.fstat(raw.fileno()).st_size)
        return _Reader(path.name, as_of).read(file, lambda rows: progress(rows, min(1.0, raw.tell() / size)))


class _Reader:
    def __init__(self, name: str, as_of: date) -> None:
        self._name = name
        self._as_of = as_of
        self._mistakes: list[str] = []
        self._places: dict[tuple[str, ...], int] = {}
        self._carriers: list[Carrier] = []
        # Of carriers whose class is no line type: how many blocks they have, and the class.
        self._strange: dict[int, int] = {}
        self._words: dict[int, str] = {}

    def read(self, file: TextIO, progress: Callable[[int], None]) -> ReadTable:
        exchanges: dict[int, int] = {}
        thousands: dict[int, int] = {}
        rows = 0
        first = file.readline()
        file.seek(0)
        reader = csv.reader(file, delimiter=max(",;\t", key=first.count))
        is_prefix, places = _PREFIX.fullmatch, self._places
        for place, (prefix, *rest) in self._rows(reader):
            if is_prefix(prefix) is None and is_prefix(prefix := _NO_DIGITS.sub("", prefix)) is None:
                self._mistake(place, "a prefix has six or seven digits of a North American number")
                continue
            rows += 1
            cells = tuple(rest)
            carrier = places.get(cells)
            if carrier is None:
                carrier = self._new_place(cells)
            if carrier in self._strange:
                self._strange[carrier] += 1
            (exchanges if len(prefix) == EXCHANGE_DIGITS else thousands)[int(prefix)] = carrier
            if rows % PROGRESS_ROWS == 0:
                progress(rows)
        if not rows and not self._mistakes:
            self._mistakes.append(f"{self._name}: there is no block in it")
        if self._mistakes:
            raise AssignmentsInvalid("\n".join(self._mistakes))
        progress(rows)
        table = AssignmentTable.packed(self._carriers, exchanges, thousands, as_of=self._as_of, file=self._name)
        unknown: Counter[str] = Counter()
        for place, blocks in self._strange.items():
            unknown[self._words[place]] += blocks
        return ReadTable(table, rows, unknown)

    def _rows(self, reader: Iterator[list[str]]) -> Iterator[tuple[int, Sequence[str]]]:
        """The line number and the cells of each row, in the order prefix, carrier, class, name, LATA, switch."""
        order: list[int] | None = None
        line, padding = 0, [""] * len(_ORDER)
        try:
            for cells in reader:
                line += 1
                if not cells or cells[0].startswith("#"):
                    continue
                if order is None:
                    named = _named_columns(cells)
                    order = named or list(range(len(_ORDER)))
                    in_order = order == list(range(len(_ORDER)))
                    if named:
                        continue
                if in_order:
                    yield line, (cells + padding)[: len(_ORDER)]
                else:
                    yield line, [cells[each] if 0 <= each < len(cells) else "" for each in order]
        except csv.Error as error:
            raise AssignmentsInvalid(f"{self._name}:{line + 1}: this is no CSV: {error}") from None

    def _new_place(self, cells: tuple[str, ...]) -> int:
        """The place of a carrier that was not read before."""
        if len(self._carriers) >= MOST_CARRIERS:
            raise AssignmentsInvalid(f"{self._name}: there are more than {MOST_CARRIERS} carriers")
        place = self._places[cells] = len(self._carriers)
        carrier_id, kind, name, lata, switch = (each.strip()[:LONGEST_TEXT] for each in cells)
        found = line_type_of(kind)
        if found is None:
            self._strange[place] = 0
            self._words[place] = kind
        self._carriers.append(Carrier(found or LineType.UNKNOWN, carrier_id, name, lata, switch))
        return place

    def _mistake(self, line: int, message: str) -> None:
        self._mistakes.append(f"{self._name}:{line}: {message}")
        if len(self._mistakes) >= MOST_MISTAKES:
            raise AssignmentsInvalid("\n".join([*self._mistakes, "and perhaps more"]))


def _named_columns(cells: Sequence[str]) -> list[int]:
    """Where each column is (-1: nowhere) when these cells are names of columns; empty when they are not."""
    names = [_NO_LETTERS.sub("", cell.lower()) for cell in cells]
    if not any(name in _COLUMNS["prefix"] for name in names):
        return []
    return [next((place for place, name in enumerate(names) if name in _COLUMNS[each]), -1) for each in _ORDER]
