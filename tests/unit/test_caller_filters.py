"""Caller-ID filters: the wildcards and the order of the vendor's pages."""

from __future__ import annotations

import pytest

from controller.errors import CallerPatternInvalid
from controller.ivr.caller_filters import Caller, choose, precision_of, read_callers

KNOWN = Caller("2145550000", "Ann Smith")


@pytest.mark.parametrize("pattern", ["214*", "214XXX0000", "214XXXXXXX", "214XXX00*", "2145550000", "*", "214xxx00*"])
def test_patterns_that_name_a_caller(pattern: str) -> None:
    assert precision_of(read_callers(pattern), KNOWN) is not None


@pytest.mark.parametrize("pattern", ["214XXX7*", "214XXX", "2145550001", "XX", "0", "i"])
def test_patterns_that_do_not_name_it(pattern: str) -> None:
    assert precision_of(read_callers(pattern), KNOWN) is None


@pytest.mark.parametrize(
    "caller",
    [
        Caller("2145550000", "Anonymous"),
        Caller("2145550000", "PRIVATE"),
        Caller("2145550000", "restricted"),
        Caller("2145550000", "unknown"),
        Caller("2145550000", "Unavailable"),
        Caller("0000000000"),
        Caller(""),
        Caller("anonymous"),
        Caller("2145550000", withheld=True),
    ],
)
def test_callers_whom_nobody_knows_are_anonymous_and_nothing_else(caller: Caller) -> None:
    assert precision_of("0", caller) is not None
    assert precision_of("214*", caller) is None
    assert precision_of("i", caller) is None


def test_callers_from_elsewhere() -> None:
    assert precision_of("i", Caller("+442079460958")) is not None
    assert precision_of("i", Caller("1000")) is not None
    assert precision_of(read_callers("+442079460958"), Caller("+442079460958")) is not None


def test_the_exact_number_counts_before_wildcards_and_those_in_the_order_of_the_list() -> None:
    filters = [("999*",), ("214*",), ("214XXX0000",), ("2145550001", "2145550000")]
    assert choose(filters, KNOWN) == 3
    assert choose(filters[:3], KNOWN) == 1
    assert choose(filters[:1], KNOWN) is None


@pytest.mark.parametrize("written", ["", "sb", "p", "21*4", "hello", "X" * 17, "214-"])
def test_what_names_no_caller_is_refused(written: str) -> None:
    with pytest.raises(CallerPatternInvalid):
        read_callers(written)
