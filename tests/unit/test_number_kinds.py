"""What a number leads to: its country, and whether it is dear or odd."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.number_kinds import kind_of, special_reason


@pytest.mark.parametrize(
    ("number", "region"),
    [
        ("+12015550101", "US"),
        ("+14165550101", "CA"),
        ("+18005551212", "US"),
        ("+18765550100", "JM"),
        ("+16582000000", "JM"),
        ("+17875550100", "PR"),
        ("+12995550100", "US"),
        ("+442079460958", "GB"),
        ("+447624123456", "IM"),
        ("+911123456789", "IN"),
        ("+881612345678", "001"),
    ],
)
def test_a_number_has_a_country_and_new_area_codes_are_of_the_us(number: str, region: str) -> None:
    assert kind_of(number).region == region


@pytest.mark.parametrize(
    "number",
    [
        "+19005551234",
        "+12019761234",
        "+14115550100",
        "+17005550100",
        "+15005550100",
        "+4590123456",
        "+4782912345",
        "+3290212345",
        "+3729001234",
        "+44909879000012",
        "+447012345678",
        "+448451234567",
        "+870773111632",
        "+881612345678",
        "+8823412345678",
        "+883510001234567",
        "+979123456789",
        "+80812345678",
        "+4911833",
    ],
)
def test_what_is_dear_or_odd_is_special(number: str) -> None:
    kind = kind_of(number)
    assert kind.special
    assert not kind.emergency
    assert special_reason(number)


@pytest.mark.parametrize("number", ["+12015550101", "+18005551212", "+18009765550", "+442079460958", "+911123456789"])
def test_ordinary_numbers_are_not_special(number: str) -> None:
    assert kind_of(number).special == ""
    assert special_reason(number) is None


@pytest.mark.parametrize("number", ["+49112", "+19115551234", "+12019111234"])
def test_emergency_numbers_are_recognised_behind_a_country_code(number: str) -> None:
    assert kind_of(number).emergency


@pytest.mark.parametrize("number", ["911", "112", "999", "411", "2015550101", "*67", ""])
def test_what_is_no_e164_number_is_never_ordinary(number: str) -> None:
    assert special_reason(number)


@given(st.from_regex(r"\+[1-9][0-9]{1,14}", fullmatch=True))
def test_every_e164_number_has_a_kind(number: str) -> None:
    kind = kind_of(number)
    assert 1 <= kind.named_by <= 15
