"""A visit: one request to the console, with who makes it, and what its pages answer with."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import parse_qsl, urlencode

import aiohttp_jinja2
from aiohttp import web

from controller.api.auth import Origin
from controller.api.console.languages import Language, chosen, mark
from controller.api.console.store.audit import AuditLog, Change
from controller.api.console.store.people import Person
from controller.directory.snapshot import LicenseKey, Snapshot

ROOT = "/console"
LARGEST_FORM = 512 * 1024
_MOST_FIELDS = 200


# The pages that every other one links to.
PAGES = (
    ("/", mark("Overview")),
    ("/calls", mark("Calls")),
    ("/postbacks", mark("Post-backs")),
    ("/texts", mark("Texts")),
    ("/phone", mark("Phone")),
    ("/numbers", mark("Numbers")),
    ("/sounds", mark("Recordings")),
    ("/menus", mark("Sequences and IVRs")),
    ("/scripts", mark("Scripts")),
    ("/usage", mark("Usage")),
    ("/tokens", mark("API tokens")),
)
OPERATORS_PAGES = (("/people", mark("People")), ("/audit", mark("Audit log")))


class Audience(Enum):
    """Whom a door is open to."""

    EVERYBODY = auto()
    LOGGED_IN = auto()
    OPERATORS = auto()


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, each by its name; several of one name are in `all`."""

    fields: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """The first value; empty without one."""
        return next((value for each, value in self.fields if each == name), "")

    def all(self, name: str) -> list[str]:
        """Every value."""
        return [value for each, value in self.fields if each == name]


@dataclass(slots=True)
class Visit:
    """One request. person: None of somebody who is not logged in. token: of the session, or of the log-in form.

    snapshot: the directory as it was at the beginning of the request.
    """

    request: web.Request
    origin: Origin
    person: Person | None
    token: str
    snapshot: Snapshot
    audit: AuditLog
    read: Form | None = None
    chosen_key: str = ""

    @property
    def who(self) -> Person:
        """The person, at a door that is open to those who are logged in only."""
        if self.person is None:
            raise web.HTTPForbidden
        return self.person

    @property
    def language(self) -> Language:
        """What the person chose to be answered in, or else what the browser asks for."""
        setting = self.person.language if self.person else ""
        return chosen(setting, self.request.headers.get("Accept-Language", ""))

    def say(self, message: str, /, **values: object) -> str:
        """A message in the language of this visit, with values put in."""
        return self.language.say(message, **values)

    @property
    def csrf(self) -> str:
        """What a form of this session must carry: nobody else can know it."""
        return csrf_of(self.token)

    @property
    def key_name(self) -> str | None:
        """Whose data is shown, by the key's name in the store; None for everybody's. An operator may choose a key.

        HTTPNotFound for a key that there is not.
        """
        if not self.who.is_operator:
            return self.who.license_key
        chosen = self.chosen_key or self.request.query.get("key", "") or (self.read.get("key") if self.read else "")
        return self._declared(chosen).name if chosen else None

    @property
    def key(self) -> LicenseKey:
        """The licence key whose things are looked at and changed; an operator who names none gets the first."""
        name = self.key_name
        if name is None:
            first = next(iter(self.snapshot.license_keys.values()), None)
            if first is None:
                raise web.HTTPNotFound(text=mark("The configuration has no licence key."))
            return first
        found = self.snapshot.license_key(name)
        if found is None:
            raise web.HTTPForbidden(text=mark("Your licence key is not in use any more."))
        return found

    def choose_key(self, shown_name: str) -> None:
        """The key that an operator's upload names; of a customer it stays the own one."""
        self.chosen_key = shown_name

    @property
    def key_query(self) -> str:
        """What an address needs after its path so that the same key is looked at; nothing for a customer."""
        return f"?{urlencode({'key': self.key.shown_name})}" if self.who.is_operator else ""

    def _declared(self, shown_name: str) -> LicenseKey:
        key = self.snapshot.key_declared_as(shown_name)
        if key is None:
            raise web.HTTPNotFound(text=mark("There is no such licence key."))
        return key

    @property
    def pages(self) -> tuple[tuple[str, str], ...]:
        """The paths of the pages that this person may look at, and their names."""
        return PAGES + (OPERATORS_PAGES if self.who.is_operator else ())

    def is_on(self, path: str) -> bool:
        """Whether this request is for a page, or one below it."""
        here = self.request.path.removeprefix(ROOT)
        return here == path or (path != "/" and here.startswith(f"{path}/"))

    def sees(self, license_key: str) -> bool:
        """Whether what belongs to this key (by its name in the store) may be seen."""
        return self.who.is_operator or self.who.license_key == license_key

    def query(self, name: str) -> str:
        """A parameter of the address, without blanks around it; empty without one."""
        return self.request.query.get(name, "").strip()[:500]

    async def form(self) -> Form:
        """What was posted. HTTPForbidden without the session's CSRF token; HTTPBadRequest for what is no form."""
        if self.read is None:
            if self.request.content_type != "application/x-www-form-urlencoded":
                raise web.HTTPUnsupportedMediaType(text=mark("This is no form of the console."))
            if (self.request.content_length or 0) > LARGEST_FORM:
                raise web.HTTPRequestEntityTooLarge(LARGEST_FORM, self.request.content_length or 0)
            body = (await self.request.read())[: LARGEST_FORM + 1]
            try:
                pairs = parse_qsl(
                    body.decode(errors="replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="replace"
                )
            except ValueError:
                raise web.HTTPBadRequest(text=mark("This form has too many fields.")) from None
            self.read = Form(tuple(pairs))
        self.require_csrf(self.read.get("csrf"))
        return self.read

    def require_csrf(self, given: str) -> None:
        """HTTPForbidden for another token than that of the session."""
        if not self.token or not hmac.compare_digest(given.encode(errors="replace"), self.csrf.encode()):
            raise web.HTTPForbidden(text=mark("This form is too old, or came from elsewhere: load the page again."))

    async def changes(self, action: str, subject: str, before: str = "", after: str = "", *, key: str = "") -> None:
        """Write a change down that this person makes; key: whose data it is, by the name in the store. StoreError."""
        change = Change(action, subject, before, after, key or None)
        await self.audit.add(self.who, self.origin.address, change)

    def page(self, template: str, values: Mapping[str, object] | None = None, *, status: int = 200) -> web.Response:
        """A page, from its template."""
        context: dict[str, object] = {
            "visit": self,
            "person": self.person,
            "root": ROOT,
            "csrf": self.csrf,
            "_": self.language.say,
        }
        context |= values or {}
        return aiohttp_jinja2.render_template(template, self.request, context, status=status)

    def fragment(self, template: str, values: Mapping[str, object]) -> str:
        """A part of a page, as HTML."""
        context: dict[str, object] = {
            "visit": self,
            "person": self.person,
            "root": ROOT,
            "csrf": self.csrf,
            "_": self.language.say,
        }
        context |= values
        return aiohttp_jinja2.render_string(template, self.request, context)


def csrf_of(token: str) -> str:
    """The CSRF token of a session's token, or of the log-in form's."""
    return hashlib.sha256(b"csrf of the console:" + token.encode(errors="replace")).hexdigest()


Handler = Callable[[Visit], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Door:
    """One address of the console: its method, its path below `ROOT`, and whom it is open to.

    Whoever answers need not ask whether somebody may come in, but must ask whether they may see what they name.
    uploads: the form has a file; whoever answers reads it, and asks for the CSRF token.
    """

    method: str
    path: str
    answers: Handler
    audience: Audience = Audience.LOGGED_IN
    uploads: bool = False


def see_other(path: str) -> web.Response:
    """After a change: the page that shows it."""
    return web.Response(status=303, headers={"Location": ROOT + path})
