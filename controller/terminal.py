"""What people read at a terminal or in a log: values of others made visible, and output that works in a pipe."""

from __future__ import annotations

import unicodedata
from typing import Any, TextIO

from rich.console import Console
from rich.markup import escape

# A table in a pipe has all the room that it needs: whoever reads it there is a program, or has a pager that scrolls.
PIPE_WIDTH = 8192
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def visible(text: str) -> str:
    """A text of others with every character that is not seen, or would steer a terminal, written as its escape.

    Line ends, ESC sequences and marks that turn the direction of writing cannot forge what a person reads: "\\\\n",
    "\\\\x1b", "\\\\u202e".
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_seen(character) for character in text)


def shown(text: str) -> str:
    """The same, for places where rich's markup counts."""
    return escape(visible(text))


def output(*, file: TextIO | None = None, stderr: bool = False, highlight: bool = False, **options: Any) -> Console:
    """A console: as wide as the terminal; where the output is no terminal, nothing is wrapped."""
    console = Console(file=file, stderr=stderr, highlight=highlight, emoji=False, **options)
    if not console.is_terminal and "width" not in options:
        console.width = PIPE_WIDTH
    return console


def _seen(character: str) -> str:
    if unicodedata.category(character) not in _UNSEEN:
        return character
    return character.encode("unicode_escape").decode("ascii")
