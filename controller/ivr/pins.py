"""PINs: a program holds a digest that takes time to try out, and not the digits themselves."""

from __future__ import annotations

import hashlib
import hmac

_ROUNDS = 10_000
_ALGORITHM = "sha256"


def pin_digest(pin: str, salt: str) -> str:
    """The digest of a PIN: PBKDF2, with a salt that no other PIN has. Empty for an empty PIN."""
    if not pin:
        return ""
    made = hashlib.pbkdf2_hmac(_ALGORITHM, pin.encode(), salt.encode(), _ROUNDS)
    return f"{salt}${made.hex()}"


def is_pin(typed: str, digest: str) -> bool:
    """Whether these digits are the PIN; never for an empty digest."""
    salt, dollar, _ = digest.rpartition("$")
    return bool(dollar) and hmac.compare_digest(pin_digest(typed, salt), digest)
