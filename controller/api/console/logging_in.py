"""Logging in and out: by name and password, or by a link that works once."""

from __future__ import annotations

import structlog
from aiohttp import web

from controller.api.console.gate import SESSION_COOKIE, keep_session_cookie
from controller.api.console.passwords import Passwords, refusal
from controller.api.console.store.people import LONGEST_NAME, People, Person
from controller.api.console.store.sessions import Sessions, digest
from controller.api.console.visit import ROOT, Audience, Door, Visit, see_other

log = structlog.get_logger()

# Within a quarter of an hour: of one name from one address, of one address, of one name.
MOST_OF_BOTH = 5
MOST_OF_ADDRESS = 30
MOST_OF_NAME = 100


class LoggingIn:
    """The pages of those who come and go."""

    def __init__(self, people: People, sessions: Sessions, passwords: Passwords) -> None:
        self._people = people
        self._sessions = sessions
        self._passwords = passwords

    def doors(self) -> list[Door]:
        """The doors of these pages."""
        return [
            Door("GET", "/log-in", self._show, Audience.EVERYBODY),
            Door("POST", "/log-in", self._log_in, Audience.EVERYBODY),
            Door("GET", "/link/{token}", self._show_link, Audience.EVERYBODY),
            Door("POST", "/link/{token}", self._use_link, Audience.EVERYBODY),
            Door("POST", "/log-out", self._log_out),
            Door("GET", "/me", self._show_me),
            Door("POST", "/me/password", self._set_password),
        ]

    async def _show(self, visit: Visit) -> web.StreamResponse:
        if visit.person is not None:
            return see_other("/")
        return visit.page("log_in.html.j2")

    async def _log_in(self, visit: Visit) -> web.StreamResponse:
        form = await visit.form()
        name, password = form.get("name").strip()[:LONGEST_NAME], form.get("password")
        counted = {
            f"both:{visit.origin.address}:{name.lower()}": MOST_OF_BOTH,
            f"address:{visit.origin.address}": MOST_OF_ADDRESS,
            f"name:{name.lower()}": MOST_OF_NAME,
        }
        counted = {each.replace("\0", " "): most for each, most in counted.items()}
        failures = await self._sessions.failures(list(counted))
        if any(failures.get(each, 0) >= most for each, most in counted.items()):
            log.warning("too many log-ins to the console failed", address=visit.origin.address)
            said = "Too many log-ins failed. Wait a quarter of an hour, or ask your operator for a link."
            return visit.page("log_in.html.j2", {"said": said, "name": name}, status=429)
        found = await self._people.named(name)
        person, password_hash = found or (None, None)
        if not await self._passwords.verify(password_hash, password) or person is None:
            await self._sessions.failed(list(counted))
            log.warning("a log-in to the console failed", address=visit.origin.address)
            return visit.page("log_in.html.j2", {"said": "Name or password is wrong.", "name": name}, status=403)
        return await self._begin(visit, person, "/")

    async def _show_link(self, visit: Visit) -> web.StreamResponse:
        """The link itself changes nothing: programs that look at links in mails would use it up."""
        return visit.page("link.html.j2", {"token": visit.request.match_info["token"]})

    async def _use_link(self, visit: Visit) -> web.StreamResponse:
        used = await self._sessions.use_link(visit.request.match_info["token"])
        if used is None:
            said = "This link was used already, or is too old. Ask your operator for another one."
            return visit.page("log_in.html.j2", {"said": said}, status=403)
        person, has_password = used
        return await self._begin(visit, person, "/" if has_password else "/me")

    async def _begin(self, visit: Visit, person: Person, path: str) -> web.StreamResponse:
        token = await self._sessions.begin(person, visit.origin.address)
        log.info("somebody logged in to the console", person=person.name, address=visit.origin.address)
        response = see_other(path)
        keep_session_cookie(response, visit, token)
        return response

    async def _log_out(self, visit: Visit) -> web.StreamResponse:
        await self._sessions.end(visit.token)
        response = see_other("/log-in")
        response.del_cookie(SESSION_COOKIE, path=ROOT)
        return response

    async def _show_me(self, visit: Visit) -> web.StreamResponse:
        return visit.page("me.html.j2")

    async def _set_password(self, visit: Visit) -> web.StreamResponse:
        form = await visit.form()
        password = form.get("password")
        said = refusal(password, visit.who.name)
        if not said and password != form.get("again"):
            said = "The two passwords are not the same."
        if said:
            return visit.page("me.html.j2", {"said": said}, status=422)
        await visit.changes("set own password", visit.who.name, key=visit.who.license_key or "")
        await self._people.set_password(visit.who, await self._passwords.hash(password), digest(visit.token))
        return visit.page("me.html.j2", {"done": "Your password is set. Your other sessions have ended."})
