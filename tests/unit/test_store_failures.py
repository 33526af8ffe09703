"""What PostgreSQL says no to: only errors that speak of the row say that it can never be stored."""

from __future__ import annotations

import asyncpg
import pytest

from controller.errors import StoreRefused, StoreUnreachable, StoreUnwilling
from controller.store.failures import READ_ONLY, store_errors


def error_of(sqlstate: str) -> asyncpg.PostgresError:
    known: asyncpg.PostgresError = asyncpg.PostgresError.new({"C": sqlstate, "M": "no", "S": "ERROR"})
    return known


@pytest.mark.parametrize(
    "sqlstate",
    ["22001", "22003", "22021", "22P02", "22P05", "23502", "23505", "23514", "21000", "44000", "54000", "P0001"],
)
def test_an_error_about_the_row_says_that_it_can_never_be_stored(sqlstate: str) -> None:
    with pytest.raises(StoreRefused) as refused, store_errors():
        raise error_of(sqlstate)
    assert refused.value.sqlstate == sqlstate


WAITING = (
    *("25006", "25P02", "55P03", "40001", "40P01", "42501", "42P01", "42703", "0A000", "08006", "57014", "57P04"),
    *("53100", "53300", "58030", "XX000", "F0000", "3D000", "28P01", "72000", "26000"),
)


@pytest.mark.parametrize("sqlstate", WAITING)
def test_everything_else_waits(sqlstate: str) -> None:
    with pytest.raises(StoreUnreachable), store_errors():
        raise error_of(sqlstate)


def test_a_server_that_takes_no_writes_is_known_as_such() -> None:
    with pytest.raises(StoreUnwilling) as unwilling, store_errors():
        raise error_of("25006")
    assert unwilling.value.sqlstate == READ_ONLY
