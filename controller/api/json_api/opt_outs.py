"""Opt-outs over the JSON interface: who gets no more texts of the key."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from controller.api.json_api.declaration import Asked, Told, api_operation
from controller.api.json_api.errors import ApiRefused, not_found
from controller.api.json_api.scopes import Scope, TokenBearer
from controller.api.json_api.values import phone_number
from controller.store.database import Database
from controller.texts.consent import OptOuts
from controller.texts.store import opt_outs
from controller.texts.store.opt_outs import OptOut

SOURCE = "api"
MOST = 500
PhoneNumber = Annotated[str, Field(min_length=1, max_length=40)]


class OptOutsAsked(Asked):
    """Which opt-outs. after: the last number of the page before."""

    number: Annotated[str, Field(max_length=40)] = ""
    after: Annotated[str, Field(max_length=40)] = ""
    limit: Annotated[int, Field(ge=1, le=MOST)] = 100


class OptOutAsked(Asked):
    """A number that opts out."""

    number: PhoneNumber


class KnownOptOut(Told):
    """A number that has opted out: when, at which number of the key, by what."""

    number: str
    at: datetime | None
    did: str
    body: str
    source: str


class KnownOptOuts(Told):
    """Opt-outs, by number."""

    opt_outs: tuple[KnownOptOut, ...]


class OptOutChanged(Told):
    """The number, and whether that changed something."""

    number: str
    changed: bool


class OptOutOperations:
    """Operations on opt-outs."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._opt_outs = OptOuts(database)

    @api_operation("GET", "/opt-outs", Scope.TEXTS_READ)
    async def list_opt_outs(self, asked: OptOutsAsked, bearer: TokenBearer) -> KnownOptOuts:
        """Who has opted out of the texts of the key, by number."""
        number, after = phone_number("number", asked.number), phone_number("after", asked.after) or ""
        found = await opt_outs.page(self._database, bearer.key.name, number, after, asked.limit)
        told = [
            KnownOptOut(number=each.number, at=each.at, did=each.did, body=each.body, source=each.source)
            for each in found
        ]
        return KnownOptOuts(opt_outs=tuple(told))

    @api_operation("POST", "/opt-outs", Scope.TEXTS_WRITE, audited=True)
    async def add_opt_out(self, asked: OptOutAsked, bearer: TokenBearer) -> OptOutChanged:
        """Send a number no more texts. Nobody is told."""
        number = _required(asked.number)
        opted = OptOut(bearer.key.name, number, body=f"by the token {bearer.name}", source=SOURCE)
        return OptOutChanged(number=number, changed=await self._opt_outs.add(opted))

    @api_operation("POST", "/opt-outs/{number}/delete", Scope.TEXTS_WRITE, audited=True)
    async def remove_opt_out(self, asked: OptOutAsked, bearer: TokenBearer) -> OptOutChanged:
        """Let a number get texts again. Its owner has to have agreed to that."""
        number = _required(asked.number)
        opted = OptOut(bearer.key.name, number, body=f"by the token {bearer.name}", source=SOURCE)
        if not await self._opt_outs.remove(opted):
            raise not_found("opt-out")
        return OptOutChanged(number=number, changed=True)


def _required(text: str) -> str:
    number = phone_number("number", text)
    if number is None:
        raise ApiRefused(422, "invalid", "number: not a valid phone number")
    return number
