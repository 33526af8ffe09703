"""Parts of a text: cut where a sentence ends as it is spoken, and each says the same alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.speech.markup import Pause, SpokenText, Style, parse_markup, plain_text
from controller.speech.text_parts import parts_of

BALANCE = "Your balance is one hundred dollars."
DUE = "It is due on the first of March."


def test_each_sentence_is_a_part() -> None:
    assert parts_of(f"{BALANCE} {DUE}", "en-us") == (BALANCE, DUE)


def test_a_short_sentence_goes_with_its_neighbour() -> None:
    assert parts_of(f"Hello! {BALANCE}", "en-us") == (f"Hello! {BALANCE}",)


@pytest.mark.parametrize(
    "text",
    [
        "Your appointment with Dr. Miller is tomorrow at ten in the morning.",
        "The total of your order is $1.50 at the counter of our store today.",
        "One sentence alone, with commas, and nothing after it that could be cut",
        "<sub alias='It is a sentence of its own. Here is another.'>Both of these are. Not heard at all.</sub>",
        "<say-as interpret-as='characters'>ABCDEFGHIJKLMNOPQRSTUVW. XYZABCDEFGHIJKLMNOPQRSTU.</say-as>",
        "",
    ],
)
def test_what_is_no_end_of_a_sentence_is_not_cut(text: str) -> None:
    assert parts_of(text, "en-us") == (text,)


def test_an_abbreviation_does_not_keep_the_other_sentences_together() -> None:
    doctor = "Your appointment with Dr. Miller of Main St. is tomorrow at ten."
    assert parts_of(f"{doctor} {BALANCE} {DUE}", "en-us") == (doctor, BALANCE, DUE)


def test_tags_that_are_open_are_opened_again() -> None:
    slow = "<prosody rate='slow'>"
    assert parts_of(f"{slow}{BALANCE} {DUE}</prosody> {BALANCE}", "en-us") == (
        f"{slow}{BALANCE}",
        f"{slow}{DUE}</prosody> {BALANCE}",
    )


def test_a_break_ends_a_part_even_where_no_sentence_does() -> None:
    parts = parts_of("Please listen to the following <break time='2s'/> and then press one", "en-us")
    assert parts == ("Please listen to the following <break time='2s'/>", " and then press one")


def test_voices_stay_with_their_sentences() -> None:
    parts = parts_of(f"<voice name='David'>{BALANCE} {DUE}</voice>", "en-us")
    assert [part for each in parts for part in parse_markup(each)] == [
        SpokenText(BALANCE, Style(voice="David")),
        SpokenText(DUE, Style(voice="David")),
    ]


SENTENCES = st.sampled_from(
    [
        BALANCE,
        DUE,
        "Dr. Miller waits.",
        "<break time='1s'/>",
        "<prosody rate='fast'>",
        "</prosody>",
        "<voice name='1'>",
        "</voice>",
        "<say-as interpret-as='digits'>",
        "</say-as>",
        "<s>",
        "</s>",
        "a < b & c",
        "<!-- A remark. And another, longer one. -->",
        "Él dijo que sí, y nada más.",
    ]
)


def heard(parts: tuple[str, ...]) -> list[tuple[str, Style]]:
    """The words, one by one, each in its style."""
    return [
        (word, part.style)
        for each in parts
        for part in parse_markup(each)
        if isinstance(part, SpokenText)
        for word in part.text.split()
    ]


@given(st.lists(SENTENCES, max_size=12).map(" ".join), st.sampled_from(["en-us", "es-419"]))
def test_the_parts_say_together_what_the_text_says(text: str, language: str) -> None:
    parts = parts_of(text, language)
    assert heard(parts) == heard((text,))
    assert sum(p.seconds for each in parts for p in parse_markup(each) if isinstance(p, Pause)) <= sum(
        p.seconds for p in parse_markup(text) if isinstance(p, Pause)
    ) + len(parts)


@given(st.text(st.characters(categories=["L", "P", "Zs", "N"]), max_size=600))
def test_no_text_loses_a_word(text: str) -> None:
    assert "".join("".join(plain_text(part) for part in parts_of(text, "en-us")).split()) == "".join(
        plain_text(text).split()
    )
