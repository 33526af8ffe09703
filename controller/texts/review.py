"""Opt-outs in words of one's own: "please stop texting me".

47 CFR 64.1200(a)(10) lets a consumer revoke consent in any reasonable way. Whether a text is one is for people to
judge, so what matches here is marked for review and blocks nobody. Off unless a key switches it on.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_WORDS = re.compile(r"[\w']+")


class Review:
    """Finds texts that hold one of the phrases, word by word, in any case."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._phrases = tuple(dict.fromkeys(f" {_words(phrase)} " for phrase in phrases if _words(phrase)))

    def asks_for_review(self, body: str) -> bool:
        """Whether a person should judge if this text is an opt-out."""
        words = f" {_words(body)} "
        return any(phrase in words for phrase in self._phrases)


def _words(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return " ".join(_WORDS.findall(plain))
