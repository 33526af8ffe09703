"""The gate: every request to the console passes it. Hosts, headers, sessions, forms, and errors as pages."""

from __future__ import annotations

import ipaddress
import secrets
import socket
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from controller.api.auth import Authenticator, Origin
from controller.api.console.languages import Language, mark
from controller.api.console.store.audit import AuditLog
from controller.api.console.store.people import Person
from controller.api.console.store.sessions import Sessions
from controller.api.console.visit import ROOT, Audience, Door, Visit, see_other
from controller.api.page_headers import PAGE_HEADERS
from controller.config.sections import HttpSection
from controller.directory.current import CurrentDirectory
from controller.errors import StoreError

log = structlog.get_logger()

SESSION_COOKIE = "ringpost_console"
FORM_COOKIE = "ringpost_console_form"

PRIVATE = "private, no-store"

_UNSAFE = ("POST",)
# Of a request: what an error is said in.
_LANGUAGE = web.RequestKey("console.language", Language)


class Gate:
    """Lets in whom a door is open to. authenticator: where a request came from, through proxies that are trusted."""

    def __init__(
        self,
        http: HttpSection,
        authenticator: Authenticator,
        directory: CurrentDirectory,
        sessions: Sessions,
        audit: AuditLog,
    ) -> None:
        self._authenticator = authenticator
        self._directory = directory
        self._sessions = sessions
        self._audit = audit
        public = urlsplit(http.public_url).hostname or ""
        self._hosts = {name.lower() for name in ("localhost", public, http.host, socket.gethostname()) if name}

    def route(self, door: Door) -> web.RouteDef:
        """The route of a door."""

        async def answer(request: web.Request) -> web.StreamResponse:
            return await self._let_in(door, request)

        return web.route(door.method, door.path, answer)

    @property
    def middleware(self) -> Callable[..., Awaitable[web.StreamResponse]]:
        """What stands around every answer: headers, and errors as pages."""

        @web.middleware
        async def around(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            try:
                response = await handler(request)
            except web.HTTPException as error:
                response = self._told(request, error)
            except StoreError as error:
                log.warning("a page of the console could not be read", path=request.path, reason=str(error))
                told = web.HTTPServiceUnavailable(
                    text=mark("The database cannot be reached now; try again in a moment.")
                )
                response = self._told(request, told)
            if not response.prepared:
                for name, value in (*PAGE_HEADERS.items(), ("Cache-Control", PRIVATE)):
                    response.headers.setdefault(name, value)
            return response

        return around

    async def session_lasts(self, visit: Visit) -> bool:
        """Whether who came in may stay: asked by what goes on for long."""
        return await self._sessions.person(visit.token) == visit.person

    async def _let_in(self, door: Door, request: web.Request) -> web.StreamResponse:
        origin = self._authenticator.origin(request)
        self._require_host(origin)
        visit = await self._visit(request, origin)
        if door.audience is not Audience.EVERYBODY and visit.person is None:
            if request.method in _UNSAFE:
                raise web.HTTPForbidden(text=mark("You are not logged in."))
            return see_other("/log-in")
        if door.audience is Audience.OPERATORS and not visit.who.is_operator:
            raise web.HTTPForbidden(text=mark("This page is for operators."))
        if request.method in _UNSAFE:
            _require_same_site(request, origin)
            if not door.uploads:
                await visit.form()
        response = await door.answers(visit)
        if visit.person is None and not response.prepared:
            keep_form_cookie(response, visit)
        return response

    async def _visit(self, request: web.Request, origin: Origin) -> Visit:
        token = request.cookies.get(SESSION_COOKIE, "")
        person: Person | None = None
        if 20 <= len(token) <= 100:
            person = await self._sessions.person(token)
        if person is None:
            token = request.cookies.get(FORM_COOKIE, "")
            token = token if 20 <= len(token) <= 100 else secrets.token_urlsafe(32)
        visit = Visit(request, origin, person, token, self._directory.snapshot, self._audit)
        request[_LANGUAGE] = visit.language
        return visit

    def _require_host(self, origin: Origin) -> None:
        """HTTPMisdirectedRequest for a name that is not ours: a page elsewhere may have given it to our address.

        An address is always right: no name can stand for it (DNS rebinding).
        """
        name = (urlsplit(f"//{origin.host}").hostname or "").lower()
        try:
            ipaddress.ip_address(name)
        except ValueError:
            if name not in self._hosts:
                raise web.HTTPMisdirectedRequest(
                    text=mark(
                        "The console is not called so: set `http: {public_url: …}` to the address that people use."
                    )
                ) from None

    def _told(self, request: web.Request, error: web.HTTPException) -> web.StreamResponse:
        """An error as a page; a redirection as it is."""
        if error.status < 400:
            return web.Response(status=error.status, headers=error.headers)
        visit = Visit(request, Origin("", "http", ""), None, "", self._directory.snapshot, self._audit)
        said = error.text or ""
        if said == f"{error.status}: {error.reason}":
            said = ""
        language = request.get(_LANGUAGE) or visit.language
        values = {"status": error.status, "reason": error.reason, "said": language.say(said), "_": language.say}
        answer = visit.page("error.html.j2", values)
        answer.set_status(error.status, error.reason)
        for name in ("Allow", "Retry-After"):
            if name in error.headers:
                answer.headers[name] = error.headers[name]
        return answer


def _require_same_site(request: web.Request, origin: Origin) -> None:
    """HTTPForbidden for a form that a browser sends from another site, as it says itself."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    source = request.headers.get("Origin", "")
    if site not in ("same-origin", "none") or (source and source != "null" and source != origin.base_url):
        raise web.HTTPForbidden(text=mark("This form came from elsewhere: load the page again."))


def keep_form_cookie(response: web.StreamResponse, visit: Visit) -> None:
    """The cookie that a form of somebody not logged in belongs to."""
    if SESSION_COOKIE not in response.cookies:
        response.set_cookie(
            FORM_COOKIE,
            visit.token,
            path=ROOT,
            httponly=True,
            samesite="Lax",
            secure=visit.origin.scheme == "https",
        )


def keep_session_cookie(response: web.StreamResponse, visit: Visit, token: str) -> None:
    """The cookie of a session that begins; it ends with the browser, or with the session."""
    response.set_cookie(
        SESSION_COOKIE, token, path=ROOT, httponly=True, samesite="Lax", secure=visit.origin.scheme == "https"
    )
    response.del_cookie(FORM_COOKIE, path=ROOT)
