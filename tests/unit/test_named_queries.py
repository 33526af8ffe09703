"""Named queries: their parameters by name, and rows as arrays or as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from controller.errors import StoreError, StoreRefused
from controller.resources import QUERIES
from controller.store.queries import Queries, columns, records


def test_parameters_are_numbered_in_the_order_of_their_first_use() -> None:
    queries = Queries({"find": "SELECT * FROM calls WHERE a = :number OR b = :number LIMIT :limit"})
    text, values = queries.bind("find", (), {"limit": 5, "number": "+12015550101"})
    assert text == "SELECT * FROM calls WHERE a = $1 OR b = $1 LIMIT $2"
    assert values == ["+12015550101", 5]


def test_casts_texts_and_comments_hold_no_parameters() -> None:
    sql = "-- why: it's so\nSELECT 'call:' || :id::text, x::jsonb"
    assert Queries({"one": sql}).text("one") == "-- why: it's so\nSELECT 'call:' || $1::text, x::jsonb"


def test_a_query_that_numbers_its_parameters_takes_them_in_order() -> None:
    assert Queries({"one": "SELECT $1"}).bind("one", (7,), {}) == ("SELECT $1", (7,))


@pytest.mark.parametrize(
    ("args", "named"),
    [((), {}), ((1,), {}), ((), {"wrong": 1}), ((), {"id": 1, "more": 2}), ((1,), {"id": 1})],
)
def test_a_missing_or_unknown_parameter_is_refused_by_its_name(args: tuple[int, ...], named: dict[str, int]) -> None:
    with pytest.raises(StoreError, match=r"the query one takes \['id'\] by name"):
        Queries({"one": "SELECT :id"}).bind("one", args, named)


def test_rows_become_one_array_for_each_field() -> None:
    @dataclass
    class Line:
        number: int
        event: str

    rows = [Line(1, "begin"), Line(2, "end")]
    assert columns(rows, ("event", "number"), prefix="line_") == {"line_event": ["begin", "end"], "line_number": [1, 2]}
    assert columns([], ("event", "number")) == {"event": [], "number": []}


def test_no_query_both_names_and_numbers_its_parameters() -> None:
    for path in QUERIES.glob("*.sql"):
        numbered = Queries({"one": path.read_text()})
        assert not (numbered.names and "$1" in path.read_text() and numbered.text("one") != path.read_text()), path


def test_rows_as_json_keep_their_moments_and_say_what_cannot_be_written() -> None:
    at = datetime(2026, 11, 28, 2, 3, 4, 567890, tzinfo=UTC)
    assert records([{"queue_id": 1, "at": at, "ended_at": None}]) == (
        '[{"queue_id":1,"at":"2026-11-28T02:03:04.567890+00:00","ended_at":null}]'
    )
    with pytest.raises(StoreRefused, match="cannot be written as JSON"):
        records([{"their_number": "\ud800"}])
