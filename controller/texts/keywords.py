"""Consent keywords: STOP, RESUME, HELP and what else counts as one of them.

The sets are the union of what the carriers' association (CTIA), the FCC's rule (47 CFR 64.1200(a)(10)) and the large
providers have, with CDYNE's RESUME. A keyword is the whole text, in any case; white space, punctuation and quotes
around it do not count.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from controller.directory.text_settings import KeywordSet


class ConsentWord(StrEnum):
    """What a keyword asks for."""

    STOP = "stop"
    RESUME = "resume"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Keyword:
    """A keyword that a text was: what it asks for, in which language, and the keyword as it is compared.

    `only_opted_out`: it is one only from a number that is opted out now; from any other it is an everyday answer.
    """

    word: ConsentWord
    language: str
    text: str
    only_opted_out: bool = False


_STOP = ("stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "revoke", "remove")
_OPT_OUT = ("optout", "opt-out", "opt out")
_HOUSE = (
    *(Keyword(ConsentWord.STOP, "en", text) for text in (*_STOP, *_OPT_OUT)),
    *(Keyword(ConsentWord.STOP, "fr", text) for text in ("arret", "arrêt")),
    *(Keyword(ConsentWord.RESUME, "en", text) for text in ("resume", "start", "unstop")),
    Keyword(ConsentWord.RESUME, "en", "yes", only_opted_out=True),
    *(Keyword(ConsentWord.HELP, "en", text) for text in ("help", "info")),
)
HOUSE_KEYWORDS = {keyword.text: keyword for keyword in _HOUSE}
"""The keywords of every key, by their text; a key's own cannot take one of them away."""

LONGEST_KEYWORD = 100
"""Characters; a longer text is no keyword, however much of it is white space."""


class Keywords:
    """The keywords of one licence key: the house's, and its own."""

    def __init__(self, own: Iterable[KeywordSet] = ()) -> None:
        self._keywords: dict[str, Keyword] = {}
        for keywords in own:
            for word in ConsentWord:
                for text in getattr(keywords, word.value):
                    self._keywords[plain_keyword(text)] = Keyword(word, keywords.language, plain_keyword(text))
        self._keywords.update(HOUSE_KEYWORDS)

    def match(self, body: str) -> Keyword | None:
        """The keyword that the text as a whole is, None for every other text."""
        if len(body) > LONGEST_KEYWORD:
            return None
        return self._keywords.get(plain_keyword(body))


def plain_keyword(text: str) -> str:
    """A text as keywords are compared: without what surrounds its words, one space between them, in one case."""
    # Before too, for NFKC makes an accent that stands alone a blank and a mark on it.
    text = _inner(unicodedata.normalize("NFKC", _inner(text)))
    text = "".join("-" if unicodedata.category(character) == "Pd" else character for character in text)
    return " ".join(text.casefold().split())


def _inner(text: str) -> str:
    start, end = 0, len(text)
    while start < end and _surrounds(text[start]):
        start += 1
    while end > start and _surrounds(text[end - 1]):
        end -= 1
    return text[start:end]


def _surrounds(character: str) -> bool:
    """White space, punctuation and quotes of every script, marks that are not seen, and what ASCII has beside letters.

    The acute accent is there because keyboards write it for an apostrophe.
    """
    return character in _ASCII_MARKS or unicodedata.category(character)[0] in "PZC"


_ASCII_MARKS = frozenset(string.punctuation + "\N{ACUTE ACCENT}")
