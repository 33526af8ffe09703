"""Named queries: one file each, `NAME.sql`, whose first line says why it exists.

A query's parameters are either numbered (`$1`), or named (`:license_key`); those that are named are given by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any

import orjson

from controller.errors import StoreError, StoreRefused

# Text between quotes and comments hold no parameters, and `::` is a cast.
_PARAMETER = re.compile(r"'[^']*'|--[^\n]*|::|:([a-z][a-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Query:
    """One query: its SQL with numbered parameters, and the name of each; no names when the file numbers them itself."""

    text: str
    parameters: tuple[str, ...]

    @classmethod
    def parse(cls, sql: str) -> Query:
        """Read a file's SQL; the same name twice is the same parameter."""
        names: dict[str, int] = {}

        def number(match: re.Match[str]) -> str:
            if match[1] is None:
                return match[0]
            return f"${names.setdefault(match[1], len(names) + 1)}"

        text = _PARAMETER.sub(number, sql)
        return cls(text, tuple(names))


class Queries:
    """All queries by name."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._queries = {name: Query.parse(text) for name, text in texts.items()}

    @classmethod
    def load(cls, directory: Path) -> Queries:
        """Read every `NAME.sql` of a folder. StoreError for a folder without any, or a file without its reason."""
        texts: dict[str, str] = {}
        for path in sorted(directory.glob("*.sql")):
            text = path.read_text(encoding="utf-8")
            if not text.startswith("-- "):
                raise StoreError(f"{path.name} must begin with a line “-- reason”")
            texts[path.stem] = text
        if not texts:
            raise StoreError(f"there are no queries in {directory}")
        return cls(texts)

    def bind(self, name: str, args: Sequence[Any], named: Mapping[str, Any]) -> tuple[str, Sequence[Any]]:
        """The SQL of a query and its arguments in their order. StoreError for a name, or a parameter, that is unknown
        or missing.
        """
        query = self._query(name)
        if not query.parameters and not named:
            return query.text, args
        if args or named.keys() != set(query.parameters):
            wanted, given = sorted(query.parameters), sorted(named)
            raise StoreError(f"the query {name} takes {wanted} by name, and was given {given} and {len(args)} others")
        return query.text, [named[parameter] for parameter in query.parameters]

    def text(self, name: str) -> str:
        """The SQL of a query, with numbered parameters. StoreError for a name that has no file."""
        return self._query(name).text

    def _query(self, name: str) -> Query:
        try:
            return self._queries[name]
        except KeyError:
            raise StoreError(f"there is no query named {name}") from None

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in order."""
        return tuple(self._queries)


def columns(rows: Iterable[object], names: Sequence[str], *, prefix: str = "") -> dict[str, Any]:
    """Values as the arrays that `unnest` takes: for each field its values over all rows, under `prefix` and its name.

    names: two or more fields that each of `rows` has.
    """
    values = list(zip(*map(_getter(tuple(names)), rows), strict=True)) or [()] * len(names)
    return {prefix + name: list(column) for name, column in zip(names, values, strict=True)}


def records(rows: Sequence[Mapping[str, object]]) -> str:
    """Rows as the JSON text that `json_to_recordset` takes: an object each, with its columns' values by their names.

    StoreRefused for a value that cannot be written so: half of a surrogate pair, a number of more than 64 bits.
    """
    try:
        return orjson.dumps(rows).decode()
    except TypeError as error:
        raise StoreRefused(f"a value cannot be written as JSON: {error}") from error


@cache
def _getter(names: tuple[str, ...]) -> attrgetter[tuple[Any, ...]]:
    return attrgetter(*names)
