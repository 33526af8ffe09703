"""Logging in and out: by name and password, or by a link that works once."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import structlog
from aiohttp import web

from controller.api.console.gate import SESSION_COOKIE, keep_session_cookie
from controller.api.console.languages import NAMES
from controller.api.console.one_time_codes import app_address, new_secret, step_of
from controller.api.console.passwords import Passwords, refusal
from controller.api.console.store.people import LONGEST_NAME, People, Person
from controller.api.console.store.sessions import Sessions, digest
from controller.api.console.visit import ROOT, Audience, Door, Visit, see_other

log = structlog.get_logger()

# Within a quarter of an hour: of one name from one address, of one address, of one name.
MOST_OF_BOTH = 5
MOST_OF_ADDRESS = 30
MOST_OF_NAME = 100
_SECRET = re.compile(r"[A-Z2-7]{32}")


class LoggingIn:
    """The pages of those who come and go."""

    def __init__(
        self, people: People, sessions: Sessions, passwords: Passwords, now: Callable[[], float] = time.time
    ) -> None:
        self._people = people
        self._now = now
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
            Door("POST", "/me/language", self._set_language),
            Door("POST", "/me/codes", self._set_codes),
            Door("POST", "/me/codes/remove", self._remove_codes),
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
            said = visit.say("Too many log-ins failed. Wait a quarter of an hour, or ask your operator for a link.")
            return visit.page("log_in.html.j2", {"said": said, "name": name}, status=429)
        found = await self._people.named(name)
        person, password_hash = found or (None, None)
        if (
            not await self._passwords.verify(password_hash, password)
            or person is None
            or not await self._takes_code(person, form.get("code"))
        ):
            await self._sessions.failed(list(counted))
            log.warning("a log-in to the console failed", address=visit.origin.address)
            said = visit.say("Name, password or code is wrong.")
            return visit.page("log_in.html.j2", {"said": said, "name": name}, status=403)
        return await self._begin(visit, person, "/")

    async def _takes_code(self, person: Person, code: str) -> bool:
        """Whether the code is right and was not used, or none is asked for."""
        secret, last_step = await self._people.codes(person)
        if not secret:
            return True
        step = step_of(secret, code, self._now(), last_step)
        return step is not None and await self._people.use_code(person, step)

    async def _show_link(self, visit: Visit) -> web.StreamResponse:
        """The link itself changes nothing: programs that look at links in mails would use it up."""
        return visit.page("link.html.j2", {"token": visit.request.match_info["token"]})

    async def _use_link(self, visit: Visit) -> web.StreamResponse:
        used = await self._sessions.use_link(visit.request.match_info["token"])
        if used is None:
            said = visit.say("This link was used already, or is too old. Ask your operator for another one.")
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
        return await self._me(visit)

    async def _me(self, visit: Visit, *, status: int = 200, secret: str = "", **said: str) -> web.StreamResponse:
        """The person's page. secret: of codes that are being set up; without one, a new one is offered."""
        has_codes = bool((await self._people.codes(visit.who))[0])
        secret = secret or new_secret()
        address = app_address(secret, visit.who.name, visit.origin.host)
        values = {"has_codes": has_codes, "secret": secret, "address": address, "languages": NAMES, **said}
        return visit.page("me.html.j2", values, status=status)

    async def _set_language(self, visit: Visit) -> web.StreamResponse:
        code = (await visit.form()).get("language")
        if code and code not in NAMES:
            return await self._me(visit, status=422, said=visit.say("There is no such language."))
        who = visit.who
        await visit.changes("choose a language", who.name, who.language, code, key=who.license_key or "")
        await self._people.set_language(who, code)
        return see_other("/me")

    async def _set_codes(self, visit: Visit) -> web.StreamResponse:
        form = await visit.form()
        secret = form.get("secret")
        step = step_of(secret, form.get("code"), self._now(), 0) if _SECRET.fullmatch(secret) else None
        if step is None:
            return await self._me(
                visit, status=422, secret=secret, said=visit.say("This is not the code that the app shows now.")
            )
        await visit.changes("set up codes of an app", visit.who.name, key=visit.who.license_key or "")
        await self._people.set_codes(visit.who, secret, step)
        return await self._me(visit, done=visit.say("From now on, the log-in asks for a code of your app."))

    async def _remove_codes(self, visit: Visit) -> web.StreamResponse:
        form = await visit.form()
        if not await self._takes_code(visit.who, form.get("code")):
            return await self._me(visit, status=422, said=visit.say("This is not the code that the app shows now."))
        await visit.changes("remove codes of an app", visit.who.name, key=visit.who.license_key or "")
        await self._people.set_codes(visit.who, "")
        return await self._me(visit, done=visit.say("The log-in asks for no code any more."))

    async def _set_password(self, visit: Visit) -> web.StreamResponse:
        form = await visit.form()
        password = form.get("password")
        reason = refusal(password, visit.who.name)
        said = visit.say(reason) if reason else ""
        if not said and password != form.get("again"):
            said = visit.say("The two passwords are not the same.")
        if said:
            return await self._me(visit, status=422, said=said)
        await visit.changes("set own password", visit.who.name, key=visit.who.license_key or "")
        await self._people.set_password(visit.who, await self._passwords.hash(password), digest(visit.token))
        return await self._me(visit, done=visit.say("Your password is set. Your other sessions have ended."))
