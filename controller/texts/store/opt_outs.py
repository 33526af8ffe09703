"""Opt-outs: who gets no more texts of a licence key."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from controller.store.database import Database, Transaction
from controller.store.storable import storable

PAGE = 1000


@dataclass(frozen=True, slots=True)
class OptOut:
    """A number (E.164) that opted out of a key's texts: when, to which DID, with what text.

    `at`: None for now, of one that is added. `source`: "text" (a keyword), "call" (a key pressed), "cli", "import",
    "api".
    """

    license_key: str
    number: str
    at: datetime | None = None
    did: str = ""
    body: str = ""
    source: str = "text"


async def opt_out(transaction: Transaction, opt_out: OptOut) -> bool:
    """Block a number; False when it was blocked already. StoreUnreachable."""
    found = await transaction.fetchval(
        "opt_out",
        opt_out.license_key,
        opt_out.number,
        opt_out.did,
        storable(opt_out.body),
        opt_out.source,
    )
    return found is not None


async def opt_in(transaction: Transaction, opt_in: OptOut) -> bool:
    """Open a number again, with what asked for it; False when it was not blocked. StoreUnreachable."""
    found = await transaction.fetchval(
        "opt_in", opt_in.license_key, opt_in.number, opt_in.did, storable(opt_in.body), opt_in.source
    )
    return found is not None


async def is_opted_out(session: Transaction | Database, license_key: str, number: str) -> bool:
    """Whether the number gets no texts of the key. StoreUnreachable."""
    return bool(await session.fetchval("is_opted_out", license_key, number))


async def every(database: Database, license_key: str | None = None, number: str | None = None) -> AsyncIterator[OptOut]:
    """All opt-outs, of one key or number where given, by key and number. StoreUnreachable."""
    last = ("", "")
    while True:
        rows = await database.fetch("list_opt_outs", license_key, number, *last, PAGE)
        for row in rows:
            yield OptOut(row["license_key"], row["number"], row["at"], row["did"], row["body"], row["source"])
        if len(rows) < PAGE:
            return
        last = (rows[-1]["license_key"], rows[-1]["number"])


async def page(database: Database, license_key: str, number: str | None, after: str, limit: int) -> list[OptOut]:
    """Opt-outs of a key by number, from behind `after`. StoreUnreachable."""
    rows = await database.fetch("list_opt_outs", license_key, number, license_key, after, limit)
    return [
        OptOut(row["license_key"], row["number"], row["at"], row["did"], row["body"], row["source"]) for row in rows
    ]


async def bring_in(database: Database, opt_outs: Sequence[OptOut]) -> int:
    """Add opt-outs that were kept elsewhere; gives how many are new. StoreUnreachable."""
    return int(
        await database.fetchval(
            "import_opt_outs",
            [each.license_key for each in opt_outs],
            [each.number for each in opt_outs],
            [each.at for each in opt_outs],
            [each.did for each in opt_outs],
            [storable(each.body) for each in opt_outs],
            [each.source for each in opt_outs],
        )
        or 0
    )
