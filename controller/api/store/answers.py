"""The first answers to requests with an Idempotency-Key, kept for a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from controller.store.database import Database
from controller.store.storable import storable

CLAIM_SECONDS = 60.0
"""How long a request that is run may take before another controller, which takes its own for dead, runs it again."""


@dataclass(frozen=True, slots=True)
class RepeatedRequest:
    """A request with its Idempotency-Key: of which licence keys, by their names; digest: of what it asks."""

    license_key: str
    idempotency_key: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """What is known of a request. claimed: it is new, and whoever claimed it runs it.

    digest: of the one that came first, None while that is not known; answer: its answer, None while it is run.
    """

    claimed: bool
    digest: bytes | None = None
    answer: str | None = None


class KeptAnswers:
    """Answers by licence key and Idempotency-Key, for all controllers. Methods raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, request: RepeatedRequest) -> Claim:
        """Claim a request, to run it; or what became of the first one."""
        row = await self._database.fetchrow("claim_answer", **_named(request), claim_seconds=CLAIM_SECONDS)
        assert row is not None
        return Claim(True) if row["claimed"] else Claim(False, row["request"], row["answer"])

    async def keep(self, request: RepeatedRequest, answer: str) -> None:
        """Keep the answer to a request that was claimed, unless there is one already."""
        await self._database.execute("keep_answer", **_named(request), answer=answer)

    async def release(self, request: RepeatedRequest) -> None:
        """Give up the claim of a request that has no answer to keep."""
        await self._database.execute("release_answer", **_named(request))


def _named(request: RepeatedRequest) -> dict[str, Any]:
    return {
        "license_key": request.license_key,
        "idempotency_key": storable(request.idempotency_key),
        "request": request.digest,
    }
