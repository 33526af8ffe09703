"""The address of the database: what libpq takes is taken, what cannot be done is told, and no password is quoted."""

from __future__ import annotations

import pytest

from controller.errors import ConfigurationError
from controller.store.addresses import usable_address


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("postgresql://u:p@db:5432/ringpost", "postgresql://u:p@db:5432/ringpost"),
        ("postgres://u@[::1]:5433/ringpost", "postgres://u@[::1]:5433/ringpost"),
        ("postgresql://u:p%2Fw%23@db/ringpost?sslmode=require", "postgresql://u:p%2Fw%23@db/ringpost?sslmode=require"),
        ("postgresql://u@db/r?connect_timeout=5&application_name=x", "postgresql://u@db/r?application_name=x"),
        ("postgresql://u@db/r?channel_binding=prefer", "postgresql://u@db/r"),
        ("postgresql:///ringpost?host=%2Frun%2Fpostgresql", "postgresql:///ringpost?host=%2Frun%2Fpostgresql"),
        ("postgresql://u@a:5432,b:5433/r?target_session_attrs=primary", None),
    ],
)
def test_an_address_of_libpq_is_taken(written: str, used: str | None) -> None:
    assert usable_address(written) == (used or written)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("mysql://u:s3cret@db/r", "does not begin with postgresql://"),
        ("s3cret", "does not begin with postgresql://"),
        ("postgresql://u:s3cret/x@db/ringpost", "names no host"),
        ("postgresql://u:s3cret#x@db/ringpost", "names no host"),
        ("postgresql://u:s3cret?x@db/ringpost", "cannot be read"),
        ("postgresql://u:s3cret@db:port/ringpost", "The port"),
        ("postgresql://u:s3cret@[::1/ringpost", "cannot be read"),
        ("postgresql://u:s3cret@db/ringpost?channel_binding=require", "asks for channel_binding=require"),
        ("postgresql://u:s3cret@db/ringpost?pool_size=3", "the parameter 'pool_size'"),
    ],
)
def test_an_address_that_cannot_be_used_is_told_without_its_password(written: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason) as told:
        usable_address(written)
    assert "s3cret" not in str(told.value)
