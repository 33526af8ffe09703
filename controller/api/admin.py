"""The administrator's own tools (`ringpost reload`, `ringpost try`): every request carries a token."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict

from aiohttp import web

from controller.api.auth import authorise_operator
from controller.calls.feed import CallFeed, FeedLine
from controller.errors import ConfigurationError, InvalidConfiguration, RingpostError
from controller.numbers import try_number

# A line at least this often, so that a watcher that went away is noticed.
KEEP_ALIVE_SECONDS = 10.0


class AdminHandler:
    """Reload the configuration; watch calls. Every request carries the token of the state directory."""

    def __init__(self, token: str, feed: CallFeed, reload: Callable[[], Awaitable[list[str]]]) -> None:
        self._token = token
        self._feed = feed
        self._reload = reload

    def routes(self) -> list[web.RouteDef]:
        """The routes of this handler."""
        return [
            web.post("/admin/reload", self._on_reload),
            web.get("/admin/calls/feed", self._on_feed),
        ]

    async def _on_reload(self, request: web.Request) -> web.Response:
        """Applies the configuration as it is on disk, all or nothing: 200 with what changed, 422 with the mistakes."""
        authorise_operator(request, self._token)
        try:
            changes = await self._reload()
        except InvalidConfiguration as error:
            return web.json_response(
                {"applied": False, "mistakes": [asdict(mistake) for mistake in error.mistakes]}, status=422
            )
        except ConfigurationError as error:
            return web.json_response({"applied": False, "error": str(error), "error_id": error.error_id}, status=422)
        except RingpostError as error:
            return web.json_response({"applied": False, "error": str(error), "error_id": error.error_id}, status=503)
        return web.json_response({"applied": True, "changes": changes})

    async def _on_feed(self, request: web.Request) -> web.StreamResponse:
        """What happens on calls, one JSON object a line, until the watcher leaves. ?our_number= and ?their_number=
        choose calls.

        Lines are numbered over all calls. `{"event": "lost", "lines": 3}`: the watcher was too slow, and so many lines
        of whichever calls are missing here.
        """
        authorise_operator(request, self._token)
        ours, theirs = _number(request, "our_number"), _number(request, "their_number")
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson", "Cache-Control": "no-store"})
        # A watcher that goes away ends it.
        with suppress(ConnectionResetError), self._feed.watch() as happenings:
            await response.prepare(request)
            await response.write(b"{}\n")
            while True:
                try:
                    async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                        happened = await happenings.get()
                except TimeoutError:
                    await response.write(b"{}\n")
                    continue
                if happened.lost:
                    await response.write(json.dumps({"event": "lost", "lines": happened.lost}).encode() + b"\n")
                call = happened.call
                if ours in (None, call.our_number) and theirs in (None, call.their_number):
                    await response.write(_as_json(happened))
        return response


def _number(request: web.Request, name: str) -> str | None:
    """The phone number in a query; None when it is not asked for."""
    text = request.query.get(name)
    if text is None:
        return None
    number = try_number(text)
    if number is None:
        raise web.HTTPBadRequest(text=f"{name} is not a valid phone number.\n")
    return number


def _as_json(happened: FeedLine) -> bytes:
    line = happened.line
    told = {
        "number": happened.number,
        "queue_id": happened.call.queue_id,
        "at": line.at.isoformat(),
        "event": line.event,
        **line.fields,
    }
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"
