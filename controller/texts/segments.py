"""Segments: the SMS that a text becomes on its way through the telephone network.

Character sets are those of 3GPP TS 23.038 section 6.2.1: the GSM 7-bit default alphabet with its extension table,
without national shift tables, or UCS-2, in which a character beyond the basic plane is a surrogate pair. A segment
holds 140 bytes: 160 septets or 70 UCS-2 units alone, 153 or 67 beside the header that joins segments (TS 23.040 section
9.2.3.24.1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

GSM7_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The characters that are one septet; the escape itself is none of them."""

GSM7_EXTENSION = frozenset("\f^{}\\[~]|€")
"""The characters that are two septets: the escape, and one of the extension table."""

_GSM7 = GSM7_BASIC | GSM7_EXTENSION


class Encoding(StrEnum):
    """How a text's characters are carried."""

    GSM7 = "gsm-7"
    UCS2 = "ucs-2"


@dataclass(frozen=True, slots=True)
class Segments:
    """A text cut into what each SMS of it holds; `joined`: whether they carry the header by which phones join them."""

    encoding: Encoding
    parts: tuple[str, ...]
    joined: bool

    @property
    def count(self) -> int:
        return len(self.parts)


def segment(body: str, *, unicode: bool = False, concatenate: bool = True) -> Segments:
    """Cut a text into its segments.

    unicode: UCS-2 also where GSM-7 would do (IsUnicode); a text that GSM-7 cannot carry is UCS-2 in any case.
    concatenate: several segments are joined on the phone (Concatenate), which takes 7 septets or 3 units of each.
    No escape is parted from its character, and no surrogate pair is cut. An empty text is one empty segment.
    """
    encoding = Encoding.UCS2 if unicode or not is_gsm7(body) else Encoding.GSM7
    width, alone, beside_header = (_septets, 160, 153) if encoding is Encoding.GSM7 else (_units, 70, 67)
    if (_septets_of(body) if encoding is Encoding.GSM7 else sum(map(width, body))) <= alone:
        return Segments(encoding, (body,), joined=False)
    return Segments(encoding, _cut(body, width, beside_header if concatenate else alone), joined=concatenate)


def is_gsm7(body: str) -> bool:
    """Whether the GSM 7-bit default alphabet and its extension table have every character of the text."""
    return _GSM7.issuperset(body)


def _septets_of(body: str) -> int:
    return len(body) + sum(map(body.count, GSM7_EXTENSION.intersection(body)))


def _septets(character: str) -> int:
    return 2 if character in GSM7_EXTENSION else 1


def _units(character: str) -> int:
    return 2 if ord(character) > 0xFFFF else 1


def _cut(body: str, width: Callable[[str], int], room: int) -> tuple[str, ...]:
    parts: list[str] = []
    start = used = 0
    for index, character in enumerate(body):
        needed = width(character)
        if used + needed > room:
            parts.append(body[start:index])
            start, used = index, 0
        used += needed
    return (*parts, body[start:])
