"""`ringpost texts`: texts looked at, sent and taken back from the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from json import dumps
from pathlib import Path
from uuid import UUID

from prometheus_client import CollectorRegistry
from rich.console import Console
from rich.table import Table
from rich.text import Text as Styled

from controller.commands.system_store import key_named, open_database, whole_directory
from controller.config.load import Configuration, read_configuration
from controller.errors import RingpostError
from controller.numbers import parse_number
from controller.terminal import shown
from controller.texts.metrics import TextMetrics
from controller.texts.model.order import Refused, TextOrder
from controller.texts.model.states import TextState
from controller.texts.model.text import Direction, Text
from controller.texts.queueing import Queueing, utc_now
from controller.texts.rules import Rules
from controller.texts.service import Texts
from controller.texts.store.lookup import Criteria

STYLES = {
    TextState.ACCEPTED: "green",
    TextState.RECEIVED: "green",
    TextState.REFUSED: "red",
    TextState.EXPIRED: "red",
    TextState.BLOCKED: "red",
    TextState.UNKNOWN: "yellow",
}


@asynccontextmanager
async def _texts(config: Path) -> AsyncIterator[tuple[Configuration, Texts]]:
    configuration = read_configuration(config)
    async with open_database(configuration) as database:
        directory, _ = await whole_directory(configuration, database)
        wait = timedelta(hours=configuration.settings.texts.phone_wait_hours)
        queueing = Queueing(directory, database, Rules(), utc_now, wait)
        yield configuration, Texts(database, directory, queueing, TextMetrics(CollectorRegistry()))


async def list_texts(
    config: Path,
    number: str | None,
    key: str | None,
    did: str | None,
    state: str | None,
    since: datetime | None,
    limit: int,
    console: Console,
    *,
    as_json: bool,
) -> None:
    """Print the newest texts that fit."""
    async with _texts(config) as (configuration, texts):
        criteria = Criteria(
            license_key=None if key is None else configuration.snapshot.stored_name(key),
            their_number=number if number is None or number.startswith("sip:") else parse_number(number),
            our_number=None if did is None else parse_number(did),
            states=None if state is None else (_state(state),),
            since=since,
            limit=limit,
        )
        found = await texts.search(criteria)
    if as_json:
        console.print_json(dumps([_as_json(text) for text in found]))
    else:
        _print(found, console)


async def show_text(config: Path, text_id: str, console: Console, *, as_json: bool) -> bool:
    """Print one text with the replies to it. False when there is none of this id."""
    async with _texts(config) as (_, texts):
        text = await texts.get(_id(text_id))
        replies = [] if text is None else await texts.replies_to(text.text_id)
    if text is None:
        return False
    if as_json:
        console.print_json(dumps({**_as_json(text), "replies": [_as_json(reply) for reply in replies]}))
        return True
    table = Table.grid(padding=(0, 2))
    for name, value in _as_json(text).items():
        if value not in (None, "", False):
            table.add_row(Styled(name, "bold"), Styled(str(value)))
    console.print(table)
    if replies:
        _print(replies, console)
    return True


async def send_text(
    config: Path,
    number: str,
    body: str,
    key: str | None,
    sender: str,
    at: datetime | None,
    reference: str,
    *,
    transactional: bool,
) -> str:
    """Queue a text; gives its id. RingpostError when it is refused."""
    configuration = read_configuration(config)
    async with open_database(configuration) as database:
        name = await key_named(configuration, database, key)
    async with _texts(config) as (_, texts):
        order = TextOrder(
            license_key=name,
            recipient=number,
            body=body,
            sender=sender,
            at=at,
            reference_id=reference,
            transactional=transactional,
            source="cli",
        )
        (answer,) = await texts.queue([order])
    if isinstance(answer, Refused):
        raise RingpostError(answer.message)
    return str(answer.text_id)


async def cancel_text(config: Path, text_id: str) -> bool:
    """Take a text back; False when none of this id waits."""
    async with _texts(config) as (_, texts):
        return await texts.cancel(_id(text_id))


def _print(texts: list[Text], console: Console) -> None:
    """One line for each text, however narrow the terminal is: a table would break ids and numbers."""
    for text in texts:
        arrow = "→" if text.direction is Direction.OUTGOING else "←"
        line = Styled(f"{text.queued_at:%Y-%m-%d %H:%M:%S}  {text.our_number} {arrow} {text.their_number:<13}  ")
        line.append(f"{_state_words(text):<9}", STYLES.get(text.state, ""))
        line.append(f"  {text.segments} SMS  {text.text_id}  {shown(' '.join(text.body.split())[:60])}")
        console.print(line, soft_wrap=True)


def _state_words(text: Text) -> str:
    if text.state is TextState.REFUSED and text.sip_status:
        return f"refused ({text.sip_status})"
    if text.held_until:
        return f"held until {text.held_until:%H:%M}"
    return text.state.value


def _as_json(text: Text) -> dict[str, object]:
    return {
        name: value if value is None or isinstance(value, bool | int) else str(value)
        for name, value in {**asdict(text), "held_until": text.held_until}.items()
    }


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise RingpostError(f"“{text}” is no id of a text; `ringpost texts list` shows them.") from None


def _state(text: str) -> TextState:
    try:
        return TextState(text.lower())
    except ValueError:
        known = ", ".join(TextState)
        raise RingpostError(f"“{text}” is no state of a text: {known}.") from None
