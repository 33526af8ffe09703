"""What asyncpg raises, as the errors of the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from controller.errors import StoreError, StoreRefused, StoreUnreachable, StoreUnwilling

_CONNECTION = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shut down, restarting, cancelled by a time-out of the server
    asyncpg.InsufficientResourcesError,  # too many connections, disk full: another time it may work
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)
# The classes of SQLSTATE (PostgreSQL, appendix A) that speak of the row itself: it can never be stored as it is. All
# others, a standby, a lock, a permission, a table that a migration has yet to bring, may be otherwise next time.
ROW_CLASSES = frozenset(
    {
        "21",  # a statement that touches a row twice
        "22",  # data: out of range, not a text of this encoding …
        "23",  # integrity constraints
        "44",  # WITH CHECK OPTION
        "54",  # limits of the program: too large for an index …
        "P0",  # raised on purpose, by a trigger
    }
)
# The server takes no writes: a standby after a fail-over, a provider's guard of the disk. Its connections are useless.
READ_ONLY = "25006"


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn every failure of a statement or a connection into an error of the store.

    StoreRefused when PostgreSQL says that the row can never be stored. StoreUnreachable for everything that may be
    otherwise another time; as StoreUnwilling when PostgreSQL was there and said no.
    """
    try:
        yield
    except StoreError:
        raise
    except TimeoutError as error:
        raise StoreUnreachable("PostgreSQL did not answer in time") from error
    except _CONNECTION as error:
        raise StoreUnreachable(f"there is no connection to PostgreSQL: {_text(error)}") from error
    except asyncpg.PostgresError as error:
        sqlstate = str(error.sqlstate or "")
        if sqlstate[:2] not in ROW_CLASSES:
            raise StoreUnwilling(f"PostgreSQL does not take this now: {_text(error)}", sqlstate=sqlstate) from error
        constraint = str(getattr(error, "constraint_name", None) or "")
        raise StoreRefused(_text(error), sqlstate=sqlstate, constraint=constraint) from error
    except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        # asyncpg tells a connection that broke under its feet and a wrong argument by the same class.
        if "server expects" in str(error):
            raise StoreRefused(_text(error)) from error
        raise StoreUnreachable(_text(error)) from error
    except UnicodeEncodeError as error:
        raise StoreRefused(_text(error)) from error


def _text(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
