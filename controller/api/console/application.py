"""The console as an application of its own, to be hung below `/console`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_network
from pathlib import Path

import aiohttp_jinja2
import jinja2
from aiohttp import web

from controller.api.auth import Authenticator, Guesses
from controller.api.console.calls import CallPages
from controller.api.console.gate import Gate
from controller.api.console.live import Streams
from controller.api.console.logging_in import LoggingIn
from controller.api.console.menus import MenuPages
from controller.api.console.number_settings import NumberSettings
from controller.api.console.operations.operator import OperatorOperations
from controller.api.console.operations.overview import OverviewOperations
from controller.api.console.operations.people import PeopleOperations
from controller.api.console.operations.scripts import ScriptOperations
from controller.api.console.overview import Overview
from controller.api.console.parts import ConsoleParts
from controller.api.console.passwords import Passwords
from controller.api.console.people_pages import PeoplePages
from controller.api.console.phone import PhonePages
from controller.api.console.phone_socket import PhoneSockets
from controller.api.console.postbacks import PostbackPages
from controller.api.console.script_history import ScriptHistory
from controller.api.console.scripts import ScriptPages
from controller.api.console.sounds import SoundPages
from controller.api.console.store.audit import AuditLog
from controller.api.console.store.people import People
from controller.api.console.store.sessions import Sessions
from controller.api.console.texts import TextPages
from controller.api.console.token_pages import TokenPages
from controller.api.console.usage_pages import UsagePages
from controller.api.console.visit import ROOT, Door
from controller.api.console.words import FILTERS
from controller.api.page_headers import PAGE_HEADERS
from controller.api.reads import Reads

_HERE = Path(__file__).parent
_STATIC_TYPES = {
    "console.css": "text/css",
    "console.js": "text/javascript",
    "phone.js": "text/javascript",
    "recorder.js": "text/javascript",
    "microphone.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
# Made of packages from npm when the service is installed (`make browser-library`); without it the page says so.
_LIBRARY = _HERE / "static" / "jssip.js"


class Console:
    """The console: its doors, and the application that has them. reads: what its lists are read by, while it runs.

    operations: what declares operations of the JSON interface on what the console has. audit: where changes are noted.
    """

    def __init__(self, parts: ConsoleParts) -> None:
        people, sessions, audit = People(parts.database), Sessions(parts.database), AuditLog(parts.database)
        proxies = tuple(map(ip_network, parts.http.trusted_proxies))
        authenticator = Authenticator(lambda _text: None, Guesses(), proxies)
        self._gate = Gate(parts.http, authenticator, parts.directory, sessions, audit)
        self.reads = Reads(parts.database)
        streams = Streams(self._gate)
        self.audit = audit
        self.operations: Sequence[object] = (
            ScriptOperations(parts),
            OverviewOperations(self.reads),
            OperatorOperations(parts, self.reads, audit),
            PeopleOperations(people, sessions, parts),
        )
        self._sockets = PhoneSockets(parts.phones, self._gate)
        self._has_library = _LIBRARY.is_file()
        self.doors: Sequence[Door] = [
            *LoggingIn(people, sessions, Passwords()).doors(),
            *Overview(parts, self.reads).doors(),
            *CallPages(parts, self.reads, streams).doors(),
            *PostbackPages(parts, self.reads).doors(),
            *PhonePages(parts, self._sockets, has_library=self._has_library).doors(),
            *TextPages(parts.database, self.reads, parts.texts).doors(),
            *SoundPages(parts.sounds, parts.notifications).doors(),
            *ScriptPages(parts).doors(),
            *ScriptHistory(parts).doors(),
            *MenuPages(parts).doors(),
            *NumberSettings(parts).doors(),
            *UsagePages(parts, self.reads).doors(),
            *TokenPages(parts).doors(),
            *PeoplePages(people, sessions, audit).doors(),
        ]

    def application(self) -> web.Application:
        """An application to be added below `ROOT`."""
        application = web.Application(middlewares=[self._gate.middleware])
        aiohttp_jinja2.setup(
            application,
            loader=jinja2.FileSystemLoader(_HERE / "templates"),
            undefined=jinja2.StrictUndefined,
            filters=FILTERS,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        application.cleanup_ctx.append(self.reads.own_connections)
        application.add_routes([self._gate.route(door) for door in self.doors])
        application.on_shutdown.append(self._sockets.close)
        library = {_LIBRARY.name: "text/javascript"} if self._has_library else {}
        for name, content_type in (_STATIC_TYPES | library).items():
            application.router.add_get(f"/static/{name}", _file(_HERE / "static" / name, content_type))
        return application


def console_root() -> web.RouteDef:
    """`/console` without its slash leads to the console."""

    async def lead(_request: web.Request) -> web.Response:
        raise web.HTTPFound(f"{ROOT}/")

    return web.get(ROOT, lead)


def _file(path: Path, content_type: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    body = path.read_bytes()

    async def serve(_request: web.Request) -> web.Response:
        headers = {**PAGE_HEADERS, "Cache-Control": "public, max-age=300"}
        return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)

    return serve
