"""What asyncpg raises, as the errors of the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from controller.errors import StoreError, StoreRefused, StoreUnreachable

_UNREACHABLE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shut down, restarting, cancelled by a time-out of the server
    asyncpg.InsufficientResourcesError,  # too many connections, disk full: another time it may work
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn every failure of a statement or a connection into StoreUnreachable, StoreRefused or StoreError."""
    try:
        yield
    except StoreError:
        raise
    except TimeoutError as error:
        raise StoreUnreachable("PostgreSQL did not answer in time") from error
    except _UNREACHABLE as error:
        raise StoreUnreachable(f"there is no connection to PostgreSQL: {_text(error)}") from error
    except asyncpg.PostgresError as error:
        constraint = str(getattr(error, "constraint_name", None) or "")
        raise StoreRefused(_text(error), sqlstate=str(error.sqlstate or ""), constraint=constraint) from error
    except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        # asyncpg tells a connection that broke under its feet and a wrong argument by the same class.
        if "server expects" in str(error):
            raise StoreRefused(_text(error)) from error
        raise StoreUnreachable(_text(error)) from error
    except UnicodeEncodeError as error:
        raise StoreRefused(_text(error)) from error


def _text(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
