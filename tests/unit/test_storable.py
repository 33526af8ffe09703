"""What is stored as JSON, whatever a caller, a script or a server put into it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.store.storable import as_json, storable_json

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_VALUES)
def test_the_json_is_that_of_the_standard_library_made_storable(value: object) -> None:
    assert json.loads(as_json(value)) == json.loads(storable_json(json.dumps(value, ensure_ascii=False)))


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("a\0b", "ab"),
        ("\\u0000", "\\u0000"),
        ("half \ud800", "half ?"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02 00:00:00+00:00"),
    ],
)
def test_what_postgresql_cannot_take_is_left_out(value: object, stored: str) -> None:
    assert json.loads(as_json({"value": value})) == {"value": stored}
