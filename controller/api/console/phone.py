"""The telephone in the browser: its page, the account that each browser gets, and which call it has."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from contextlib import suppress

from aiohttp import web

from controller.api.console.calls import key_names
from controller.api.console.languages import mark
from controller.api.console.live import something_happens
from controller.api.console.parts import ConsoleParts
from controller.api.console.phone_socket import PhoneSockets
from controller.api.console.visit import ROOT, Door, Visit
from controller.api.voipms.values import dids_of
from controller.asterisk.browser_phones import NAME, BrowserPhone
from controller.asterisk.configuration import BROWSER_PREFIX
from controller.directory.snapshot import Did
from controller.errors import AsteriskError

# The page asks again as long as it has a call.
CALL_SECONDS = 15.0
# Pages that record or call may use the microphone; no other one, and nobody's frame.
MICROPHONE = {"Permissions-Policy": "camera=(), geolocation=(), microphone=(self)"}


# What the page itself says.
WORDS = (
    mark("Connecting …"),
    mark("You are not logged in any more: load the page again."),
    mark("Browsers give the microphone to pages over HTTPS and of localhost only."),
    mark("The browser plays no sound: allow it for this page."),
    mark("the connection is lost"),
    mark("the console answered %(status)s"),
    mark("Ready. Calls show %(number)s."),
    mark("Asterisk refused the account: %(cause)s"),
    mark("from %(number)s"),
    mark("Ringing %(to)s …"),
    mark("In a call with %(to)s."),
    mark("The call is over: you hung up."),
    mark("The call is over: the other side hung up."),
    mark("Calling %(to)s …"),
    mark("No call: the browser did not give the microphone."),
    mark("No call: this is not one of your numbers."),
    mark("No call: %(cause)s."),
    mark("Call %(queue_id)s"),
    mark("to %(to)s, sending …"),
    mark("to %(to)s, taken"),
    mark("to %(to)s, not sent: this is not one of your numbers for texts"),
    mark("to %(to)s, refused: %(cause)s"),
    mark("Not connected: %(reason)s. Trying again …"),
)


class PhonePages:
    """The page of the telephone. has_library: whether the browser's part of SIP was installed with the service."""

    def __init__(self, parts: ConsoleParts, sockets: PhoneSockets, *, has_library: bool) -> None:
        self._parts = parts
        self._sockets = sockets
        self._has_library = has_library

    def doors(self) -> list[Door]:
        """The doors of these pages."""
        return [
            Door("GET", "/phone", self._show),
            Door("POST", "/phone/account", self._make_account),
            Door("GET", "/phone/socket", self._connect),
            Door("GET", "/phone/call", self._call),
        ]

    async def _show(self, visit: Visit) -> web.StreamResponse:
        key = visit.key
        values = {
            "key": key,
            "key_names": key_names(visit),
            "dids": _dids(visit),
            "has_library": self._has_library,
            "words": {message: visit.language.catalogue.gettext(message) for message in WORDS},
            "is_open": bool(self._parts.phones.socket_url),
        }
        page = visit.page("phone.html.j2", values)
        page.headers.update(MICROPHONE)
        return page

    async def _make_account(self, visit: Visit) -> web.StreamResponse:
        """The name and the password of an account: it begins with the socket that names it, and ends with that."""
        form, key = await visit.form(), visit.key
        number = _own_number(visit, form.get("number"))
        await visit.changes("connect a browser as a telephone", number, key=key.name)
        name = f"{BROWSER_PREFIX}{secrets.token_hex(8)}"
        phone = _phone(visit, name, number)
        return web.json_response({"name": name, "password": phone.password, "number": number})

    async def _connect(self, visit: Visit) -> web.StreamResponse:
        """SIP, between the browser and Asterisk."""
        name = visit.query("name")
        if not NAME.fullmatch(name):
            raise web.HTTPBadRequest(text=mark("This is no account of a browser."))
        return await self._sockets.serve(visit, _phone(visit, name, _own_number(visit, visit.query("number"))))

    async def _call(self, visit: Visit) -> web.StreamResponse:
        """The QueueID of the call that the browser has, as soon as it is known; null without one."""
        phone = self._parts.phones.get(visit.query("name"))
        if phone is None or not hmac.compare_digest(phone.password, _password(visit, phone.name, phone.number)):
            raise web.HTTPNotFound(text=mark("This browser is not connected."))
        found: int | None = None
        with suppress(TimeoutError, AsteriskError), self._parts.feed.watch() as happenings:
            async with asyncio.timeout(CALL_SECONDS):
                while (found := await self._queue_id(phone.name)) is None:
                    await something_happens(happenings)
        return web.json_response({"call": found})

    async def _queue_id(self, name: str) -> int | None:
        """AsteriskError."""
        for channel_id in await self._parts.phones.channel_ids(name):
            if queue_id := self._parts.call_on(channel_id):
                return queue_id
        return None


def _dids(visit: Visit) -> list[Did]:
    return list(dids_of(visit.snapshot, visit.key))


def _own_number(visit: Visit, number: str) -> str:
    """HTTPUnprocessableEntity for a number that is not the key's."""
    if number not in [did.number for did in _dids(visit)]:
        raise web.HTTPUnprocessableEntity(text=mark("Calls show a number of the licence key."))
    return number


def _phone(visit: Visit, name: str, number: str) -> BrowserPhone:
    return BrowserPhone(name, _password(visit, name, number), number, visit.key.name)


def _password(visit: Visit, name: str, number: str) -> str:
    """The password of an account: any controller can tell it from the session, and nobody else; it is kept nowhere."""
    said = "\n".join((f"telephone at {ROOT}", name, number, visit.key.name))
    return hmac.new(visit.token.encode(), said.encode(), hashlib.sha256).hexdigest()
