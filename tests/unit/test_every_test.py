"""`make test` leaves no test out."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tests.support.every_test import LONGEST, WITH_CALLS, WITHOUT_CALLS

PROJECT = Path(__file__).parents[2]


def test_every_folder_of_tests_is_run_once() -> None:
    options = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    assert sorted((*WITHOUT_CALLS.folders, *WITH_CALLS.folders)) == sorted(options["testpaths"])


def test_the_files_that_are_begun_with_are_there() -> None:
    there = {path.stem for folder in WITH_CALLS.folders for path in (PROJECT / folder).rglob("test_*.py")}
    assert set(LONGEST) - there == set()
