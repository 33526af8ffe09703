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
LEAST_EXCHANGE = 200_000
LEAST_THOUSAND = 1_000_000

_COLUMNS = {
    "prefix": ("prefix", "npanxx", "npanxxx", "block"),
    "carrier": ("carrier", "carrierid", "ocn"),
    "class": ("class", "type", "linetype", "category"),
    "name": ("name", "carriername", "company", "holder"),
    "lata": ("lata",),
    "switch": ("switch", "switchname", "clli"),
}
_ORDER = tuple(_COLUMNS)
_PUNCTUATION = re.compile(r"[\s()./-]")
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
        self._delimiter = ","
        self._order = list(range(len(_ORDER)))
        self._places: dict[str, int] = {}
        self._carriers: list[Carrier] = []
        # Of carriers whose class is no line type: how many blocks they have, and the class.
        self._strange: dict[int, int] = {}
        self._words: dict[int, str] = {}

    def read(self, file: TextIO, progress: Callable[[int], None]) -> ReadTable:
        exchanges: dict[int, int] = {}
        thousands: dict[int, int] = {}
        rows, places, strange = 0, self._places, self._strange
        for line, prefix, rest in self._rows(file):
            block = _block(prefix)
            if not block:
                self._mistake(line, "a prefix has six or seven digits of a North American number")
                continue
            rows += 1
            place = places.get(rest, -1)
            if place < 0:
                place = self._new_place(line, rest)
            if place in strange:
                strange[place] += 1
            (exchanges if block < LEAST_THOUSAND else thousands)[block] = place
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

    def _rows(self, file: TextIO) -> Iterator[tuple[int, str, str]]:
        """Of each row its line number, its prefix, and what else is in it, as it is written there: of the rows of one
        carrier that is the same, and is taken apart once.
        """
        started = False
        for line, text in enumerate(file, 1):
            if not started:
                if not text.strip() or text.startswith("#"):
                    continue
                started, self._delimiter = True, max(",;\t", key=text.count)
                if named := _named_columns(self._cells(line, text)):
                    self._order = named
                    continue
            if self._order[0] == 0 and text[:1] != '"':
                prefix, _, rest = text.partition(self._delimiter)
            else:
                prefix, rest = self._rearranged(line, text)
            if rest or (prefix.strip() and prefix[0] != "#"):
                yield line, prefix, rest

    def _rearranged(self, line: int, text: str) -> tuple[str, str]:
        """The prefix of a row where it is not the first cell, or is in quotes; and the row, as the rest."""
        cells = self._cells(line, text)
        place = self._order[0]
        prefix = cells[place] if place < len(cells) else ""
        cells[place : place + 1] = [""]
        written = io.StringIO()
        csv.writer(written, delimiter=self._delimiter, lineterminator="").writerow(cells)
        return prefix, written.getvalue() if place else written.getvalue()[1:]

    def _cells(self, line: int, text: str) -> list[str]:
        try:
            return next(csv.reader([text.rstrip("\r\n")], delimiter=self._delimiter, strict=True), [])
        except csv.Error as error:
            raise AssignmentsInvalid(f"{self._name}:{line}: not valid CSV: {error}") from None

    def _new_place(self, line: int, rest: str) -> int:
        """The place of a carrier that was not read before."""
        if len(self._carriers) >= MOST_CARRIERS:
            raise AssignmentsInvalid(f"{self._name}: there are more than {MOST_CARRIERS} carriers")
        cells = self._cells(line, rest)
        if self._order[0] == 0:
            cells.insert(0, "")
        texts = [cells[each].strip()[:LONGEST_TEXT] if 0 <= each < len(cells) else "" for each in self._order]
        _, carrier_id, kind, name, lata, switch = texts
        place = self._places[rest] = len(self._carriers)
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


def _block(prefix: str) -> int:
    """The six or seven digits of a prefix as a number; 0 for what is no prefix."""
    if not (prefix.isdecimal() and prefix.isascii()):
        prefix = _PUNCTUATION.sub("", prefix)
        if not (prefix.isdecimal() and prefix.isascii()):
            return 0
    if not 6 <= len(prefix) <= 7:
        return 0
    block = int(prefix)
    exchange = block // 10 if block >= LEAST_THOUSAND else block
    # An area code and an exchange begin with 2 to 9.
    return block if exchange >= LEAST_EXCHANGE and exchange % 1000 >= LEAST_EXCHANGE // 1000 else 0


def _named_columns(cells: Sequence[str]) -> list[int]:
    """Where each column is (-1: nowhere) when these cells are names of columns; empty when they are not."""
    names = [_NO_LETTERS.sub("", cell.lower()) for cell in cells]
    if not any(name in _COLUMNS["prefix"] for name in names):
        return []
    return [next((place for place, name in enumerate(names) if name in _COLUMNS[each]), -1) for each in _ORDER]
