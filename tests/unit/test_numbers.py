"""What people write as a phone number, and what of it may be shown."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller import numbers
from controller.errors import PhoneNumberInvalid


@pytest.mark.parametrize(
    ("written", "e164"),
    [
        ("2015550101", "+12015550101"),
        ("12015550101", "+12015550101"),
        ("+12015550101", "+12015550101"),
        ("+1 (201) 555-0101", "+12015550101"),
        ("201.555.0101", "+12015550101"),
        ("201/555/0101", "+12015550101"),
        (" 201 555 0101\n", "+12015550101"),
        ("\u202a+1\u00a0201\u2011555\u20110101\u202c", "+12015550101"),
        ("2015106000", "+12015106000"),
        ("+44 20 7946 0958", "+442079460958"),
        ("011442079460958", "+442079460958"),
        ("011 1 201 555 0101", "+12015550101"),
        ("+39 06 1234 5678", "+390612345678"),
    ],
)
def test_a_number_is_understood_however_it_is_punctuated(written: str, e164: str) -> None:
    assert numbers.parse_number(written) == e164


@pytest.mark.parametrize(
    "written",
    [
        "",
        "   ",
        "+",
        "911",
        "5550101",
        "5551234567",
        "1234567890",
        "0155550101",
        "120155501011",
        "+1201555010",
        "++12015550101",
        "201+5550101",
        "1-800-FLOWERS",
        "555-555-1000x3025",
        "*672015550101",
        "2015550101;2015550102",
        "٢٠١٥٥٥٠١٠١",
        "+999123456789",
        "+44",
        "011",
        "+4420794609581234567",
        "\x002015550101",
        "2" * 5000,
    ],
)
def test_what_is_no_phone_number_is_refused(written: str) -> None:
    with pytest.raises(PhoneNumberInvalid):
        numbers.parse_number(written)
    assert numbers.try_number(written) is None


@pytest.mark.parametrize(
    ("written", "e164"),
    [
        ("2015550101", "+12015550101"),
        ("12015550101", "+12015550101"),
        ("+442079460958", "+442079460958"),
        ("442079460958", "+442079460958"),
        ("011442079460958", "+442079460958"),
        ("00442079460958", "+442079460958"),
        ("0012015550101", "+12015550101"),
        ("00999123456789", None),
        ("02079460958", None),
        ("4521123456", "+4521123456"),
        ("anonymous", None),
        ("1000001", None),
        ("999123456789", None),
        ("", None),
    ],
)
def test_a_network_may_leave_the_plus_away(written: str, e164: str | None) -> None:
    assert numbers.network_number(written) == e164


def test_a_number_without_country_code_belongs_to_the_region_that_was_named() -> None:
    assert numbers.parse_number("020 7946 0958", "GB") == "+442079460958"
    assert numbers.parse_number("2015550101", "CA") == "+12015550101"


@given(st.text(max_size=80))
def test_any_text_gives_e164_or_is_refused(text: str) -> None:
    number = numbers.try_number(text)
    assert number is None or (numbers.is_e164(number) and numbers.parse_number(number) == number)
    network = numbers.network_number(text)
    assert network is None or numbers.is_e164(network)
    numbers.mask_number(text)
    numbers.split_extension(text)


@given(st.from_regex(r"[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True))
def test_every_north_american_number_survives_the_way_to_ten_digits_and_back(national: str) -> None:
    number = numbers.parse_number(national)
    assert numbers.national_digits(number) == national
    assert numbers.parse_number(numbers.national_digits(number)) == number


def test_numbers_of_other_countries_keep_their_country_code() -> None:
    assert numbers.national_digits("+442079460958") == "442079460958"


@pytest.mark.parametrize(
    ("written", "number", "extension"),
    [
        ("555-555-1000x3025", "555-555-1000", "3025"),
        ("(555) 555-1000 X 12", "(555) 555-1000", "12"),
        ("555-555-1000 ext. 7", "555-555-1000", "7"),
        ("555-555-1000", "555-555-1000", None),
        ("555-555-1000x", "555-555-1000x", None),
    ],
)
def test_an_extension_is_split_off(written: str, number: str, extension: str | None) -> None:
    assert numbers.split_extension(written) == (number, extension)


@pytest.mark.parametrize(
    ("written", "masked"),
    [
        ("+12015550101", "+1201***0101"),
        ("2015550101", "201***0101"),
        ("+442079460958", "+4420***0958"),
        ("911", "***"),
        ("", "***"),
        ("anonymous", "***"),
    ],
)
def test_a_masked_number_hides_its_middle(written: str, masked: str) -> None:
    assert numbers.mask_number(written) == masked


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_a_masked_number_never_shows_more_than_eight_digits_nor_all(number: str) -> None:
    shown = sum(character.isdigit() for character in numbers.mask_number(number))
    assert shown <= min(8, len(number) - 1 - 3)


def test_masked_digits_tell_only_how_many_they_were() -> None:
    assert numbers.mask_digits("1234#") == "*****"
    assert numbers.mask_digits("") == ""


def test_a_number_with_a_plus_keeps_digits_that_could_be_a_trunk_prefix() -> None:
    assert numbers.parse_number("+375 810 1234567") == "+3758101234567"
    assert numbers.parse_number("+44 (0)20 7946 0958") == "+442079460958"


@given(st.from_regex(r"\+1[2-9][0-9]{9}", fullmatch=True))
def test_a_north_american_number_in_full_is_what_libphonenumber_reads_or_is_none(number: str) -> None:
    read = phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.E164)
    assert read == number
    assert numbers.try_number(number) == (read if number[5] in "23456789" else None)
