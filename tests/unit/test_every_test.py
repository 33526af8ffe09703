"""`make test` leaves no test out."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tests.support.every_test import LONGEST, OTHERS, WATCHED, WITH_CALLS, files, takes_rooms

PROJECT = Path(__file__).parents[2]


def test_every_file_of_tests_is_run_once() -> None:
    options = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    with_calls = [file for folder in WITH_CALLS.tests for file in files(folder)]
    run = sorted((*WATCHED.tests, *OTHERS.tests, *with_calls))
    assert run == sorted(file for folder in options["testpaths"] for file in files(folder))


def test_tests_that_name_a_room_with_a_limit_are_watched() -> None:
    assert takes_rooms("tests/unit/test_script_engine.py")
    assert takes_rooms("tests/integration/test_outbox.py")
    assert not takes_rooms("tests/unit/test_numbers.py")


def test_the_files_that_are_begun_with_are_there() -> None:
    there = {path.stem for folder in WITH_CALLS.tests for path in (PROJECT / folder).rglob("test_*.py")}
    assert set(LONGEST) - there == set()
