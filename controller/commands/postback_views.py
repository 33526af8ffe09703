"""`ringpost postbacks`: what was or will be told to customers' URLs, looked at and replayed from the command line."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace
from datetime import datetime
from json import dumps
from pathlib import Path
from uuid import UUID

from rich.console import Console

from controller.commands.postback_tables import detail, list_table, stats_table
from controller.commands.system_store import open_database
from controller.config.load import read_configuration
from controller.directory.secrets import make_token
from controller.egress.urls import masked_url
from controller.errors import RingpostError
from controller.postbacks import lookup
from controller.postbacks.receiver import Behaviour, Receiver, received_line


def read_id(text: str) -> UUID:
    """The id of a post-back, as `ringpost postbacks list` shows it."""
    try:
        return UUID(text)
    except ValueError:
        raise RingpostError(f"“{text}” is not the id of a post-back; `ringpost postbacks list` shows them.") from None


async def list_postbacks(config: Path, filters: lookup.Filters, console: Console, *, as_json: bool) -> None:
    """Print the newest that fit."""
    snapshot = read_configuration(config).snapshot
    if filters.license_key is not None:
        filters = replace(filters, license_key=snapshot.stored_name(filters.license_key))
    async with open_database(read_configuration(config)) as database:
        found = await lookup.find(database, filters)
    entries = [
        replace(entry, url=masked_url(entry.url), license_key=snapshot.shown_name(entry.license_key)) for entry in found
    ]
    if as_json:
        console.print_json(dumps([asdict(entry) for entry in entries], default=str))
    else:
        console.print(list_table(entries))


async def show_postback(config: Path, postback_id: UUID, console: Console) -> bool:
    """Print one with all its attempts. False when there is none of this id."""
    async with open_database(read_configuration(config)) as database:
        found = await lookup.show(database, postback_id)
    if found is not None:
        console.print(detail(*found))
    return found is not None


async def replay_postback(config: Path, postback_id: UUID) -> bool:
    """Have one delivered anew. False when there is none of this id."""
    async with open_database(read_configuration(config)) as database:
        return await lookup.replay(database, postback_id)


async def replay_postback_to(config: Path, postback_id: UUID, url: str) -> UUID | None:
    """Have one delivered once more, to another URL; gives the new one's id. None when there is none of this id."""
    async with open_database(read_configuration(config)) as database:
        return await lookup.replay_to(database, postback_id, url)


async def replay_failed(config: Path, since: datetime, until: datetime, license_key: str | None) -> int:
    """Have all that were given up in a period delivered anew; how many."""
    if license_key is not None:
        license_key = read_configuration(config).snapshot.stored_name(license_key)
    async with open_database(read_configuration(config)) as database:
        return await lookup.replay_failed(database, since, until, license_key=license_key)


async def show_stats(config: Path, console: Console) -> None:
    """Print the outbox at a glance."""
    async with open_database(read_configuration(config)) as database:
        console.print(stats_table(await lookup.stats(database)))


def receiver_token(given: str, configuration: Path | None) -> str:
    """What is shown to a receiver: the token that was given, a configuration's own, or a new one."""
    if configuration is not None:
        return read_configuration(configuration).admin_token
    return given or make_token()


async def run_receiver(
    port: int, host: str, secrets: list[str], behaviour: Behaviour, console: Console, token: str
) -> None:
    """Print each post-back as it arrives, until interrupted. PortInUse.

    token: what whoever asks for post-backs, or changes how they are answered, must show.
    """
    receiver = Receiver(
        secrets=tuple(secrets),
        token=token,
        behaviour=behaviour,
        on_received=lambda received: console.print(received_line(received), markup=False, soft_wrap=True),
    )
    runner = await receiver.start(port, host=host)
    try:
        console.print(f"Listening on http://{host}:{port}/ (Ctrl-C ends it)")
        console.print(f"To read what arrived: --header 'Authorization: Bearer {token}'", soft_wrap=True)
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
