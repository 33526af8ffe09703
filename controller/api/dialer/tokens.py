"""Tokens of the Dialer: what a message's sender asks with. Who has one needs nothing else."""

from __future__ import annotations

import re
import secrets
import string

LENGTH = 32
_ALPHABET = string.ascii_lowercase + string.digits
_TOKEN = re.compile(rf"[a-z0-9]{{{LENGTH}}}")


def new_token() -> str:
    """A token that nobody can guess: 32 lower-case letters and digits, 165 bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(LENGTH))


def is_token(text: str) -> bool:
    """Whether this has the form of a token."""
    return _TOKEN.fullmatch(text) is not None
