"""Tokens of the JSON interface. Of a token only its digest is stored: it is shown once, when it is made."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from controller.store.database import Database
from controller.store.storable import storable

PREFIX = "rp_"
MOST_PER_KEY = 100
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token as people look at it. license_key: None of the operator's. last_used_at: within a minute; None: never."""

    token_id: int
    license_key: str | None
    name: str
    scopes: frozenset[str]
    made_at: datetime
    made_by: str
    last_used_at: datetime | None


class ApiTokens:
    """Makes, finds and takes back tokens. Keys are named as in the store; None is the operator. Every method raises
    StoreError.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def make(self, license_key: str | None, name: str, scopes: Collection[str], by: str) -> str | None:
        """A new token, which nobody can ask for again; None where the key has `MOST_PER_KEY`."""
        token = PREFIX + secrets.token_urlsafe(32)
        made = await self._database.fetchval(
            "add_api_token",
            license_key=license_key,
            name=storable(name),
            digest=_digest(token),
            scopes=sorted(scopes),
            made_by=storable(by),
            most=MOST_PER_KEY,
        )
        return None if made is None else token

    async def find(self, token: str) -> ApiToken | None:
        """Whose token this is; None for one that there is not."""
        row = await self._database.fetchrow("api_token", digest=_digest(token))
        return None if row is None else _token(dict(row))

    async def of_key(self, license_key: str | None) -> list[ApiToken]:
        """The tokens of a key, the newest first."""
        rows = await self._database.fetch("api_tokens_of_key", license_key=license_key)
        return [_token(dict(row)) for row in rows]

    async def take_back(self, license_key: str | None, token_id: int) -> str | None:
        """Take a token of a key back, at once; gives its name, None when there was none."""
        name: str | None = await self._database.fetchval("remove_api_token", license_key=license_key, token_id=token_id)
        return name


def _token(row: dict[str, object]) -> ApiToken:
    return ApiToken(**{**row, "scopes": frozenset(row["scopes"])})  # type: ignore[call-overload]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
