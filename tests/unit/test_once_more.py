"""Which failures of `make test` are given a second try."""

from __future__ import annotations

import pytest

from tests.support.once_more import AT_MOST, worth_another_try

A_CALL = "tests/acceptance/test_calls.py::test_a_digit"


@pytest.mark.parametrize(
    ("failed", "expected"),
    [
        ([A_CALL], True),
        ([A_CALL, "tests/adversity/test_many_kills.py::test_no_lease_lapses"], True),
        ([], False),
        ([A_CALL, "tests/unit/test_pace.py::test_a_second"], False),
        (["tests/integration/test_journal.py::test_a_batch"], False),
        ([A_CALL] * (AT_MOST + 1), False),
    ],
)
def test_a_few_tests_with_real_calls_are_tried_once_more(failed: list[str], expected: bool) -> None:
    assert worth_another_try(failed) is expected
