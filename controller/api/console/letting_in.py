"""Letting people into the console from outside it: the command line, and the first start."""

from __future__ import annotations

from controller.api.console.people_pages import link_url, name_refusal
from controller.api.console.store.people import People
from controller.api.console.store.sessions import INVITATION_SECONDS, LOG_IN_LINK_SECONDS, Sessions
from controller.config.settings import Settings
from controller.errors import RingpostError
from controller.store.database import Database

FIRST_OPERATOR = "operator"


def console_url(settings: Settings) -> str:
    """Where people find the service: its public address, else that on this machine."""
    return settings.http.public_url or settings.http_url


async def invite(database: Database, base_url: str, name: str, license_key: str | None) -> str:
    """Let somebody in, as the customer of a key (by its name in the store) or as an operator; gives the link.

    RingpostError for a name that cannot be one, or that somebody has; StoreError.
    """
    if reason := name_refusal(name.strip()):
        raise RingpostError(reason)
    person = await People(database).add(name, license_key)
    if person is None:
        raise RingpostError(f"Somebody is called “{name.strip()}” already; `ringpost console link` makes a link.")
    return link_url(base_url, await Sessions(database).make_link(person, INVITATION_SECONDS))


async def log_in_link(database: Database, base_url: str, name: str) -> str:
    """A link that logs somebody in once, within an hour. RingpostError for an unknown name; StoreError."""
    found = await People(database).named(name)
    if found is None:
        raise RingpostError(f"Nobody logs in to the console as “{name}”; `ringpost console list` shows who does.")
    return link_url(base_url, await Sessions(database).make_link(found[0], LOG_IN_LINK_SECONDS))


async def first_link(database: Database, base_url: str) -> str:
    """A link for the operator that every console has at first; the plain address where that one was disabled.

    StoreError.
    """
    people = People(database)
    person = await people.add(FIRST_OPERATOR, None)
    if person is None:
        found = await people.named(FIRST_OPERATOR)
        person = found[0] if found and found[0].is_operator else None
    if person is None:
        return f"{base_url}/console/"
    return link_url(base_url, await Sessions(database).make_link(person, LOG_IN_LINK_SECONDS))
