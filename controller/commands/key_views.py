"""`ringpost keys`: licence keys made, shown and revoked from the command line."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from json import dumps
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from controller.commands.system_store import granted_dids, open_database, whole_directory
from controller.config.load import read_configuration
from controller.config_file.document import parse_document, read_file
from controller.config_file.nodes import plain
from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import CALLING_PRODUCTS, LicenseKey
from controller.directory.stored_keys import StoredKey
from controller.errors import KeyRefused
from controller.numbers import parse_number
from controller.terminal import shown

ONCE = "The key is shown this once only: it is stored as a digest. Whoever has it can place calls."


@dataclass(frozen=True, slots=True)
class WantedKey:
    """What was asked for. options: settings by their names in the YAML, None for what was left out; they count before
    those of the file `settings`. numbers: DIDs of the stock. value: the key itself; "-" for the standard input.
    """

    name: str
    options: Mapping[str, Any]
    settings: Path | None = None
    numbers: tuple[str, ...] = ()
    value: str = ""


def hours_of(text: str | None) -> dict[str, str] | None:
    """Calling hours as the YAML has them, from "08:00-21:00"; None where none are given. KeyRefused."""
    if text is None:
        return None
    opens, dash, closes = text.partition("-")
    if not (opens.strip() and dash and closes.strip()):
        raise KeyRefused("Calling hours are written as 08:00-21:00.")
    return {"opens": opens.strip(), "closes": closes.strip()}


async def create_key(config: Path, wanted: WantedKey, console: Console, hints: Console, *, as_json: bool) -> None:
    """Make a key, and print it. KeyRefused, PhoneNumberInvalid, InvalidConfiguration, StoreError."""
    configuration = read_configuration(config)
    value = await asyncio.to_thread(sys.stdin.readline) if wanted.value == "-" else wanted.value
    if wanted.value == "-" and not value.strip():
        raise KeyRefused("The standard input has no licence key; without --key, one is made.")
    settings = _settings(wanted)
    numbers = [parse_number(number) for number in wanted.numbers]
    async with open_database(configuration) as database:
        directory, keys = await whole_directory(configuration, database)
        dids = granted_dids(database, directory)
        stock = dids.available()
        if missing := [number for number in numbers if number not in stock]:
            known = f" In stock: {', '.join(stock)}." if stock else " No number of the configuration is in stock."
            raise KeyRefused(f"{', '.join(missing)} cannot be given away: not in stock.{known}")
        made = await keys.create(wanted.name, settings, value.strip())
        for number in numbers:
            if not await dids.hand_out(number, made.name, {}):
                hints.print(f"{number} was taken by somebody else in this moment.")
        found = directory.snapshot.license_keys[made.name]
        given = _numbers_of(directory, made.name)
    if as_json:
        told = {"name": made.name, "key": made.value, "products": sorted(found.products), "numbers": given}
        console.print_json(dumps(told))
        return
    hints.print(ONCE)
    console.print(made.value)


async def revoke_key(config: Path, name: str, *, give_back: bool) -> list[str]:
    """Revoke a key; gives the numbers that are in stock again. KeyRefused, StoreError."""
    configuration = read_configuration(config)
    async with open_database(configuration) as database:
        directory, keys = await whole_directory(configuration, database)
        numbers = [did.number for did in directory.snapshot.dids.values() if did.granted and name in did.owners]
        await keys.revoke(name)
        if not give_back:
            return []
        dids = granted_dids(database, directory)
        return [number for number in numbers if await dids.take_back(number, name)]


async def show_keys(config: Path, console: Console, *, as_json: bool) -> None:
    """Print all keys of the configuration and of the store. StoreError."""
    configuration = read_configuration(config)
    async with open_database(configuration) as database:
        directory, keys = await whole_directory(configuration, database)
    stored = {each.key.name: each for each in keys.every()}
    revoked = {name: each.key for name, each in stored.items() if each.revoked_at}
    everyone = {**revoked, **directory.snapshot.license_keys}
    rows = [_row(directory, key, stored.get(name)) for name, key in everyone.items()]
    if as_json:
        console.print_json(dumps(rows))
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("name", "from", "products", "numbers", "state", "description"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        since = f" {row['revoked_at'][:16].replace('T', ' ')}" if row["revoked_at"] else ""
        table.add_row(
            shown(row["name"]),
            row["from"],
            ", ".join(row["products"]),
            ", ".join(row["numbers"]),
            row["state"] + since,
            shown(row["description"]),
        )
    console.print(table if rows else "There are no licence keys yet: `ringpost keys create NAME` makes one.")


def _row(directory: CurrentDirectory, key: LicenseKey, stored: StoredKey | None) -> dict[str, Any]:
    declared = directory.stated.license_key(key.name) is not None
    revoked = None if declared or stored is None else stored.revoked_at
    return {
        "name": key.shown_name,
        "from": "configuration" if declared else "store",
        "products": sorted(key.products),
        "numbers": _numbers_of(directory, key.name),
        "state": "revoked" if revoked else "suspended" if key.suspended else "demo" if key.demo else "active",
        "description": key.description,
        "created_at": None if declared or stored is None else _moment(stored.created_at),
        "revoked_at": _moment(revoked) if revoked else None,
    }


def _numbers_of(directory: CurrentDirectory, name: str) -> list[str]:
    """The numbers of a key; of one that was revoked, those that nobody else gets."""
    dids = directory.snapshot.dids.values()
    kept = [number for number, grant in directory.grants.items() if name in (grant.license_key, grant.sms_key)]
    return [did.number for did in dids if name in did.owners or (not did.owners and did.number in kept)]


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _settings(wanted: WantedKey) -> dict[str, Any]:
    """The settings as an entry of the YAML has them. InvalidConfiguration for a file that is none."""
    settings: dict[str, Any] = {}
    if wanted.settings is not None:
        file = str(wanted.settings)
        document = parse_document("", file)
        text = read_file(document, document.root.position, wanted.settings)
        if text is not None:
            document = parse_document(text, file)
        document.require()
        settings = {entry.key: plain(entry.value) for entry in document.root}
    for name, value in wanted.options.items():
        if isinstance(value, Mapping):
            given = {inner: each for inner, each in value.items() if each is not None}
            if given:
                settings[name] = {**settings.get(name, {}), **given}
        elif value is not None:
            settings[name] = value
    # As text, which is what the YAML would hold.
    settings = _written(settings)
    products = settings.get("products", "phone")
    if wanted.numbers and not CALLING_PRODUCTS.intersection([products] if isinstance(products, str) else products):
        raise KeyRefused("A number is given to keys with the product phone: add `--product phone`.")
    return settings


def _written(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _written(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_written(each) for each in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
