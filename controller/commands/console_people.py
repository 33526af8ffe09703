"""`ringpost console`: people are let into the console, and out of it, from the command line."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

from rich.console import Console
from rich.table import Table

from controller.api.console import letting_in
from controller.api.console.store.people import People
from controller.commands.system_store import key_named, open_database
from controller.config.load import read_configuration
from controller.errors import RingpostError
from controller.terminal import shown


async def invite_person(config: Path, name: str, key: str | None) -> str:
    """Let somebody in; gives the link. RingpostError for a name that is taken, or an unknown key."""
    configuration = read_configuration(config)
    async with open_database(configuration) as database:
        license_key = None if key is None else await key_named(configuration, database, key)
        base_url = letting_in.console_url(configuration.settings)
        return await letting_in.invite(database, base_url, name, license_key)


async def link_for(config: Path, name: str) -> str:
    """A link that logs somebody in once. RingpostError for an unknown name."""
    configuration = read_configuration(config)
    async with open_database(configuration) as database:
        return await letting_in.log_in_link(database, letting_in.console_url(configuration.settings), name)


async def disable_person(config: Path, name: str) -> None:
    """Let somebody in no more. RingpostError for an unknown name."""
    async with open_database(read_configuration(config)) as database:
        if not await People(database).disable(name):
            raise RingpostError(f"Nobody logs in to the console as “{name}”.")


async def forget_codes_of(config: Path, name: str) -> None:
    """Ask somebody for no code any more. RingpostError for an unknown name."""
    async with open_database(read_configuration(config)) as database:
        people = People(database)
        found = await people.named(name)
        if found is None:
            raise RingpostError(f"Nobody logs in to the console as “{name}”.")
        await people.set_codes(found[0], "")


async def show_people(config: Path, console: Console) -> None:
    """Print who may log in."""
    configuration = read_configuration(config)
    async with open_database(configuration) as database:
        entries = await People(database).every()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("name", "role", "key", "password", "seen (UTC)", ""):
        table.add_column(heading, overflow="fold")
    for entry in entries:
        key = entry.person.license_key
        table.add_row(
            shown(entry.person.name),
            entry.person.role.value,
            shown(configuration.snapshot.shown_name(key)) if key else "",
            "set" if entry.has_password else "none",
            f"{entry.seen_at.astimezone(UTC):%Y-%m-%d %H:%M}" if entry.seen_at else "",
            "disabled" if entry.disabled_at else "",
        )
    console.print(table if entries else "Nobody may log in to the console yet.")
