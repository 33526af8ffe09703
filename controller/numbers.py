"""Phone numbers: what people write, turned to E.164, and back to what may be shown.

North American numbers are checked by the shape that its numbering plan gives them (area code and exchange both start
with 2 to 9), not against the list of area codes in service: test numbers and new area codes must pass. Numbers of other
countries are checked for a possible length, by libphonenumber's tables.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberFormat

from controller.errors import PhoneNumberInvalid

_NANP = re.compile(r"[2-9][0-9]{2}[2-9][0-9]{6}")
_NANP_WITH_CODE = re.compile(r"1[2-9][0-9]{2}[2-9][0-9]{6}")
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_E164_DIGITS = re.compile(r"[1-9][0-9]{6,14}")
_EXTENSION = re.compile(r"\s*(?:x|ext\.?)\s*([0-9]{1,11})\s*$", re.IGNORECASE | re.ASCII)
_ASCII_DIGITS = frozenset("0123456789")
_KEYS_AND_SEPARATORS = frozenset("*#;@&%")
_LONGEST_INPUT = 64
_NANP_REGIONS = frozenset(phonenumbers.region_codes_for_country_code(1))


def parse_number(text: str, region: str = "US") -> str:
    """Return the E.164 form ("+12015550101") of a number as people write it.

    Punctuation and blanks are free. `region` (ISO 3166 letters) says what a number without a country code belongs to.
    In the North American regions that is 10 digits, or 11 with the leading 1; "011" or "+" start a foreign number. An
    extension is not part of a number: see `split_extension`.

    Raises PhoneNumberInvalid.
    """
    return _parsed(text, region)


# An order has its numbers parsed at each of its checks.
@lru_cache(maxsize=10_000)
def _parsed(text: str, region: str) -> str:
    digits, international = _digits_of(text)
    if region.upper() in _NANP_REGIONS and not international:
        if digits.startswith("011"):
            digits, international = digits[3:], True
        elif len(digits) == 11 and digits.startswith("1"):
            return _nanp(digits[1:])
        else:
            return _nanp(digits)
    if international and _NANP_WITH_CODE.fullmatch(digits):
        return "+" + digits  # as libphonenumber has it, which takes ten times as long
    try:
        number = phonenumbers.parse("+" + digits if international else digits, region.upper())
    except phonenumbers.NumberParseException as error:
        raise PhoneNumberInvalid(f"This is not a phone number: {error}") from error
    if international and (whole := _as_it_stands(digits, number)):
        return whole
    if number.country_code == 1:
        return _nanp(phonenumbers.national_significant_number(number))
    if not phonenumbers.is_possible_number(number):
        raise PhoneNumberInvalid(f"Country code {number.country_code} has no phone number of this length.")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def try_number(text: str, region: str = "US") -> str | None:
    """Like `parse_number`, with None for what is not a valid phone number."""
    try:
        return parse_number(text, region)
    except PhoneNumberInvalid:
        return None


def network_number(text: str) -> str | None:
    """The E.164 form of a number as a carrier's network writes it: like `try_number`, and E.164 digits without the "+".

    North America is assumed first. What is no number of it is taken as E.164 if libphonenumber knows such numbers:
    "442079460958" is "+442079460958", and so is "00442079460958", with the prefix that most of the world dials (ITU-T
    E.164, Annex A). None for anything else, such as a name.
    """
    if (known := try_number(text)) is not None:
        return known
    digits = text.strip().removeprefix("00")
    if not _E164_DIGITS.fullmatch(digits):
        return None
    try:
        valid = phonenumbers.is_valid_number(phonenumbers.parse("+" + digits))
    except phonenumbers.NumberParseException:
        return None
    return try_number("+" + digits) if valid else None


def is_e164(text: str) -> bool:
    """Whether this is written as E.164 already: "+", country code, at most 15 digits, nothing else (ITU-T E.164)."""
    return _E164.fullmatch(text) is not None


def split_extension(text: str) -> tuple[str, str | None]:
    """Split "555-555-1000x3025" into the number's text and its extension, None without one.

    The form with an `x` is that of the Phone Notify! documentation; "ext." is accepted too.
    """
    match = _EXTENSION.search(text)
    if match is None:
        return text, None
    return text[: match.start()], match.group(1)


def national_digits(e164: str) -> str:
    """The ten digits of a North American number; any other number with its country code and without the "+"."""
    digits = e164.removeprefix("+")
    if len(digits) == 11 and digits.startswith("1"):
        return digits[1:]
    return digits


def mask_number(text: str) -> str:
    """The number as logs may show it: "+1201***0101". At most the first four and the last four digits stay."""
    digits = text.removeprefix("+")
    if not (digits.isascii() and digits.isdecimal()):
        digits = "".join(character for character in text if character in _ASCII_DIGITS)
    if len(digits) < 7:
        return "***"
    head = digits[: min(len(digits) - 7, 4)]
    plus = "+" if text.lstrip().startswith("+") else ""
    return f"{plus}{head}***{digits[-4:]}"


def mask_digits(digits: str) -> str:
    """As many asterisks as there were digits: that a caller pressed something may be logged, what it was may not."""
    return "*" * len(digits)


def _nanp(national: str) -> str:
    if _NANP.fullmatch(national) is None:
        raise PhoneNumberInvalid(
            "A North American phone number has ten digits, and its area code and its exchange start with 2 to 9."
        )
    return "+1" + national


def _as_it_stands(digits: str, number: phonenumbers.PhoneNumber) -> str | None:
    """The digits after a "+" as E.164 where libphonenumber took some of them for a trunk prefix, and they are a number.

    "+44 (0)20 …" is none with its zero; "+375 810 …" is one (of premium rate) with its 8.
    """
    national = digits.removeprefix(str(number.country_code))
    if national == phonenumbers.national_significant_number(number) or national.startswith("0"):
        return None
    given = phonenumbers.PhoneNumber(country_code=number.country_code, national_number=int(national))
    return "+" + digits if phonenumbers.is_valid_number(given) else None


def _digits_of(text: str) -> tuple[str, bool]:
    """The digits of a written number, and whether it starts with "+"."""
    if len(text) > _LONGEST_INPUT:
        raise PhoneNumberInvalid("This is too long for a phone number.")
    digits: list[str] = []
    international = False
    for character in text.strip():
        if character in _ASCII_DIGITS:
            digits.append(character)
        elif character == "+" and not digits and not international:
            international = True
        elif character in _KEYS_AND_SEPARATORS or unicodedata.category(character) not in _PUNCTUATION:
            raise PhoneNumberInvalid("A phone number has digits and punctuation only.")
    if not digits:
        raise PhoneNumberInvalid("There are no digits in this phone number.")
    return "".join(digits), international


# Unicode's categories of punctuation and blanks; Cf holds the invisible direction marks that come along when numbers
# are copied from address books.
_PUNCTUATION = frozenset({"Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Zs", "Cf"})
