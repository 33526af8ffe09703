"""Sentences: a long text in pieces that a speech engine can take one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST_PIECE = 400
LONGEST_WORD = 60
SHORTEST_SENTENCE = 24

_END_OF_SENTENCE = re.compile(r"[.!?:;…。\uff01\uff1f]+[\"')\]]*\s")

_NEXT_SENTENCE = re.compile(r"(?<=[^.\s][^.\s])[.!?…\uff01\uff1f]+[\"')\]]*\s(?=[^\W\d_a-zß-ÿ]|[\u00bf\u00a1])")


def pieces_of(text: str, longest: int = LONGEST_PIECE) -> Iterator[tuple[str, bool]]:
    """Pieces of at most `longest` characters, each with whether a sentence ends there.

    Cut after a sentence if there is one in the second half, else after a comma, else between words; a word without an
    end is cut, as engines take time in the square of its length.
    """
    text = " ".join(_cut_word(word) for word in text.split())
    start = 0
    while len(text) - start > longest:
        window = text[start : start + longest]
        cut, sentence = _cut(window)
        yield window[:cut].strip(), sentence
        start += cut
    if rest := text[start:].strip():
        yield rest, True


def sentences_of(text: str, shortest: int = SHORTEST_SENTENCE) -> Iterator[str]:
    """The sentences of a text, in turn; what is shorter than `shortest` characters goes with its neighbour.

    A sentence ends where its mark is followed by a capital letter: abbreviations and figures are not taken apart.
    """
    start = 0
    for match in _NEXT_SENTENCE.finditer(text):
        if match.end() - start >= shortest and len(text) - match.end() >= shortest:
            yield text[start : match.end()].strip()
            start = match.end()
    if rest := text[start:].strip():
        yield rest


def _cut_word(word: str) -> str:
    if len(word) <= LONGEST_WORD:
        return word
    return " ".join(word[at : at + LONGEST_WORD] for at in range(0, len(word), LONGEST_WORD))


def _cut(window: str) -> tuple[int, bool]:
    ends = [match.end() for match in _END_OF_SENTENCE.finditer(window)]
    if ends and ends[-1] >= len(window) // 2:
        return ends[-1], True
    for mark in (", ", " "):
        if (at := window.rfind(mark)) >= len(window) // 2:
            return at + 1, False
    return (window.rfind(" ") + 1) or len(window), False
