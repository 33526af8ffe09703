"""Passwords: Argon2id with the least parameters that OWASP's Password Storage Cheat Sheet names (19 MiB, 2 passes)."""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from controller.api.console.languages import mark

SHORTEST = 12
LONGEST = 256
# Each takes 19 MiB and a core for some milliseconds: calls come first.
AT_ONCE = 2

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# What is verified for a name that nobody has, so that the time tells nothing.
_NOBODYS = _HASHER.hash("the password of nobody")


def refusal(password: str, name: str) -> str:
    """Why this cannot be a password, as a message; empty when it can."""
    if not SHORTEST <= len(password) <= LONGEST:
        return mark("A password has 12 to 256 characters.")
    if len(set(password)) < 5 or name.lower() in password.lower():
        return mark("This password is too easily guessed.")
    return ""


class Passwords:
    """Hashes and verifies, a few at a time, in threads."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def hash(self, password: str) -> str:
        """The hash to be stored, in PHC form."""
        async with self._turns:
            return await asyncio.to_thread(_HASHER.hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether this is the password; None or empty hashes (of nobody) take as long, and never fit."""
        async with self._turns:
            fits = await asyncio.to_thread(_fits, password_hash or _NOBODYS, password[: LONGEST + 1])
        return fits and bool(password_hash)


def _fits(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
