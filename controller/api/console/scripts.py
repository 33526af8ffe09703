"""Scripts: kept by name, written with the checker beside them, tried, and set to answer a number."""

from __future__ import annotations

from typing import get_args

from aiohttp import web

from controller.api.console.calls import key_names
from controller.api.console.languages import mark
from controller.api.console.parts import ConsoleParts
from controller.api.console.script_desk import LONGEST, ScriptDesk
from controller.api.console.visit import Door, Form, Visit, see_other
from controller.calls.model.order import LONGEST_NUMBER, Order
from controller.directory.saved_scripts import LONGEST_NAME, SavedScripts
from controller.directory.snapshot import Did
from controller.errors import JournalFull, NotificationRefused, RingpostError
from controller.script.simulation.callee import TransferResult

NEW_SCRIPT = "~\\Label(start)~\nHello. Press one to hear this again.\n~\\WaitForDTMF(5)~\n"
_TRANSFERS: tuple[TransferResult, ...] = get_args(TransferResult)


class ScriptPages:
    """The pages of scripts, each of one licence key."""

    def __init__(self, parts: ConsoleParts) -> None:
        self._dids = parts.dids
        self._notifications = parts.notifications
        self._saved = SavedScripts(parts.database)
        self._desk = ScriptDesk(parts.directory, parts.context, parts.sounds.ids)

    def doors(self) -> list[Door]:
        """The doors of these pages."""
        return [
            Door("GET", "/scripts", self._list),
            Door("GET", "/scripts/edit", self._open),
            Door("POST", "/scripts/edit", self._work),
            Door("POST", "/scripts/check", self._check),
            Door("POST", "/scripts/delete", self._delete),
        ]

    async def _list(self, visit: Visit) -> web.StreamResponse:
        key = visit.key
        values = {
            "key": key,
            "key_names": key_names(visit),
            "names": await self._saved.names(key.name),
            "dids": _dids(visit),
            "owns": _configuration_owns,
        }
        return visit.page("scripts.html.j2", values)

    async def _open(self, visit: Visit) -> web.StreamResponse:
        key, name, number = visit.key, visit.query("name"), visit.query("did")
        source: str | None = NEW_SCRIPT
        if name:
            source = await self._saved.load(key.name, name)
        elif number:
            source = self._dids.script(number, key.name)
        if source is None:
            raise web.HTTPNotFound(text=mark("There is no such script."))
        return await self._page(visit, Form((("script", source), ("name", name), ("did", number))))

    async def _page(self, visit: Visit, form: Form, *, status: int = 200, **more: object) -> web.StreamResponse:
        source = form.get("script").replace("\r\n", "\n")
        values = {
            "key": visit.key,
            "key_names": key_names(visit),
            "form": form,
            "source": source,
            "dids": [did for did in _dids(visit) if not _configuration_owns(did)],
            "shown": [did.number for did in _dids(visit)],
            "transfers": _TRANSFERS,
            "findings": await self._desk.look(source, visit.key.name),
            **more,
        }
        return visit.page("script.html.j2", values, status=status)

    async def _work(self, visit: Visit) -> web.StreamResponse:
        form = await visit.form()
        source = form.get("script").replace("\r\n", "\n")
        if len(source) > LONGEST:
            raise web.HTTPRequestEntityTooLarge(
                LONGEST, len(source), text=visit.say("A script has at most %(most)s characters.", most=LONGEST)
            )
        match form.get("do"):
            case "simulate":
                return await self._simulate(visit, form, source)
            case "save":
                return await self._save(visit, form, source)
            case "assign":
                return await self._assign(visit, form, source)
            case "call":
                return await self._call(visit, form, source)
            case _:
                return await self._page(visit, form)

    async def _simulate(self, visit: Visit, form: Form, source: str) -> web.StreamResponse:
        settings = (line.partition("=") for line in form.get("set").splitlines())
        variables = {name.strip(): value for name, equals, value in settings if equals}
        transfer = next((each for each in _TRANSFERS if each == form.get("transfer")), _TRANSFERS[0])
        try:
            transcript = await self._desk.simulate(source, form.get("keys"), variables, transfer)
        except RingpostError as error:
            return await self._page(visit, form, status=422, keys_said=str(error))
        return await self._page(visit, form, transcript=transcript)

    async def _save(self, visit: Visit, form: Form, source: str) -> web.StreamResponse:
        key, name = visit.key, form.get("name").strip()
        before = await self._saved.load(key.name, name) if name else None
        await visit.changes("save a script", name, before=before or "", after=source, key=key.name)
        if not await self._saved.save(key.name, name, source, by=visit.who.name):
            return await self._page(
                visit, form, status=422, said=visit.say("A name has 1 to %(most)s characters.", most=LONGEST_NAME)
            )
        return await self._page(visit, form, done=visit.say("“%(name)s” is saved.", name=name))

    async def _assign(self, visit: Visit, form: Form, source: str) -> web.StreamResponse:
        key, number = visit.key, form.get("did")
        before = self._dids.script(number, key.name)
        await visit.changes("set an incoming call script", number, before=before or "", after=source, key=key.name)
        if refusal := await self._dids.set_script(number, key.name, source, by=visit.who.name):
            said = visit.say(
                "%(number)s cannot be given this script: %(refusal)s.", number=number or "-", refusal=refusal
            )
            return await self._page(visit, form, status=422, said=said)
        return await self._page(
            visit, form, done=visit.say("Calls to %(number)s run this script from now on.", number=number)
        )

    async def _call(self, visit: Visit, form: Form, source: str) -> web.StreamResponse:
        """“Call me with this”: an outgoing call that runs the script as it stands in the editor."""
        key, number = visit.key, form.get("phone").strip()[:LONGEST_NUMBER]
        await visit.changes("call with a script", number, after=source, key=key.name)
        order = Order(number, source or " ", caller_id=form.get("shown"), reference_id="console")
        try:
            taken = await self._notifications.take(order, key, strict=True)
        except NotificationRefused as error:
            return await self._page(
                visit, form, status=422, said=visit.say("No call is placed: %(error)s.", error=error)
            )
        except JournalFull as error:
            raise web.HTTPServiceUnavailable(text=visit.say("No call is placed: %(error)s.", error=error)) from None
        return await self._page(
            visit, form, calls=taken.queue_id, done=visit.say("%(number)s is being called.", number=number)
        )

    async def _check(self, visit: Visit) -> web.StreamResponse:
        """What is found in the script so far, as a part of the page."""
        form = await visit.form()
        source = form.get("script").replace("\r\n", "\n")[: LONGEST + 1]
        findings = await self._desk.look(source, visit.key.name)
        return web.Response(
            text=visit.fragment("script_findings.html.j2", {"findings": findings}), content_type="text/html"
        )

    async def _delete(self, visit: Visit) -> web.StreamResponse:
        form, key = await visit.form(), visit.key
        name = form.get("name")
        before = await self._saved.load(key.name, name)
        await visit.changes("delete a script", name, before=before or "", key=key.name)
        if not await self._saved.delete(key.name, name):
            raise web.HTTPNotFound(text=mark("There is no such script."))
        return see_other(f"/scripts{visit.key_query}")


def _dids(visit: Visit) -> list[Did]:
    """The numbers whose calls are the key's."""
    key = visit.key
    return [did for did in visit.snapshot.dids.values() if did.voice is not None and did.voice.name == key.name]


def _configuration_owns(did: Did) -> bool:
    """Whether the YAML says what answers a number."""
    return did.script_file is not None or did.ivr is not None
