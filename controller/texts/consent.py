"""Opt-outs as people and interfaces keep them: listed, added, removed, exported, imported."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TextIO

from controller.directory.current import CurrentDirectory
from controller.errors import PhoneNumberInvalid
from controller.numbers import parse_number
from controller.store.database import Database
from controller.texts.store import opt_outs
from controller.texts.store.opt_outs import OptOut

COLUMNS = ("license_key", "number", "at", "did", "body", "source")
"""Of the CSV; a file to be imported needs the first two."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file: how many opt-outs are new, how many were there, and what is wrong with which line."""

    new: int
    known: int
    mistakes: tuple[str, ...]


class OptOuts:
    """Who gets no more texts of which key. Everything here raises StoreUnreachable while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, opt_out: OptOut) -> bool:
        """Block a number; False when it was blocked already. Nobody is sent a confirmation."""
        async with self._database.transaction() as transaction:
            return await opt_outs.opt_out(transaction, opt_out)

    async def remove(self, opt_out: OptOut) -> bool:
        """Open a number again; False when it was not blocked."""
        async with self._database.transaction() as transaction:
            return await opt_outs.opt_in(transaction, opt_out)

    async def block_for_call(self, license_key: str, number: str, queue_id: int) -> None:
        """Block a number because its owner asked for it on a call, by its QueueID."""
        await self.add(OptOut(license_key, number, body=f"call {queue_id}", source="call"))

    async def is_opted_out(self, license_key: str, number: str) -> bool:
        """Whether the number gets no texts of the key."""
        return await opt_outs.is_opted_out(self._database, license_key, number)

    def every(self, license_key: str | None = None, number: str | None = None) -> AsyncIterator[OptOut]:
        """All of them, of one key or number where given, by key and number."""
        return opt_outs.every(self._database, license_key, number)

    async def write_csv(self, file: TextIO, license_key: str | None = None) -> int:
        """Write all opt-outs, of one key where given; gives how many."""
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        count = 0
        async for each in self.every(license_key):
            at = each.at.isoformat() if each.at else ""
            writer.writerow((each.license_key, each.number, at, each.did, each.body, each.source))
            count += 1
        return count

    async def read_csv(self, file: TextIO, keys: Iterable[str], license_key: str | None = None) -> Imported:
        """Add the opt-outs of a CSV with a line of column names. Those that are known stay as they are.

        keys: the names of the keys there are. license_key: of a file without that column. Lines with mistakes are
        left out and told.
        """
        known_keys, mistakes, new, count = set(keys), [], 0, 0
        batch: list[OptOut] = []
        reader = csv.DictReader(file)
        for row in reader:
            try:
                batch.append(_read(row, known_keys, license_key))
            except ValueError as error:
                mistakes.append(f"line {reader.line_num}: {error}")
                continue
            count += 1
            if len(batch) >= opt_outs.PAGE:
                new += await opt_outs.bring_in(self._database, batch)
                batch = []
        if batch:
            new += await opt_outs.bring_in(self._database, batch)
        return Imported(new, count - new, tuple(mistakes))


class CallConsent:
    """Whether an opt-out covers calls: a key may say so."""

    def __init__(self, database: Database, directory: CurrentDirectory) -> None:
        self._database = database
        self._directory = directory

    async def forbids_call(self, license_key: str, number: str) -> bool:
        """Whether the key may not call this number (E.164), because it opted out. StoreUnreachable."""
        key = self._directory.snapshot.license_key(license_key)
        if key is None or not key.texts.opt_out_covers_calls:
            return False
        return await opt_outs.is_opted_out(self._database, license_key, number)


def _read(row: dict[str, str | None], keys: set[str], license_key: str | None) -> OptOut:
    key = (row.get("license_key") or license_key or "").strip()
    if key not in keys:
        raise ValueError(f"there is no licence key “{key}”" if key else "the column license_key is missing or empty")
    try:
        number = parse_number(row.get("number") or "")
    except PhoneNumberInvalid as error:
        raise ValueError(f"number: {error}") from None
    at = None
    if text := (row.get("at") or "").strip():
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError("at: not a valid time; write one such as 2026-05-08T02:42:36+00:00") from None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
    source = (row.get("source") or "").strip() or "import"
    return OptOut(key, number, at, (row.get("did") or "").strip(), row.get("body") or "", source)
