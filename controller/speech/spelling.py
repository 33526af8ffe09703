"""Spelling: text as single digits or characters, written so that a speech engine names each of them."""

from __future__ import annotations

ENGLISH_SIGNS = {
    ".": "dot", ",": "comma", "-": "dash", "_": "underscore", "@": "at", "#": "pound", "*": "star", "/": "slash",
    "\\": "backslash", "+": "plus", "&": "and", "%": "percent", "$": "dollar", "!": "exclamation mark",
    "?": "question mark", ":": "colon", ";": "semicolon", "'": "apostrophe", '"': "quote", "(": "open parenthesis",
    ")": "close parenthesis", "=": "equals", "<": "less than", ">": "greater than", "~": "tilde", "|": "bar",
}  # fmt: skip


def spell(text: str, kind: str, language: str = "en-us") -> str:
    """`text` for speaking it as "digits" (a digit at a time, words as they are), "telephone" (digits, with a short
    pause at each separator) or "characters" (one at a time). Signs are named in English voices only."""
    if kind == "characters":
        return ", ".join(_named(character, language) for character in text if not character.isspace())
    words: list[str] = []
    number = False
    for character in text:
        digit = character.isdigit() or (kind == "telephone" and character in "+*#")
        if digit:
            words.append(f" {_named(character, language) if not character.isdigit() else character} ")
        elif kind == "telephone" and not character.isalnum():
            words.append(", " if number else " ")
        else:
            words.append(character)
        number = digit
    return " ".join("".join(words).split()).strip(", ")


def _named(character: str, language: str) -> str:
    if character.isalpha():
        # A single small letter may be read as a word: "a cat".
        return character.upper() if len(character.upper()) == 1 else character
    return ENGLISH_SIGNS.get(character, character) if language.startswith("en") else character
