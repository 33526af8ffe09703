"""Calls: the list of them as it moves, and one of them with everything that happened on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from aiohttp import web

from controller.api.console.languages import mark
from controller.api.console.live import Audience, Streams, as_event, something_happens
from controller.api.console.parts import ConsoleParts
from controller.api.console.search import CallSearch, read_search
from controller.api.console.sip_picture import sip_ladder
from controller.api.console.store.people import Role
from controller.api.console.timeline import timeline
from controller.api.console.visit import Audience as DoorAudience
from controller.api.console.visit import Door, Visit, see_other
from controller.api.reads import Reads
from controller.calls.administration import Ending
from controller.calls.model.call import TraceLine
from controller.calls.model.order import LONGEST_NUMBER
from controller.calls.model.sip_message import SipMessage
from controller.calls.store.call_lookup import CallFilter, CallLookup
from controller.calls.store.stored_calls import CallSummary
from controller.calls.trace_mail import is_error, told
from controller.errors import PhoneNumberInvalid
from controller.postbacks import lookup as postbacks
from controller.postbacks.lookup import Filters, PastAttempt, StoredPostback

PAGE = 50
MOST_LIVE = 100
MOST_TRACE = 2000
MOST_POSTBACKS = 30
MOST_SIP = 200
# A call's page goes on moving until its last post-back is delivered, but not for ever.
AFTER_THE_END_SECONDS = 60.0

_SAID = {
    Ending.DONE: mark("The call is ended."),
    Ending.PASSED_ON: mark("The controller that has the call ends it."),
    Ending.WAITS: mark("This call waits to be dialled: cancel it instead."),
    Ending.OVER: mark("This call is over already."),
    Ending.CONTROLLER_DEAD: mark(
        "The controller of this call gives no sign of life; the call is closed after its lease."
    ),
    Ending.UNKNOWN: mark("There is no such call."),
    Ending.BUSY: mark("Somebody listens in to this call already."),
    Ending.NOBODY_WAITS: mark("This call was not answered yet, or is in a transfer or a conference already."),
}


@dataclass(frozen=True, slots=True)
class WholeCall:
    """A call with its trace, its post-backs and, for operators, its SIP messages, the oldest first."""

    call: CallSummary
    trace: Sequence[TraceLine]
    postbacks: Sequence[tuple[StoredPostback, Sequence[PastAttempt]]]
    sip: Sequence[SipMessage] = ()

    @property
    def recordings(self) -> list[str]:
        """The ids of what was recorded on it, in order."""
        ids = (str(line.fields.get("id", "")) for line in self.trace if line.event == "record")
        return list(dict.fromkeys(each for each in ids if each))

    def settled(self, now: datetime) -> bool:
        """Whether nothing more is to be expected soon."""
        ended = self.call.ended_at
        if ended is None:
            return False
        waits = any(each.state in ("waiting", "under way") for each, _ in self.postbacks)
        final = any(each.final for each, _ in self.postbacks) or not self.postbacks
        return (final and not waits) or now - ended > timedelta(seconds=AFTER_THE_END_SECONDS)


class CallPages:
    """The pages of calls."""

    def __init__(self, parts: ConsoleParts, reads: Reads, streams: Streams) -> None:
        self._parts = parts
        self._reads = reads
        self._streams = streams
        self._audiences: dict[tuple[Role, str | None, str], Audience] = {}

    @property
    def _lookup(self) -> CallLookup:
        return CallLookup(self._reads.database)

    def doors(self) -> list[Door]:
        """The doors of these pages."""
        return [
            Door("GET", "/calls", self._list),
            Door("GET", "/calls/live", self._live),
            Door("GET", r"/calls/{queue_id:\d{1,18}}", self._open),
            Door("GET", r"/calls/{queue_id:\d{1,18}}/live", self._follow),
            Door("POST", r"/calls/{queue_id:\d{1,18}}/end", self._end),
            Door("POST", r"/calls/{queue_id:\d{1,18}}/listen", self._listen, audience=DoorAudience.OPERATORS),
            Door("POST", r"/calls/{queue_id:\d{1,18}}/transfer", self._transfer, audience=DoorAudience.OPERATORS),
        ]

    async def _list(self, visit: Visit) -> web.StreamResponse:
        search = read_search(visit)
        values: dict[str, object] = {"search": search, "key_names": key_names(visit)}
        if search.is_empty:
            values["live"] = await self._open_calls(visit.key_name)
        found = [] if search.mistakes else await self._find(visit, search)
        values["calls"] = found[:PAGE]
        if len(found) > PAGE:
            last = found[PAGE - 1]
            more = dict(visit.request.query) | {"after": f"{last.started_at.isoformat()}/{last.queue_id}"}
            values["more"] = f"?{urlencode(more)}"
        return visit.page("calls.html.j2", values)

    async def _find(self, visit: Visit, search: CallSearch) -> list[CallSummary]:
        return await self._lookup.find(search.filter(visit.key_name, PAGE + 1))

    async def _open_calls(self, key: str | None) -> list[CallSummary]:
        return await self._lookup.find(CallFilter(license_key=key, open_only=True, limit=MOST_LIVE))

    async def _live(self, visit: Visit) -> web.StreamResponse:
        """The list of the calls in progress, whenever it has changed."""
        key = visit.key_name

        async def render() -> str:
            return visit.fragment("calls_live.html.j2", {"live": await self._open_calls(key)})

        who = (visit.who.role, key, visit.language.code)
        audience = self._audiences.get(who)
        if audience is None:
            audience = self._audiences[who] = Audience(self._parts.feed, render)
        try:
            return await self._streams.stream(visit, audience.parts())
        finally:
            if not len(audience) and self._audiences.get(who) is audience:
                del self._audiences[who]

    async def _open(self, visit: Visit) -> web.StreamResponse:
        return await self._show(visit)

    async def _show(self, visit: Visit, *, status: int = 200, **more: str) -> web.Response:
        whole = await self._whole(visit)
        phones = visit.snapshot.phones_of(whole.call.license_key) if visit.who.is_operator else ()
        return visit.page("call.html.j2", self._values(whole) | {"their_phones": phones, **more}, status=status)

    async def _follow(self, visit: Visit) -> web.StreamResponse:
        """One call's page, whenever something has happened on it, until it is over."""
        await self._whole(visit)
        return await self._streams.stream(visit, self._happenings(visit))

    async def _happenings(self, visit: Visit) -> AsyncGenerator[bytes]:
        queue_id, latest = _queue_id(visit), b""
        with self._parts.feed.watch() as happenings:
            while True:
                whole = await self._whole(visit)
                event = as_event("part", visit.fragment("call_body.html.j2", self._values(whole)))
                yield event if event != latest else b""
                latest = event
                if whole.settled(datetime.now(UTC)):
                    yield as_event("over", "over")
                    return
                await something_happens(happenings, queue_id)

    async def _end(self, visit: Visit) -> web.StreamResponse:
        queue_id = _queue_id(visit)
        call = await self._call(visit)
        await visit.changes("end a call", f"call {queue_id}", key=call.license_key)
        result = await self._parts.administration.end_call(queue_id)
        if result.ending in (Ending.DONE, Ending.PASSED_ON):
            return see_other(f"/calls/{queue_id}")
        return await self._show(visit, status=409, said=visit.say(_SAID[result.ending]))

    async def _listen(self, visit: Visit) -> web.StreamResponse:
        """Call a phone of the house that hears the call."""
        queue_id, form = _queue_id(visit), await visit.form()
        call = await self._call(visit)
        phone = visit.snapshot.phones.get(form.get("phone"))
        if phone is None:
            return await self._show(visit, status=422, said=visit.say("There is no such phone."))
        await visit.changes(
            "listen in to a call", f"call {queue_id}", after=f"phone {phone.name}", key=call.license_key
        )
        result = await self._parts.administration.listen_in(queue_id, f"PJSIP/{phone.name}")
        if result.ending in (Ending.DONE, Ending.PASSED_ON):
            words = mark("The phone %(phone)s rings: whoever answers hears the call, and is not heard.")
            told = visit.say(words, phone=phone.label or phone.name)
            return await self._show(visit, done=told)
        return await self._show(visit, status=409, said=visit.say(_SAID[result.ending]))

    async def _transfer(self, visit: Visit) -> web.StreamResponse:
        """Have the call transferred to a number or a phone that its licence key may call."""
        queue_id, form = _queue_id(visit), await visit.form()
        call = await self._call(visit)
        phone, number = form.get("phone"), form.get("number").strip()[:LONGEST_NUMBER]
        target = number or (f"sip:{phone}" if phone else "")
        if not target:
            return await self._show(visit, status=422, said=visit.say("Say where the call is transferred."))
        await visit.changes("transfer a call", f"call {queue_id}", after=target, key=call.license_key)
        try:
            result = await self._parts.administration.transfer(queue_id, target)
        except PhoneNumberInvalid as error:
            return await self._show(
                visit, status=422, said=visit.say("This call cannot be transferred there: %(error)s.", error=error)
            )
        if result.ending in (Ending.DONE, Ending.PASSED_ON):
            return see_other(f"/calls/{queue_id}")
        return await self._show(visit, status=409, said=visit.say(_SAID[result.ending]))

    async def _call(self, visit: Visit) -> CallSummary:
        """HTTPNotFound for a call that there is not, or that is not this person's."""
        found = await self._lookup.find(CallFilter(queue_id=_queue_id(visit), limit=1))
        if not found or not visit.sees(found[0].license_key):
            raise web.HTTPNotFound(text=mark("There is no such call."))
        return found[0]

    async def _whole(self, visit: Visit) -> WholeCall:
        call = await self._call(visit)
        trace, sip, posted = await asyncio.gather(
            self._lookup.trace(call.queue_id),
            self._sip(visit, call),
            postbacks.find(self._reads.database, Filters(subject=f"call:{call.queue_id}", limit=MOST_POSTBACKS)),
        )
        with_attempts = await asyncio.gather(*(postbacks.show(self._reads.database, each.id) for each in posted))
        return WholeCall(call, trace, [each for each in reversed(with_attempts) if each is not None], sip)

    async def _sip(self, visit: Visit, call: CallSummary) -> Sequence[SipMessage]:
        """What was signalled: for operators, for it shows the addresses of trunks and of the house."""
        return (await self._parts.sip_of_call(call.queue_id))[:MOST_SIP] if visit.who.is_operator else ()

    def _values(self, whole: WholeCall) -> dict[str, object]:
        call, trace = whole.call, whole.trace
        began = call.answered_at or (trace[0].at if trace else call.started_at)
        now = datetime.now(UTC)
        lines = [((line.at - began).total_seconds(), told(line), is_error(line)) for line in trace[:MOST_TRACE]]
        return {
            "call": call,
            "whole": whole,
            "picture": timeline(call, trace, whole.postbacks, now, whole.sip),
            "ladder": sip_ladder(whole.sip, began) if whole.sip else None,
            "lines": lines,
            "left_out": max(0, len(trace) - MOST_TRACE),
            "settled": whole.settled(now),
        }


def key_names(visit: Visit) -> list[str]:
    """The licence keys that an operator may choose from, as the YAML calls them; none for a customer."""
    return [key.shown_name for key in visit.snapshot.license_keys.values()] if visit.who.is_operator else []


def _queue_id(visit: Visit) -> int:
    return int(visit.request.match_info["queue_id"])
