"""Text as PostgreSQL takes it, whatever a caller, a script or a server put into it."""

from __future__ import annotations

import re

# An escaped NUL in JSON text: the one character that PostgreSQL's jsonb refuses.
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def storable(text: str) -> str:
    """Text without NUL characters and lone surrogates."""
    return text.replace("\0", " ").encode(errors="replace").decode()


def storable_json(text: str) -> str:
    """JSON text without them, escaped ones included."""
    if "\\u0000" in text:
        text = _NUL.sub(r"\1", text)
    return storable(text)
