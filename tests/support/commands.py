"""The command line on a database of a test, as a person uses it."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]


async def ringpost(postgres: str, *arguments: str, timeout: float = 60.0) -> tuple[int, str]:
    """Run a command on this database; its exit status, and what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "controller.cli",
        *arguments,
        cwd=PROJECT,
        env={**os.environ, "DATABASE_URL": postgres, "COLUMNS": "200"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), timeout)
    return process.returncode or 0, output.decode()
