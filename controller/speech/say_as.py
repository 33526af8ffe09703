"""Spelling for speech control: text as single digits or characters, as `say-as` asks for it."""

from __future__ import annotations

from controller.script.commands.spelling import named


def spell(text: str, kind: str, language: str = "en-us") -> str:
    """`text` for speaking it as "digits" (a digit at a time, words as they are), "telephone" (digits, with a short
    pause at each separator) or "characters" (one at a time)."""
    if kind == "characters":
        return ", ".join(named(character, language) for character in text if not character.isspace())
    words: list[str] = []
    number = False
    for character in text:
        digit = character.isdigit() or (kind == "telephone" and character in "+*#")
        if digit:
            words.append(f" {named(character, language)} ")
        elif kind == "telephone" and not character.isalnum():
            words.append(", " if number else " ")
        else:
            words.append(character)
        number = digit
    return " ".join("".join(words).split()).strip(", ")
