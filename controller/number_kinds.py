"""What a call to a number leads to: which country, and whether it is dear or odd (premium rate, satellite, …).

Kinds and countries are those of libphonenumber's metadata. What it does not have of North America is from the plan's
own administration (nanpa.com: easily recognizable codes, N11 codes, non-geographic codes).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneMetadata, shortnumberinfo

from controller.numbers import is_e164

NORTH_AMERICA = frozenset({"US", "CA"})
_NANP = frozenset(phonenumbers.region_codes_for_country_code(1))
NO_COUNTRY = "001"
_NANP_NUMBER = re.compile(r"\+1[2-9][0-9]{9}")
_SPECIAL_TYPES = (
    ("premium_rate", "a premium-rate number"),
    ("shared_cost", "a shared-cost number"),
    ("personal_number", "a personal number, which may lead anywhere"),
    ("pager", "a pager"),
)
# Area codes of no place: inbound international, Canada's special services, interexchange carriers, government.
_NANP_OF_NO_PLACE = re.compile(r"456|6(?:00|22|33|44|55|66|77|88)|700|710")
_TOLL_FREE = re.compile(r"8(?:00|22|33|44|55|66|77|88)")
_SHORTEST_ORDINARY = 7


@dataclass(frozen=True, slots=True)
class NumberKind:
    """region: ISO 3166 letters of the country, "001" for a code of no country, empty where nothing is known.

    special: what makes it dear or odd, in words; empty for an ordinary number. named_by: a prefix that opens this
    number by name has at least so many digits, country code included: a shorter one means ordinary numbers only.
    emergency: it reaches an emergency service.
    """

    region: str
    special: str = ""
    named_by: int = 1
    emergency: bool = False


@lru_cache(maxsize=10_000)
def kind_of(e164: str) -> NumberKind:
    """The kind of a number (E.164). It is judged as it stands, never as ten digits of North America."""
    if _NANP_NUMBER.fullmatch(e164):
        # Parsing finds the same in several times as long.
        return _north_american(phonenumbers.PhoneNumber(country_code=1, national_number=int(e164[2:])), e164[2:])
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return NumberKind("", "no number that is known", 15)
    code = number.country_code or 0
    digits = len(str(code))
    national = e164[1 + digits :]
    if national != phonenumbers.national_significant_number(number):
        # What libphonenumber takes for a trunk prefix is dialled like the rest.
        number = phonenumbers.PhoneNumber(country_code=code, national_number=int(national))
    if code == 1:
        return _north_american(number, national)
    regions = phonenumbers.region_codes_for_country_code(code)
    if regions == (NO_COUNTRY,):
        return NumberKind(NO_COUNTRY, f"a number of +{code}, which belongs to no country", digits)
    region = phonenumbers.region_code_for_number(number)
    short = len(national) < _SHORTEST_ORDINARY or region is None
    if short and any(shortnumberinfo.connects_to_emergency_number(national, each) for each in regions):
        return NumberKind(regions[0], "an emergency number", 15, emergency=True)
    special = _special(number, national, region)
    if not special and len(national) < _SHORTEST_ORDINARY:
        known = any(shortnumberinfo.is_valid_short_number_for_region(number, each) for each in regions)
        special = "a short code" if known or region is None else ""
    region = region or regions[0]
    return NumberKind(region, special, digits + 2 if special else digits)


def special_reason(number: str) -> str | None:
    """Why no key calls a number (E.164, or digits as dialled) unless it is opened by name, as a clause.

    None for a number that is ordinary in its country. Short codes such as 911 have no E.164 form and are never called.
    """
    if not is_e164(number):
        return "this is a short code or no phone number"
    kind = kind_of(number)
    if kind.emergency:
        return "emergency numbers are not called"
    if kind.special:
        return f"this is {kind.special}; only a prefix of it under `destinations` opens it"
    if kind.region in _NANP - NORTH_AMERICA:
        return not_open(kind.region)
    return None


def is_toll_free(e164: str) -> bool:
    """Whether whoever is called pays for the call."""
    try:
        return phonenumbers.number_type(phonenumbers.parse(e164)) == phonenumbers.PhoneNumberType.TOLL_FREE
    except phonenumbers.NumberParseException:
        return False


def not_open(region: str) -> str:
    """Why a number of a country is not called."""
    return f"calls to {region or 'it'} are not open; `destinations` of the licence key opens a country or a prefix"


def _north_american(number: phonenumbers.PhoneNumber, national: str) -> NumberKind:
    area, exchange = national[:3], national[3:6]
    known = phonenumbers.region_code_for_number(number)
    region = known or _region_of_area(area)
    if area == "911" or exchange == "911":
        return NumberKind(region, "an emergency number", 15, emergency=True)
    if exchange == "976" and not _TOLL_FREE.match(area):
        # The local premium exchange of every area code.
        return NumberKind(region, "a premium-rate exchange", 7)
    if area[1:] == "11":
        return NumberKind(region, "a service code, which is no area code", 4)
    if _NANP_OF_NO_PLACE.match(area):
        return NumberKind(region, f"a number of +1 {area}, which is no area", 4)
    if special := _special(number, national, known):
        return NumberKind(region, special, 4)
    return NumberKind(region, "", 1 if region in NORTH_AMERICA else 4)


def _region_of_area(area: str) -> str:
    """The region of an area code whose numbers libphonenumber does not have: new ones pass, those of islands do not."""
    for region in sorted(_NANP - NORTH_AMERICA):
        metadata = PhoneMetadata.metadata_for_region(region)
        if metadata and metadata.leading_digits and re.match(metadata.leading_digits, area):
            return region
    return "US"


def _special(number: phonenumbers.PhoneNumber, national: str, region: str | None) -> str:
    """What makes a number special in any of the countries that share its code. region: the one that it belongs to.

    A number that is valid nowhere is one if it begins with a special number: whoever dials digit by digit gets there.
    """
    # Not is_valid_number, which looks for the region once more.
    whole = region is not None and phonenumbers.is_valid_number_for_region(number, region)
    for pattern, words in _special_patterns(number.country_code or 0):
        if pattern.fullmatch(national) if whole else pattern.match(national):
            return words
    return ""


@lru_cache(maxsize=300)
def _special_patterns(country_code: int) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple(_patterns(country_code))


def _patterns(country_code: int) -> Iterator[tuple[re.Pattern[str], str]]:
    for region in phonenumbers.region_codes_for_country_code(country_code):
        metadata = PhoneMetadata.metadata_for_region_or_calling_code(country_code, region)
        for name, words in _SPECIAL_TYPES:
            described = getattr(metadata, name, None)
            if described is not None and described.national_number_pattern:
                yield re.compile(described.national_number_pattern), words
