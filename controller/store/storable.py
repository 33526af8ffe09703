"""Text as PostgreSQL takes it, whatever a caller, a script or a server put into it."""

from __future__ import annotations

import json
import re

import orjson

# An escaped NUL in JSON text: the one character that PostgreSQL's jsonb refuses.
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


_AS_JSON_DOES = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def storable(text: str) -> str:
    """Text without NUL characters and lone surrogates."""
    if text.isascii() and "\0" not in text:  # nearly all that is stored, and each row has a dozen
        return text
    return text.replace("\0", " ").encode(errors="replace").decode()


def as_json(value: object) -> str:
    """A value as JSON text that PostgreSQL takes; what JSON has no form for is told as text."""
    try:
        text = orjson.dumps(value, default=str, option=_AS_JSON_DOES).decode()
    except TypeError:  # half of a surrogate pair, a key that is no text, a number of more than 64 bits
        return storable_json(json.dumps(value, ensure_ascii=False, default=str))
    return _NUL.sub(r"\1", text) if "\\u0000" in text else text


def storable_json(text: str) -> str:
    """JSON text without them, escaped ones included."""
    if "\\u0000" in text:
        text = _NUL.sub(r"\1", text)
    return storable(text)
