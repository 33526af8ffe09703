"""Spelling: text one character at a time, each written so that a speech engine names it in its language."""

from __future__ import annotations

from collections.abc import Mapping

SIGNS: Mapping[str, Mapping[str, str]] = {
    "en": {
        ".": "dot", ",": "comma", "-": "dash", "_": "underscore", "@": "at", "#": "pound", "*": "star", "/": "slash",
        "\\": "backslash", "+": "plus", "&": "and", "%": "percent", "$": "dollar", "!": "exclamation mark",
        "?": "question mark", ":": "colon", ";": "semicolon", "'": "apostrophe", '"': "quote",
        "(": "open parenthesis", ")": "close parenthesis", "=": "equals", "<": "less than", ">": "greater than",
        "~": "tilde", "|": "bar", "[": "open bracket", "]": "close bracket", "{": "open brace", "}": "close brace",
        "^": "caret", "`": "backquote", "€": "euro",
    },
    "es": {
        ".": "punto", ",": "coma", "-": "guion", "_": "guion bajo", "@": "arroba", "#": "numeral", "*": "asterisco",
        "/": "barra", "\\": "barra invertida", "+": "más", "&": "y", "%": "por ciento", "$": "dólar",
        "!": "exclamación", "?": "interrogación", ":": "dos puntos", ";": "punto y coma", "'": "apóstrofo",
        '"': "comillas", "(": "abre paréntesis", ")": "cierra paréntesis", "=": "igual", "<": "menor que",
        ">": "mayor que", "~": "tilde", "|": "barra vertical", "[": "abre corchete", "]": "cierra corchete",
        "{": "abre llave", "}": "cierra llave", "^": "circunflejo", "`": "acento grave", "€": "euro",
    },
    "fr": {
        ".": "point", ",": "virgule", "-": "tiret", "_": "tiret bas", "@": "arobase", "#": "carré", "*": "étoile",
        "/": "barre oblique", "\\": "barre inverse", "+": "plus", "&": "et", "%": "pour cent", "$": "dollar",
        "!": "exclamation", "?": "interrogation", ":": "deux points", ";": "point virgule", "'": "apostrophe",
        '"': "guillemet", "(": "parenthèse ouvrante", ")": "parenthèse fermante", "=": "égal", "<": "inférieur à",
        ">": "supérieur à", "~": "tilde", "|": "barre verticale", "[": "crochet ouvrant", "]": "crochet fermant",
        "{": "accolade ouvrante", "}": "accolade fermante", "^": "circonflexe", "`": "accent grave", "€": "euro",
    },
    "de": {
        ".": "Punkt", ",": "Komma", "-": "Strich", "_": "Unterstrich", "@": "at", "#": "Raute", "*": "Stern",
        "/": "Schrägstrich", "\\": "umgekehrter Schrägstrich", "+": "plus", "&": "und", "%": "Prozent",
        "$": "Dollar", "!": "Ausrufezeichen", "?": "Fragezeichen", ":": "Doppelpunkt", ";": "Semikolon",
        "'": "Apostroph", '"': "Anführungszeichen", "(": "Klammer auf", ")": "Klammer zu", "=": "gleich",
        "<": "kleiner als", ">": "größer als", "~": "Tilde", "|": "senkrechter Strich", "[": "eckige Klammer auf",
        "]": "eckige Klammer zu", "{": "geschweifte Klammer auf", "}": "geschweifte Klammer zu", "^": "Zirkumflex",
        "`": "Gravis", "€": "Euro",
    },
    "it": {
        ".": "punto", ",": "virgola", "-": "trattino", "_": "trattino basso", "@": "chiocciola", "#": "cancelletto",
        "*": "asterisco", "/": "barra", "\\": "barra inversa", "+": "più", "&": "e", "%": "per cento",
        "$": "dollaro", "!": "punto esclamativo", "?": "punto interrogativo", ":": "due punti",
        ";": "punto e virgola", "'": "apostrofo", '"': "virgolette", "(": "parentesi aperta",
        ")": "parentesi chiusa", "=": "uguale", "<": "minore di", ">": "maggiore di", "~": "tilde",
        "|": "barra verticale", "[": "parentesi quadra aperta", "]": "parentesi quadra chiusa",
        "{": "parentesi graffa aperta", "}": "parentesi graffa chiusa", "^": "accento circonflesso",
        "`": "accento grave", "€": "euro",
    },
}  # fmt: skip
"""The names of signs, by language."""

LONGEST_NAME = max(len(name) for names in SIGNS.values() for name in names.values())


def named(character: str, language: str = "en") -> str:
    """A character as an engine is to be given it. `language`: a tag of RFC 5646, such as en-us; a sign without a name
    in it stays as it is.
    """
    if character.isalpha():
        # A single small letter may be read as a word: "a cat".
        return character.upper() if len(character.upper()) == 1 else character
    return SIGNS.get(language.split("-")[0], {}).get(character, character)


def spelled(text: str, language: str = "en") -> str:
    """ "A B 1 dash 2" for "ab1-2"; white space and what cannot be printed are left out."""
    seen = (character for character in text if character.isprintable() and not character.isspace())
    return " ".join(named(character, language) for character in seen)
