"""Numbers of libphonenumber's metadata: one of every range that its patterns tell apart."""

from __future__ import annotations

import itertools
import re._constants as sre  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Iterator
from typing import Any

import phonenumbers
from phonenumbers import PhoneMetadata

DIGITS = "0123456789"
_ANY_DIGIT = "?"


def numbers_of(kind: str) -> Iterator[str]:
    """E.164 numbers of a kind ("premium_rate", "shared_cost" …), of every country and of the codes of none."""
    for code, regions in sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()):
        for region in regions:
            metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
            described = getattr(metadata, kind, None)
            if described is not None and described.national_number_pattern:
                for national in examples(described.national_number_pattern):
                    yield from dict.fromkeys(f"+{code}{national.replace(_ANY_DIGIT, digit)}" for digit in DIGITS)


def examples(pattern: str) -> Iterator[str]:
    r"""A text for each way through a pattern; any digit (`\d`) is `?`, and what repeats does so least often."""
    yield from _of_sequence(list(parser.parse(pattern)))


def _of_sequence(items: list[Any]) -> Iterator[str]:
    for parts in itertools.product(*(list(_of_item(*item)) for item in items)):
        yield "".join(parts)


def _of_item(code: Any, value: Any) -> Iterator[str]:
    if code is sre.LITERAL:
        yield chr(value)
    elif code is sre.IN:
        yield from _of_set(value)
    elif code is sre.BRANCH:
        for branch in value[1]:
            yield from _of_sequence(list(branch))
    elif code is sre.SUBPATTERN:
        yield from _of_sequence(list(value[3]))
    elif code is sre.MAX_REPEAT:
        low, _, inner = value
        yield from _of_sequence(list(inner) * low)
    else:
        raise AssertionError(f"{code} in a pattern of numbers")


def _of_set(members: list[Any]) -> Iterator[str]:
    for code, value in members:
        if code is sre.LITERAL:
            yield chr(value)
        elif code is sre.RANGE:
            yield from map(chr, range(value[0], value[1] + 1))
        else:
            yield _ANY_DIGIT
