"""Who may log in, and what they changed: pages for operators."""

from __future__ import annotations

from aiohttp import web

from controller.api.console.calls import key_names
from controller.api.console.languages import mark
from controller.api.console.store.audit import AuditLog
from controller.api.console.store.people import LONGEST_NAME, People
from controller.api.console.store.sessions import INVITATION_SECONDS, LOG_IN_LINK_SECONDS, Sessions
from controller.api.console.visit import ROOT, Audience, Door, Visit, see_other


class PeoplePages:
    """The pages of people and of the audit log."""

    def __init__(self, people: People, sessions: Sessions, audit: AuditLog) -> None:
        self._people = people
        self._sessions = sessions
        self._audit = audit

    def doors(self) -> list[Door]:
        """The doors of these pages."""
        only = Audience.OPERATORS
        return [
            Door("GET", "/people", self._list, only),
            Door("POST", "/people", self._invite, only),
            Door("POST", "/people/link", self._link, only),
            Door("POST", "/people/disable", self._disable, only),
            Door("POST", "/people/enable", self._enable, only),
            Door("GET", "/audit", self._show_audit, only),
        ]

    async def _list(self, visit: Visit) -> web.StreamResponse:
        return await self._page(visit)

    async def _page(self, visit: Visit, *, status: int = 200, **values: str) -> web.StreamResponse:
        context: dict[str, object] = {"entries": await self._people.every(), "key_names": key_names(visit), **values}
        return visit.page("people.html.j2", context, status=status)

    async def _invite(self, visit: Visit) -> web.StreamResponse:
        form = await visit.form()
        name, of_key = form.get("name").strip(), form.get("key")
        if name_refusal(name):
            said = visit.say("A name has 1 to %(most)s characters.", most=LONGEST_NAME)
            return await self._page(visit, status=422, said=said)
        key = visit.key.name if of_key else None
        await visit.changes("invite", name, after=f"customer of {of_key}" if of_key else "operator", key=key or "")
        person = await self._people.add(name, key)
        if person is None:
            return await self._page(
                visit, status=409, said=visit.say("Somebody is called “%(name)s” already.", name=name)
            )
        link = await self._sessions.make_link(person, INVITATION_SECONDS)
        return await self._page(visit, link=link_url(visit.origin.base_url, link), for_whom=name)

    async def _link(self, visit: Visit) -> web.StreamResponse:
        name = (await visit.form()).get("name")
        found = await self._people.named(name)
        if found is None:
            raise web.HTTPNotFound(text=mark("Nobody of this name may log in."))
        await visit.changes("make a log-in link", found[0].name, key=found[0].license_key or "")
        link = await self._sessions.make_link(found[0], LOG_IN_LINK_SECONDS)
        return await self._page(visit, link=link_url(visit.origin.base_url, link), for_whom=found[0].name)

    async def _disable(self, visit: Visit) -> web.StreamResponse:
        name = (await visit.form()).get("name")
        if name.lower() == visit.who.name.lower():
            return await self._page(visit, status=409, said=visit.say("You cannot disable yourself."))
        await visit.changes("disable a person", name)
        if not await self._people.disable(name):
            raise web.HTTPNotFound(text=mark("Nobody of this name may log in."))
        return see_other("/people")

    async def _enable(self, visit: Visit) -> web.StreamResponse:
        name = (await visit.form()).get("name")
        await visit.changes("enable a person", name)
        if not await self._people.enable(name):
            raise web.HTTPNotFound(text=mark("Nobody of this name is disabled."))
        return see_other("/people")

    async def _show_audit(self, visit: Visit) -> web.StreamResponse:
        text = visit.query("before")
        before = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
        return visit.page("audit.html.j2", {"entries": await self._audit.page(before)})


def name_refusal(name: str) -> str:
    """Why nobody can log in by this name; empty when somebody can."""
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        return f"A name has 1 to {LONGEST_NAME} characters."
    return ""


def link_url(base_url: str, token: str) -> str:
    """The address that logs somebody in once. base_url: of the service, without a slash at its end."""
    return f"{base_url}{ROOT}/link/{token}"
