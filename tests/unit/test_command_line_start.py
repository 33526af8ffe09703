"""The command line starts quickly: it loads what a command needs when that command runs."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"aiohttp", "asyncpg", "jinja2", "lxml", "numpy", "pydantic", "structlog", "yaml"}


def test_no_heavy_package_is_loaded_before_a_command_is_known() -> None:
    program = f"import sys, controller.cli; print(*sorted({HEAVY} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def test_the_version_is_shown() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "controller.cli", "--version"], capture_output=True, text=True, check=True
    )
    assert run.stdout.startswith("ringpost ")
