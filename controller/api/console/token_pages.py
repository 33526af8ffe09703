"""Tokens of the JSON interface: made for programs of a licence key, looked at, and taken back."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from controller.api.console.calls import key_names
from controller.api.console.languages import mark
from controller.api.console.parts import ConsoleParts
from controller.api.console.visit import Audience, Door, Visit, see_other
from controller.api.json_api.scopes import KEY_SCOPES, OPERATORS_SCOPES, SCOPE_WORDS, Scope
from controller.api.store.api_tokens import LONGEST_NAME, MOST_PER_KEY, ApiTokens


class TokenPages:
    """The page of tokens, each of one licence key; and those of the operator."""

    def __init__(self, parts: ConsoleParts) -> None:
        self._tokens = ApiTokens(parts.database)

    def doors(self) -> list[Door]:
        """The doors of this page."""
        return [
            Door("GET", "/tokens", self._list),
            Door("POST", "/tokens", self._make),
            Door("POST", "/tokens/take-back", self._take_back),
            Door("POST", "/tokens/operator", self._make_of_operator, Audience.OPERATORS),
            Door("POST", "/tokens/operator/take-back", self._take_back_of_operator, Audience.OPERATORS),
        ]

    async def _list(self, visit: Visit) -> web.StreamResponse:
        return await self._page(visit)

    async def _page(self, visit: Visit, *, status: int = 200, **more: str) -> web.StreamResponse:
        key = visit.key
        values = {
            "key": key,
            "key_names": key_names(visit),
            "tokens": await self._tokens.of_key(key.name),
            "scopes": {scope: SCOPE_WORDS[scope] for scope in KEY_SCOPES},
            "operators_tokens": await self._tokens.of_key(None) if visit.who.is_operator else [],
            "operators_scopes": {scope: SCOPE_WORDS[scope] for scope in OPERATORS_SCOPES},
            **more,
        }
        return visit.page("tokens.html.j2", values, status=status)

    async def _make(self, visit: Visit) -> web.StreamResponse:
        return await self._make_for(visit, visit.key.name, KEY_SCOPES)

    async def _make_of_operator(self, visit: Visit) -> web.StreamResponse:
        return await self._make_for(visit, None, OPERATORS_SCOPES)

    async def _make_for(self, visit: Visit, key: str | None, offered: Sequence[Scope]) -> web.StreamResponse:
        form = await visit.form()
        name = form.get("name").strip()
        scopes = [each for each in offered if each in form.all("scope")]
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            return await self._page(
                visit, status=422, said=visit.say("A name has 1 to %(most)s characters.", most=LONGEST_NAME)
            )
        if not scopes:
            return await self._page(visit, status=422, said=visit.say("Choose what the token may do."))
        await visit.changes("make a token", name, after=" ".join(scopes), key=key or "")
        token = await self._tokens.make(key, name, scopes, visit.who.name)
        if token is None:
            return await self._page(
                visit, status=409, said=visit.say("There are at most %(most)s tokens.", most=MOST_PER_KEY)
            )
        return await self._page(visit, token=token)

    async def _take_back(self, visit: Visit) -> web.StreamResponse:
        await self._take_back_for(visit, visit.key.name)
        return see_other(f"/tokens{visit.key_query}")

    async def _take_back_of_operator(self, visit: Visit) -> web.StreamResponse:
        await self._take_back_for(visit, None)
        return see_other("/tokens")

    async def _take_back_for(self, visit: Visit, key: str | None) -> None:
        form = await visit.form()
        number = form.get("token")
        if not number.isascii() or not number.isdecimal() or len(number) > 18:
            raise web.HTTPNotFound(text=mark("There is no such token."))
        await visit.changes("take a token back", f"token {number}", key=key or "")
        if await self._tokens.take_back(key, int(number)) is None:
            raise web.HTTPNotFound(text=mark("There is no such token."))
