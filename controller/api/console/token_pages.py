"""Tokens of the JSON interface: made for programs of a licence key, looked at, and taken back."""

from __future__ import annotations

from aiohttp import web

from controller.api.console.calls import key_names
from controller.api.console.parts import ConsoleParts
from controller.api.console.visit import Door, Visit, see_other
from controller.api.json_api.scopes import SCOPE_WORDS, Scope
from controller.api.store.api_tokens import LONGEST_NAME, MOST_PER_KEY, ApiTokens


class TokenPages:
    """The page of tokens, each of one licence key."""

    def __init__(self, parts: ConsoleParts) -> None:
        self._tokens = ApiTokens(parts.database)

    def doors(self) -> list[Door]:
        """The doors of this page."""
        return [
            Door("GET", "/tokens", self._list),
            Door("POST", "/tokens", self._make),
            Door("POST", "/tokens/take-back", self._take_back),
        ]

    async def _list(self, visit: Visit) -> web.StreamResponse:
        return await self._page(visit)

    async def _page(self, visit: Visit, *, status: int = 200, **more: str) -> web.StreamResponse:
        key = visit.key
        values = {
            "key": key,
            "key_names": key_names(visit),
            "tokens": await self._tokens.of_key(key.name),
            "scopes": SCOPE_WORDS,
            **more,
        }
        return visit.page("tokens.html.j2", values, status=status)

    async def _make(self, visit: Visit) -> web.StreamResponse:
        form, key = await visit.form(), visit.key
        name = form.get("name").strip()
        scopes = [each for each in Scope if each in form.all("scope")]
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            return await self._page(visit, status=422, said=f"A name has 1 to {LONGEST_NAME} characters.")
        if not scopes:
            return await self._page(visit, status=422, said="Choose what the token may do.")
        await visit.changes("make a token", name, after=" ".join(scopes), key=key.name)
        token = await self._tokens.make(key.name, name, scopes, visit.who.name)
        if token is None:
            return await self._page(visit, status=409, said=f"A licence key has at most {MOST_PER_KEY} tokens.")
        return await self._page(visit, token=token)

    async def _take_back(self, visit: Visit) -> web.StreamResponse:
        form, key = await visit.form(), visit.key
        number = form.get("token")
        if not number.isascii() or not number.isdecimal() or len(number) > 18:
            raise web.HTTPNotFound(text="There is no such token.")
        await visit.changes("take a token back", f"token {number}", key=key.name)
        if await self._tokens.take_back(key.name, int(number)) is None:
            raise web.HTTPNotFound(text="There is no such token.")
        return see_other(f"/tokens{visit.key_query}")
