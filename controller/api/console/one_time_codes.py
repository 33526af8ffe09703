"""Codes of an authenticator app: TOTP (RFC 6238), SHA-1, six digits, a new one every thirty seconds."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DIGITS = 6
# A clock may be off by so many steps.
DRIFT_STEPS = 1
_SECRET_BYTES = 20


def new_secret() -> str:
    """A secret in base32, as apps take it."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def app_address(secret: str, name: str, host: str) -> str:
    """What an authenticator app opens: an address with the secret, and what the app calls it."""
    label = quote(f"Ringpost {host}:{name}")
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': f'Ringpost {host}'}, quote_via=quote)}"


def code_at(secret: str, step: int) -> str:
    """The code of a time step: of so many half minutes since 1970 (RFC 4226, 5.3). ValueError for what is no secret."""
    key = base64.b32decode(secret, casefold=True)
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_of(secret: str, code: str, now: float, last_step: int) -> int | None:
    """The time step that a code is of, at `now` (Unix time); None for a wrong one, and for one that was used already.

    last_step: the newest step whose code was used; 0 for none.
    """
    given = "".join(code.split())
    current = int(now // STEP_SECONDS)
    for step in range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1):
        try:
            fits = hmac.compare_digest(code_at(secret, step).encode(), given.encode(errors="replace"))
        except ValueError:
            return None
        if fits and step > last_step:
            return step
    return None
