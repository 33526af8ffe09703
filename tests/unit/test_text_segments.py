"""Segments: what a text becomes on its way through the telephone network, counted a second time in another way."""

from __future__ import annotations

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.texts.segments import GSM7_BASIC, GSM7_EXTENSION, Encoding, segment

# The default alphabet written out from the table of 3GPP TS 23.038, row by row, apart from the code's own.
TABLE = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)

gsm7_texts = st.text(alphabet=TABLE + "\f^{}\\[~]|€", max_size=900)
any_texts = st.text(max_size=500)


def septets(body: str) -> int:
    return len(body.encode("utf-32-le")) // 4 + sum(body.count(character) for character in "\f^{}\\[~]|€")


def units(body: str) -> int:
    return len(body.encode("utf-16-le")) // 2


def test_the_alphabet_is_that_of_the_standard() -> None:
    assert frozenset(TABLE) == GSM7_BASIC
    assert len(GSM7_BASIC) == 127
    assert len(GSM7_EXTENSION) == 10


@pytest.mark.parametrize(
    ("body", "count", "encoding"),
    [
        ("", 1, Encoding.GSM7),
        ("a" * 160, 1, Encoding.GSM7),
        ("a" * 161, 2, Encoding.GSM7),
        ("a" * 306, 2, Encoding.GSM7),
        ("a" * 307, 3, Encoding.GSM7),
        ("€" * 80, 1, Encoding.GSM7),
        ("€" * 81, 2, Encoding.GSM7),
        ("a" * 152 + "€" + "a" * 10, 2, Encoding.GSM7),
        ("ä" * 160, 1, Encoding.GSM7),
        ("ç", 1, Encoding.UCS2),
        ("ж" * 70, 1, Encoding.UCS2),
        ("ж" * 71, 2, Encoding.UCS2),
        ("ж" * 134, 2, Encoding.UCS2),
        ("ж" * 135, 3, Encoding.UCS2),
        ("😀" * 35, 1, Encoding.UCS2),
        ("😀" * 36, 2, Encoding.UCS2),
        ("😀" * 67, 3, Encoding.UCS2),
    ],
)
def test_segments_are_counted_as_phones_count_them(body: str, count: int, encoding: Encoding) -> None:
    cut = segment(body)
    assert (cut.count, cut.encoding) == (count, encoding)


def test_unicode_is_used_where_it_is_asked_for() -> None:
    cut = segment("a" * 71, unicode=True)
    assert (cut.encoding, cut.count, cut.joined) == (Encoding.UCS2, 2, True)


def test_segments_that_are_not_joined_hold_as_much_as_one_alone() -> None:
    assert [len(part) for part in segment("a" * 330, concatenate=False).parts] == [160, 160, 10]
    assert [len(part) for part in segment("ж" * 150, concatenate=False).parts] == [70, 70, 10]
    assert not segment("a" * 330, concatenate=False).joined


@given(any_texts, st.booleans(), st.booleans())
def test_the_parts_are_the_text_and_none_is_too_long(body: str, unicode: bool, concatenate: bool) -> None:
    cut = segment(body, unicode=unicode, concatenate=concatenate)
    assert "".join(cut.parts) == body
    assert cut.joined == (concatenate and cut.count > 1)
    size = septets if cut.encoding is Encoding.GSM7 else units
    alone = 160 if cut.encoding is Encoding.GSM7 else 70
    joined = 153 if cut.encoding is Encoding.GSM7 else 67
    for part in cut.parts:
        # A part that cut a pair could not be encoded, and would be one septet or unit longer than it counts.
        assert size(part) <= (joined if cut.joined else alone)


@given(gsm7_texts, st.booleans())
def test_a_gsm_text_has_as_many_segments_as_a_septet_stream_needs(body: str, concatenate: bool) -> None:
    cut = segment(body, concatenate=concatenate)
    assert cut.encoding is Encoding.GSM7
    # Counted over the stream of septets: a segment that would end in an escape ends one earlier.
    stream = "".join("E" + "x" if character in GSM7_EXTENSION else "x" for character in body)
    room = 153 if concatenate else 160
    count, position = 0, 0
    while position < len(stream) or not count:
        end = min(position + (room if len(stream) > 160 else 160), len(stream))
        if end < len(stream) and stream[end - 1] == "E":
            end -= 1
        position, count = end, count + 1
    assert cut.count == count
    assert ceil(septets(body) / 160) <= cut.count or body == ""


@given(any_texts)
def test_a_text_that_gsm_cannot_carry_is_counted_in_utf_16(body: str) -> None:
    body += "ж"
    cut = segment(body)
    assert cut.encoding is Encoding.UCS2
    whole = body.encode("utf-16-le")
    count, position = 0, 0
    while position < len(whole):
        end = min(position + (134 if len(whole) > 140 else 140), len(whole))
        if end < len(whole) and 0xD8 <= whole[end - 1] <= 0xDB:
            end -= 2
        position, count = end, count + 1
    assert cut.count == count
