"""The assignment table: which carrier a block of numbers was assigned to, and what kind of lines that carrier has.

A block is an exchange (area code and three digits: ten thousand numbers) or a thousand of it. A thousand that is in the
table counts before its exchange, even where nothing is known of it. A ported number stays with who it was assigned to.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from controller.errors import StateInvalid
from controller.line_types.model import KnowsAtOnce, LineFound, LineType

SOURCE = "assignment table"
_FORMAT = 1
_MOST_BYTES = 1024 * 1024 * 1024
_EXCHANGE_DIGITS = 6
_NORTH_AMERICAN = 12
# Area codes and exchanges are 200 to 999.
_LEAST, _CODES = 200, 800
_TYPES: Mapping[str, LineType] = {each.value: each for each in LineType}


class Carrier(NamedTuple):
    """Who has a block. Texts are empty where they are not known."""

    type: LineType
    carrier_id: str = ""
    name: str = ""
    lata: str = ""
    switch_name: str = ""


@dataclass(frozen=True)
class AssignmentTable:
    """Carriers by blocks. Prefixes are sorted; to each belongs a place in `carriers`.

    as_of: the day whose assignments they are. file: the name of the file that they came from.
    """

    carriers: tuple[Carrier, ...] = ()
    exchanges: Sequence[int] = field(default_factory=lambda: array("I"))
    exchange_carriers: Sequence[int] = field(default_factory=lambda: array("I"))
    thousands: Sequence[int] = field(default_factory=lambda: array("I"))
    thousand_carriers: Sequence[int] = field(default_factory=lambda: array("I"))
    as_of: date = date.min
    file: str = ""
    # Each carrier's line, once it was asked for.
    _lines: dict[int, LineFound] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, blocks: Mapping[str, Carrier], *, as_of: date, file: str = "") -> AssignmentTable:
        """The table of blocks by their six or seven digits."""
        places: dict[Carrier, int] = {}
        exchanges: dict[int, int] = {}
        thousands: dict[int, int] = {}
        for prefix, carrier in blocks.items():
            into = exchanges if len(prefix) == _EXCHANGE_DIGITS else thousands
            into[int(prefix)] = places.setdefault(carrier, len(places))
        return cls.packed(tuple(places), exchanges, thousands, as_of=as_of, file=file)

    @classmethod
    def packed(
        cls,
        carriers: Sequence[Carrier],
        exchanges: Mapping[int, int],
        thousands: Mapping[int, int],
        *,
        as_of: date,
        file: str,
    ) -> AssignmentTable:
        """The table of blocks, each with the place of its carrier."""
        sorted_exchanges, sorted_thousands = sorted(exchanges), sorted(thousands)
        return cls(
            tuple(carriers),
            array("I", sorted_exchanges),
            array("I", map(exchanges.__getitem__, sorted_exchanges)),
            array("I", sorted_thousands),
            array("I", map(thousands.__getitem__, sorted_thousands)),
            as_of,
            file,
        )

    def __len__(self) -> int:
        """How many blocks it has."""
        return len(self.exchanges) + len(self.thousands)

    def known(self, number: str) -> LineFound | None:
        """What is known of a number (E.164); None for one in no block of the table."""
        if len(number) != _NORTH_AMERICAN or not number.startswith("+1") or not len(self):
            return None
        area, exchange = int(number[2:5]) - _LEAST, int(number[5:8]) - _LEAST
        if area < 0 or exchange < 0:
            return None
        place = self._places[(area * _CODES + exchange) * 10 + int(number[8])] - 1
        return self._line_of(place) if place >= 0 else None

    def _line_of(self, place: int) -> LineFound:
        line = self._lines.get(place)
        if line is None:
            kind, carrier_id, name, lata, switch_name = self.carriers[place]
            line = self._lines[place] = LineFound(kind, SOURCE, self.as_of, carrier_id, name, lata, switch_name)
        return line

    @cached_property
    def _places(self) -> memoryview:
        """For each thousand of North America the place of its carrier and one, or 0: 26 MB, found without a search."""
        exchanges = np.zeros((_CODES * _CODES, 10), dtype=np.uint32)
        exchanges[_exchange_places(np.asarray(self.exchanges))] = np.asarray(self.exchange_carriers)[:, None] + 1
        flat = exchanges.reshape(-1)
        blocks = np.asarray(self.thousands)
        flat[_exchange_places(blocks // 10) * 10 + blocks % 10] = np.asarray(self.thousand_carriers) + 1
        return flat.data

    def to_bytes(self) -> bytes:
        """The table as bytes, for the store."""
        head = {
            "format": _FORMAT,
            "as_of": self.as_of.isoformat(),
            "file": self.file,
            "exchanges": len(self.exchanges),
            "thousands": len(self.thousands),
            "carriers": [tuple(each) for each in self.carriers],
        }
        columns = (self.exchanges, self.exchange_carriers, self.thousands, self.thousand_carriers)
        return zlib.compress(orjson.dumps(head) + b"\n" + b"".join(map(_little_endian, columns)), 1)

    @classmethod
    def from_bytes(cls, data: bytes) -> AssignmentTable:
        """Read what `to_bytes` made. StateInvalid for anything else."""
        try:
            unpacked = zlib.decompressobj().decompress(data, _MOST_BYTES)
            end = unpacked.index(b"\n")
            head = orjson.loads(unpacked[:end])
            if head["format"] != _FORMAT:
                raise StateInvalid("The stored assignment table is of another version.")
            counts = [head["exchanges"], head["exchanges"], head["thousands"], head["thousands"]]
            carriers = tuple(Carrier(_TYPES[kind], *texts) for kind, *texts in head["carriers"])
            columns, position = [], end + 1
            for count in counts:
                columns.append(_column(unpacked[position : position + 4 * count], count))
                position += 4 * count
            exchanges, exchange_carriers, thousands, thousand_carriers = columns
            as_of, file = date.fromisoformat(head["as_of"]), str(head["file"])
            return cls(carriers, exchanges, exchange_carriers, thousands, thousand_carriers, as_of, file)
        except (ValueError, TypeError, KeyError, IndexError, zlib.error) as error:
            raise StateInvalid("The stored assignment table cannot be read back.") from error


class Assignments(KnowsAtOnce):
    """The table that counts now, as a provider; without one, nothing is known."""

    def __init__(self, table: AssignmentTable | None = None) -> None:
        self.table = table or AssignmentTable()

    def found(self, number: str) -> LineFound | None:
        """What the table has of a number."""
        return self.table.known(number)


def _exchange_places(exchanges: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Where exchanges (area code and three digits) stand among all that there can be."""
    return (exchanges // 1000 - _LEAST) * _CODES + exchanges % 1000 - _LEAST


def _little_endian(column: Sequence[int]) -> bytes:
    values = array("I", column)
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def _column(data: bytes, count: int) -> array[int]:
    column = array("I")
    column.frombytes(data)
    if sys.byteorder == "big":
        column.byteswap()
    if len(column) != count:
        raise ValueError("a column is cut off")
    return column
