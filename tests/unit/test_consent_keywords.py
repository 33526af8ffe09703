"""Consent keywords: what stops texts, what allows them again, what asks for help, and what is only talk."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.directory.text_settings import REVIEW_PHRASES, KeywordSet
from controller.texts.keywords import ConsentWord, Keywords
from controller.texts.review import Review

STOP = (
    *("STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "OPT-OUT", "OPT OUT"),
    *("REMOVE", "ARRET"),
)
RESUME = ("RESUME", "START", "UNSTOP")
HELP = ("HELP", "INFO")
EVERY = {**dict.fromkeys(STOP, "stop"), **dict.fromkeys(RESUME, "resume"), **dict.fromkeys(HELP, "help")}

around = st.text(alphabet=" \t\r\n.,;:!?'\"«»“”\u2018\u2019`\u00b4()[]{}*-_¡¿…。\u00a0\u200b\ufeff", max_size=8)
keyword = st.sampled_from(sorted(EVERY))


@st.composite
def spelt(draw: st.DrawFn) -> tuple[str, str]:
    """A keyword in any case, with anything around it that does not count, and what it asks for."""
    text = draw(keyword)
    letters = "".join(draw(st.sampled_from([letter.upper(), letter.lower()])) for letter in text)
    return draw(around) + letters.replace(" ", draw(st.sampled_from([" ", "  ", "\n"]))) + draw(around), EVERY[text]


@given(spelt())
def test_a_keyword_counts_in_any_case_and_whatever_surrounds_it(text: tuple[str, str]) -> None:
    body, word = text
    found = Keywords().match(body)
    assert found is not None
    assert found.word == word


@given(keyword, st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1, max_size=10))
def test_a_keyword_among_other_words_is_none(text: str, other: str) -> None:
    if f"{text} {other}".upper() in EVERY or f"{other} {text}".upper() in EVERY:
        return
    assert Keywords().match(f"{text} {other}") is None
    assert Keywords().match(f"{other} {text}") is None


@pytest.mark.parametrize(
    "body", ["", " ", "...", "stop please", "nonstop", "end of story", "don't stop", "s t o p", "🛑"]
)
def test_what_is_no_keyword(body: str) -> None:
    assert Keywords().match(body) is None


def test_a_long_text_is_no_keyword_however_blank_it_is() -> None:
    assert Keywords().match("stop" + " " * 100_000) is None


def test_yes_counts_only_from_who_has_opted_out() -> None:
    found = Keywords().match("Yes!")
    assert found is not None
    assert (found.word, found.only_opted_out) == (ConsentWord.RESUME, True)
    assert all(not found.only_opted_out for text in EVERY if (found := Keywords().match(text)))


def test_full_width_letters_and_french_accents_count() -> None:
    for body in ("\uff33\uff34\uff2f\uff30", "Arrêt", "ARRE\u0302T", "opt\u2011out"):
        found = Keywords().match(body)
        assert found is not None, body
        assert found.word is ConsentWord.STOP


def test_a_key_has_keywords_of_its_own_and_keeps_those_of_the_house() -> None:
    keywords = Keywords([KeywordSet("es", stop=("Alto", "no más"), resume=("Sigue",), help=("Ayuda", "stop"))])
    found = keywords.match("¡ALTO!")
    assert found is not None
    assert (found.word, found.language) == (ConsentWord.STOP, "es")
    assert (more := keywords.match("No  Más.")) is not None
    assert more.word is ConsentWord.STOP
    assert (stop := keywords.match("stop")) is not None
    assert stop.word is ConsentWord.STOP
    assert Keywords().match("alto") is None


@pytest.mark.parametrize("body", ["Please stop texting me", "STOP IT!!", "leave me alone.", "Don\u2019t text, ok?"])
def test_an_opt_out_in_words_of_ones_own_is_marked_for_review(body: str) -> None:
    assert Review(REVIEW_PHRASES).asks_for_review(body)


@pytest.mark.parametrize("body", ["", "The bus stop is here", "restop texting", "stop textingly", "See you"])
def test_everyday_texts_are_not_marked(body: str) -> None:
    assert not Review(REVIEW_PHRASES).asks_for_review(body)


def test_review_looks_for_nothing_unless_it_is_told_to() -> None:
    assert not Review(()).asks_for_review("please stop texting me")
    assert not Review(("!",)).asks_for_review("anything at all")
