"""`ringpost optouts`: who gets no more texts, from the command line."""

from __future__ import annotations

from dataclasses import replace
from json import dumps
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text as Styled

from controller.commands.system_store import key_named, open_database, whole_directory
from controller.config.load import read_configuration
from controller.errors import RingpostError
from controller.numbers import parse_number
from controller.texts.consent import Imported, OptOuts
from controller.texts.store.opt_outs import OptOut


async def show_opt_outs(
    config: Path, key: str | None, number: str | None, limit: int, console: Console, *, as_json: bool
) -> None:
    """Print who has opted out, by key and number."""
    found: list[OptOut] = []
    configuration = read_configuration(config)
    stored = None if key is None else configuration.snapshot.stored_name(key)
    async with open_database(configuration) as database:
        async for each in OptOuts(database).every(stored, parse_number(number) if number else None):
            found.append(replace(each, license_key=configuration.snapshot.shown_name(each.license_key)))
            if len(found) >= limit:
                break
    if as_json:
        console.print_json(dumps([_as_json(each) for each in found]))
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("key", "number", "since (UTC)", "DID", "by", "text"):
        table.add_column(column)
    for each in found:
        since = f"{each.at:%Y-%m-%d %H:%M:%S}" if each.at else ""
        table.add_row(each.license_key, each.number, since, each.did, each.source, Styled(each.body[:60]))
    console.print(table)


async def block(config: Path, number: str, key: str | None) -> bool:
    """Block a number; False when it was blocked already."""
    configuration = read_configuration(config)
    async with open_database(configuration) as database:
        opt_out = OptOut(await key_named(configuration, database, key), parse_number(number), source="cli")
        return await OptOuts(database).add(opt_out)


async def open_again(config: Path, number: str, key: str | None) -> bool:
    """Open a number again; False when it was not blocked."""
    configuration = read_configuration(config)
    async with open_database(configuration) as database:
        opt_in = OptOut(await key_named(configuration, database, key), parse_number(number), source="cli")
        return await OptOuts(database).remove(opt_in)


async def import_csv(config: Path, file: Path, key: str | None) -> Imported:
    """Block every number of a CSV. RingpostError when the file cannot be read."""
    configuration = read_configuration(config)
    try:
        async with open_database(configuration) as database:
            name = await key_named(configuration, database, key) if key else None
            directory, _ = await whole_directory(configuration, database)
            with file.open(encoding="utf-8-sig", newline="") as stream:
                return await OptOuts(database).read_csv(stream, directory.snapshot.license_keys, name)
    except (OSError, ValueError) as error:
        raise RingpostError(f"{file} cannot be read: {error}") from None


async def export_csv(config: Path, file: Path, key: str | None) -> int:
    """Write every opt-out into a CSV; how many. RingpostError when it cannot be written."""
    configuration = read_configuration(config)
    try:
        async with open_database(configuration) as database:
            with file.open("w", encoding="utf-8", newline="") as stream:
                name = await key_named(configuration, database, key) if key else None
                return await OptOuts(database).write_csv(stream, name)
    except OSError as error:
        raise RingpostError(f"{file} cannot be written: {error.strerror}") from None


def _as_json(opt_out: OptOut) -> dict[str, str]:
    return {
        "license_key": opt_out.license_key,
        "number": opt_out.number,
        "at": opt_out.at.isoformat() if opt_out.at else "",
        "did": opt_out.did,
        "body": opt_out.body,
        "source": opt_out.source,
    }
