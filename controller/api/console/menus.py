"""Sequences, IVRs and numbers: the portal in which a customer says what answers the own numbers.

What is kept and what is refused is decided by the methods of the VoIP.ms interface, so that a form and a program come
to the same. Forms work without JavaScript: each change of a list of steps comes back as a page, and nothing is stored
before “Save”.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from controller.api.auth import Caller
from controller.api.bindings.refusal import Refused
from controller.api.console.calls import key_names
from controller.api.console.languages import mark
from controller.api.console.parts import ConsoleParts
from controller.api.console.visit import Door, Form, Visit, see_other
from controller.api.voipms.did_checks import routing_of, routing_setting
from controller.api.voipms.ivrs import IvrFilter, IvrMethods, SetIvr
from controller.api.voipms.recordings import RecordingEntries
from controller.api.voipms.reference import LANGUAGES
from controller.api.voipms.routing_checks import RoutingChecks
from controller.api.voipms.sequences import OneSequence, SequenceMethods, SetSequence
from controller.api.voipms.statuses import message_of
from controller.api.voipms.values import did_of, dids_of
from controller.directory.entries import Entry
from controller.directory.granted_menus import IVR, SEQUENCE
from controller.ivr.model import SYSTEM_DESTINATIONS

MOST_ROWS = 100
_STEP_FIELDS = ("type", "codes", "id", "from", "to", "msg")
_CHOICE_FIELDS = ("digits", "place", "number")
_FORWARD = "fwd:"
_SYSTEM_WORDS = {
    "hangup": "hang up",
    "busy": "busy tone",
    "noservice": "“no service”",
    "disconnected": "“disconnected”",
    "dtmf": "key test",
    "echo": "echo test",
}

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Draft:
    """A sequence or an IVR as it stands in its form. number: empty for a new one."""

    number: str
    fields: Mapping[str, str]
    rows: Sequence[Row]


class MenuPages:
    """The pages of sequences, IVRs and numbers, each of one licence key."""

    def __init__(self, parts: ConsoleParts) -> None:
        self._directory = parts.directory
        self._dids = parts.dids
        self._entries = parts.entries
        self._checks = RoutingChecks(parts.directory, parts.entries)
        self._recordings = RecordingEntries(parts.entries, parts.sounds)
        self._sequences = SequenceMethods(parts.directory, parts.entries, self._recordings)
        self._ivrs = IvrMethods(parts.directory, parts.entries, self._recordings, self._checks)

    def doors(self) -> list[Door]:
        """The doors of these pages."""
        return [
            Door("GET", "/menus", self._list),
            Door("GET", "/menus/sequence", self._open_sequence),
            Door("POST", "/menus/sequence", self._work_on_sequence),
            Door("POST", "/menus/sequence/delete", self._delete_sequence),
            Door("GET", "/menus/ivr", self._open_ivr),
            Door("POST", "/menus/ivr", self._work_on_ivr),
            Door("POST", "/menus/ivr/delete", self._delete_ivr),
            Door("GET", "/numbers", self._list_numbers),
            Door("POST", "/numbers/routing", self._route),
            Door("POST", "/numbers/take", self._take),
        ]

    async def _list(self, visit: Visit) -> web.StreamResponse:
        return await self._list_page(visit)

    async def _list_page(self, visit: Visit, *, status: int = 200, **said: str) -> web.StreamResponse:
        key = visit.key
        values = {
            "key": key,
            "key_names": key_names(visit),
            "sequences": self._entries.of(key.name, SEQUENCE),
            "ivrs": self._entries.of(key.name, IVR),
            **said,
        }
        return visit.page("menus.html.j2", values, status=status)

    # Sequences.

    async def _open_sequence(self, visit: Visit) -> web.StreamResponse:
        number = visit.query("number")
        if not number:
            return await self._sequence_page(visit, Draft("", {"name": ""}, []))
        entry = self._entry(visit, SEQUENCE, number)
        rows = [{name: str(step.get(name, "")) for name in _STEP_FIELDS} for step in entry.content["steps"]]
        return await self._sequence_page(visit, Draft(number, {"name": entry.name}, rows))

    async def _sequence_page(self, visit: Visit, draft: Draft, *, status: int = 200, **said: str) -> web.StreamResponse:
        key = visit.key
        values = {
            "key": key,
            "draft": draft,
            "recordings": await self._recordings.all(key.name),
            "senders": [did.number for did in dids_of(visit.snapshot, key) if did.sms and did.sms.name == key.name],
            **said,
        }
        return visit.page("sequence.html.j2", values, status=status)

    async def _work_on_sequence(self, visit: Visit) -> web.StreamResponse:
        form = await visit.form()
        draft = Draft(form.get("number"), {"name": form.get("name")}, _changed(form, _STEP_FIELDS))
        if form.get("do") != "save":
            return await self._sequence_page(visit, draft)
        steps = json.dumps([_step(row) for row in draft.rows])
        asked = SetSequence(sequence=draft.number, name=draft.fields["name"], steps=steps)
        await visit.changes(
            "save a sequence",
            draft.fields["name"],
            before=self._before(visit, SEQUENCE, draft.number),
            after=steps,
            key=visit.key.name,
        )
        try:
            await self._sequences.set_sequence(asked, _caller(visit))
        except Refused as error:
            return await self._sequence_page(visit, draft, status=422, said=_said(error))
        return see_other(f"/menus{visit.key_query}")

    async def _delete_sequence(self, visit: Visit) -> web.StreamResponse:
        number = (await visit.form()).get("number")
        before = self._before(visit, SEQUENCE, number)
        await visit.changes("delete a sequence", number, before=before, key=visit.key.name)
        try:
            await self._sequences.delete(OneSequence(sequence=number), _caller(visit))
        except Refused as error:
            return await self._list_page(visit, status=409, said=_said(error))
        return see_other(f"/menus{visit.key_query}")

    # IVRs.

    async def _open_ivr(self, visit: Visit) -> web.StreamResponse:
        number = visit.query("number")
        if not number:
            fields = {"name": "", "recording": "", "timeout": "5", "language": "en"}
            return await self._ivr_page(visit, Draft("", fields, []))
        entry = self._entry(visit, IVR, number)
        content = entry.content
        fields = {
            "name": entry.name,
            "recording": str(content["recording"]),
            "timeout": str(content["timeout"]),
            "language": str(content["language"]),
        }
        return await self._ivr_page(visit, Draft(number, fields, [_choice_row(*each) for each in content["choices"]]))

    async def _ivr_page(self, visit: Visit, draft: Draft, *, status: int = 200, **said: str) -> web.StreamResponse:
        key = visit.key
        recordings = await self._recordings.all(key.name)
        values = {
            "key": key,
            "draft": draft,
            "recordings": recordings,
            "languages": LANGUAGES,
            "places": list(self._places(visit, recordings, within_ivr=True)),
            **said,
        }
        return visit.page("ivr.html.j2", values, status=status)

    async def _work_on_ivr(self, visit: Visit) -> web.StreamResponse:
        form = await visit.form()
        fields = {name: form.get(name) for name in ("name", "recording", "timeout", "language")}
        draft = Draft(form.get("number_of_ivr"), fields, _changed(form, _CHOICE_FIELDS))
        if form.get("do") != "save":
            return await self._ivr_page(visit, draft)
        choices = ";".join(f"{row['digits'].strip()}={_routing(row)}" for row in draft.rows)
        asked = SetIvr(ivr=draft.number, voicemailsetup="1", choices=choices, **fields)
        await visit.changes(
            "save an IVR",
            fields["name"],
            before=self._before(visit, IVR, draft.number),
            after=choices,
            key=visit.key.name,
        )
        try:
            await self._ivrs.set_ivr(asked, _caller(visit))
        except Refused as error:
            return await self._ivr_page(visit, draft, status=422, said=_said(error))
        return see_other(f"/menus{visit.key_query}")

    async def _delete_ivr(self, visit: Visit) -> web.StreamResponse:
        number = (await visit.form()).get("number")
        await visit.changes("delete an IVR", number, before=self._before(visit, IVR, number), key=visit.key.name)
        try:
            await self._ivrs.delete(IvrFilter(ivr=number), _caller(visit))
        except Refused as error:
            return await self._list_page(visit, status=409, said=_said(error))
        return see_other(f"/menus{visit.key_query}")

    # Numbers.

    async def _list_numbers(self, visit: Visit) -> web.StreamResponse:
        return await self._numbers_page(visit)

    async def _numbers_page(self, visit: Visit, *, status: int = 200, **said: str) -> web.StreamResponse:
        key = visit.key
        values = {
            "key": key,
            "key_names": key_names(visit),
            "dids": dids_of(visit.snapshot, key),
            "routing_of": routing_of,
            "places": list(self._places(visit, await self._recordings.all(key.name), within_ivr=False)),
            "stock": self._dids.available()[:MOST_ROWS],
            "location": self._dids.location,
            **said,
        }
        return visit.page("numbers.html.j2", values, status=status)

    async def _route(self, visit: Visit) -> web.StreamResponse:
        form, key = await visit.form(), visit.key
        try:
            did = did_of(visit.snapshot, key, form.get("did"))
            wanted = _routing({"place": form.get("place"), "number": form.get("number")})
            settings = routing_setting(did, key, wanted, self._checks)
        except Refused as error:
            return await self._numbers_page(visit, status=422, said=_said(error))
        await visit.changes("route a number", did.number, before=routing_of(did), after=wanted, key=key.name)
        if settings:
            await self._dids.set_settings(did.number, key.name, settings)
        return see_other(f"/numbers{visit.key_query}")

    async def _take(self, visit: Visit) -> web.StreamResponse:
        form, key = await visit.form(), visit.key
        number = form.get("did")
        await visit.changes("take a number", number, after=key.name, key=key.name)
        if not await self._dids.assign(number, key.name):
            return await self._numbers_page(
                visit, status=409, said=visit.say("%(number)s is not free (any more).", number=number)
            )
        return see_other(f"/numbers{visit.key_query}")

    def _places(self, visit: Visit, recordings: Sequence[Entry], *, within_ivr: bool) -> Iterator[tuple[str, str]]:
        """Where calls can be led: the value that is stored, and what people read."""
        key = visit.key
        if within_ivr:
            for entry in self._entries.of(key.name, SEQUENCE):
                yield f"seq:{entry.entry_id}", f"sequence {entry.name}"
        for entry in self._entries.of(key.name, IVR):
            yield f"ivr:{entry.entry_id}", f"IVR {entry.name}"
        for entry in recordings:
            yield f"recording:{entry.entry_id}", f"recording {entry.name}"
        for phone in visit.snapshot.phones_of(key.name):
            yield f"account:{phone.name}", f"phone {phone.label or phone.name}"
        for name in SYSTEM_DESTINATIONS:
            yield f"sys:{name}", _SYSTEM_WORDS[name]

    def _entry(self, visit: Visit, kind: str, number: str) -> Entry:
        entry = self._entries.get(visit.key.name, kind, number)
        if entry is None:
            raise web.HTTPNotFound(text=mark("There is nothing of this number."))
        return entry

    def _before(self, visit: Visit, kind: str, number: str) -> str:
        entry = self._entries.get(visit.key.name, kind, number)
        return "" if entry is None else json.dumps(dict(entry.content), ensure_ascii=False)


def _caller(visit: Visit) -> Caller:
    key = visit.key
    return Caller(visit.origin, {key.key: key})


def _said(error: Refused) -> str:
    return error.explanation or message_of(error.status)


def _changed(form: Form, names: Sequence[str]) -> list[Row]:
    """The rows of a form after what its button asks for: `up:2`, `down:0`, `delete:1`, `add:rec`."""
    columns = [form.all(f"row_{name}")[:MOST_ROWS] for name in names]
    rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=False)]
    what, _, where = form.get("do").partition(":")
    if what == "add" and len(rows) < MOST_ROWS:
        rows.append(dict.fromkeys(names, "") | ({"type": where} if "type" in names else {}))
    place = int(where) if where.isascii() and where.isdecimal() and len(where) < 4 else -1
    if 0 <= place < len(rows):
        if what == "delete":
            del rows[place]
        elif what == "up" and place > 0:
            rows[place - 1 : place + 1] = [rows[place], rows[place - 1]]
        elif what == "down" and place < len(rows) - 1:
            rows[place : place + 2] = [rows[place + 1], rows[place]]
    return rows


def _step(row: Row) -> Row:
    kept = {"dtmf": ("codes",), "rec": ("id",), "sms": ("from", "to", "msg")}.get(row["type"], ())
    return {"type": row["type"], **{name: row[name] for name in kept}}


def _routing(row: Mapping[str, str]) -> str:
    """Where a row leads: the place that was chosen, or a number that was typed."""
    if row["place"] == _FORWARD:
        return f"{_FORWARD}{row['number'].strip().replace(';', '')}"
    return row["place"].replace(";", "")


def _choice_row(digits: str, routing: str) -> Row:
    if routing.startswith(_FORWARD):
        return {"digits": digits, "place": _FORWARD, "number": routing.removeprefix(_FORWARD)}
    return {"digits": digits, "place": routing, "number": ""}
