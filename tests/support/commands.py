"""The command line on a database of a test, as a person uses it."""

from __future__ import annotations

import os

from tests.support import forked_cli
from tests.support.patience import LONGEST_WAIT


async def ringpost(postgres: str, *arguments: str, timeout: float = LONGEST_WAIT) -> tuple[int, str]:
    """Run a command on this database; its exit status, and what it printed."""
    environment = {**os.environ, "DATABASE_URL": postgres, "COLUMNS": "200"}
    return await forked_cli.run(*arguments, environment=environment, timeout=timeout)
