"""Sessions and one-time links: random tokens, of which only digests are stored."""

from __future__ import annotations

import hashlib
import secrets

from controller.api.console.store.people import Person, person_of
from controller.store.database import Database

IDLE_SECONDS = 12 * 3600.0
LONGEST_SECONDS = 7 * 86_400.0
LOG_IN_LINK_SECONDS = 3600.0
INVITATION_SECONDS = 7 * 86_400.0
FAILURE_SECONDS = 900.0


def digest(token: str) -> bytes:
    """What the store knows a token by."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


class Sessions:
    """Who is logged in, and who may log in by a link. Every method raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, person: Person, address: str) -> str:
        """A session's token, for the cookie."""
        token = secrets.token_urlsafe(32)
        await self._database.execute(
            "begin_console_session", token=digest(token), person_id=person.person_id, address=address
        )
        return token

    async def person(self, token: str) -> Person | None:
        """Whose session this is; None for one that is over, or never was."""
        row = await self._database.fetchrow(
            "console_session", token=digest(token), idle_seconds=IDLE_SECONDS, longest_seconds=LONGEST_SECONDS
        )
        return None if row is None else person_of(row)

    async def end(self, token: str) -> None:
        """The session is over."""
        await self._database.execute("end_console_session", token=digest(token))

    async def make_link(self, person: Person, seconds: float = LOG_IN_LINK_SECONDS) -> str:
        """The token of a link that logs this person in once, within so many seconds."""
        token = secrets.token_urlsafe(32)
        await self._database.execute(
            "add_console_link", token=digest(token), person_id=person.person_id, seconds=seconds
        )
        return token

    async def use_link(self, token: str) -> tuple[Person, bool] | None:
        """Whom a link logs in, and whether they have a password; None for one that was used, or is too old."""
        row = await self._database.fetchrow("use_console_link", token=digest(token))
        return None if row is None else (person_of(row), bool(row["password"]))

    async def failures(self, counted: list[str]) -> dict[str, int]:
        """How many log-ins failed within the last quarter of an hour, by what is counted."""
        rows = await self._database.fetch("count_console_failures", counted=counted, seconds=FAILURE_SECONDS)
        return {row["counted"]: row["failures"] for row in rows}

    async def failed(self, counted: list[str]) -> None:
        """A log-in failed: it counts for each of these."""
        await self._database.execute("add_console_failure", counted=counted)
