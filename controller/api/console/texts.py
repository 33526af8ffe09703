"""Texts: conversations, what is sent in them, and who gets no more."""

from __future__ import annotations

from itertools import islice

from aiohttp import web

from controller.api.console.calls import key_names
from controller.api.console.languages import mark
from controller.api.console.store.conversations import conversations
from controller.api.console.visit import Door, Visit, see_other
from controller.api.reads import Reads
from controller.directory.snapshot import LicenseKey
from controller.numbers import try_number
from controller.store.database import Database
from controller.texts.consent import OptOuts
from controller.texts.model.order import Refused, TextOrder
from controller.texts.segments import segment
from controller.texts.service import Texts
from controller.texts.store.lookup import Criteria
from controller.texts.store.opt_outs import OptOut

CONVERSATIONS = 100
PAGE = 100
MOST_OPT_OUTS = 500
SOURCE = "console"


class TextPages:
    """The pages of texts and of opt-outs, each of one licence key."""

    def __init__(self, database: Database, reads: Reads, texts: Texts) -> None:
        self._reads = reads
        self._texts = texts
        self._opt_outs = OptOuts(database)

    def doors(self) -> list[Door]:
        """The doors of these pages."""
        return [
            Door("GET", "/texts", self._list),
            Door("GET", "/texts/with", self._conversation),
            Door("POST", "/texts/send", self._send),
            Door("GET", "/texts/opt-outs", self._list_opt_outs),
            Door("POST", "/texts/opt-outs", self._opt_out),
            Door("POST", "/texts/opt-outs/remove", self._opt_in),
        ]

    async def _list(self, visit: Visit) -> web.StreamResponse:
        key = visit.key
        values = {
            "key": key,
            "key_names": key_names(visit),
            "conversations": await conversations(self._reads.database, key.name, CONVERSATIONS),
            "dids": _text_dids(visit, key),
        }
        return visit.page("texts.html.j2", values)

    async def _conversation(self, visit: Visit) -> web.StreamResponse:
        return await self._page(visit, visit.query("our"), visit.query("their"))

    async def _page(
        self, visit: Visit, our: str, their: str, *, status: int = 200, body: str = "", **said: str
    ) -> web.StreamResponse:
        key = visit.key
        number = try_number(their)
        found = await self._texts.search(
            Criteria(license_key=key.name, their_number=number or their, our_number=try_number(our), limit=PAGE)
        )
        values = {
            "key": key,
            "our": our,
            "their": number or their,
            "texts": list(reversed(found)),
            "dids": _text_dids(visit, key),
            "opted_out": number is not None and await self._opt_outs.is_opted_out(key.name, number),
            "body": body,
            "is_number": number is not None,
            **said,
        }
        return visit.page("conversation.html.j2", values, status=status)

    async def _send(self, visit: Visit) -> web.StreamResponse:
        form, key = await visit.form(), visit.key
        our, their, body = form.get("our"), form.get("their").strip(), form.get("body")
        await visit.changes("send a text", their, after=body[:200], key=key.name)
        order = TextOrder(license_key=key.name, recipient=their, body=body, sender=our, source=SOURCE)
        (answer,) = await self._texts.queue([order])
        if isinstance(answer, Refused):
            return await self._page(visit, our, their, status=422, body=body, said=answer.message)
        parts = segment(body).count
        return await self._page(
            visit, answer.sender, their, done=visit.say("It waits to be sent, as %(parts)s SMS.", parts=parts)
        )

    async def _list_opt_outs(self, visit: Visit) -> web.StreamResponse:
        return await self._opt_outs_page(visit)

    async def _opt_outs_page(self, visit: Visit, *, status: int = 200, **said: str) -> web.StreamResponse:
        key = visit.key
        typed = visit.query("number")
        number = try_number(typed) if typed else None
        found: list[OptOut] = []
        if number is not None or not typed:
            async for each in self._opt_outs.every(key.name, number):
                found.append(each)
                if len(found) >= MOST_OPT_OUTS:
                    break
        values = {"key": key, "key_names": key_names(visit), "opt_outs": found, "most": MOST_OPT_OUTS, **said}
        return visit.page("opt_outs.html.j2", values, status=status)

    async def _opt_out(self, visit: Visit) -> web.StreamResponse:
        form, key = await visit.form(), visit.key
        number = try_number(form.get("number"))
        if number is None:
            return await self._opt_outs_page(visit, status=422, said=visit.say("Not a valid phone number."))
        await visit.changes("opt a number out", number, key=key.name)
        await self._opt_outs.add(OptOut(key.name, number, body=f"by {visit.who.name}", source=SOURCE))
        return see_other(f"/texts/opt-outs{visit.key_query}")

    async def _opt_in(self, visit: Visit) -> web.StreamResponse:
        form, key = await visit.form(), visit.key
        number = form.get("number")
        await visit.changes("take an opt-out back", number, key=key.name)
        if not await self._opt_outs.remove(OptOut(key.name, number, body=f"by {visit.who.name}", source=SOURCE)):
            raise web.HTTPNotFound(text=mark("This number has not opted out."))
        return see_other(f"/texts/opt-outs{visit.key_query}")


def _text_dids(visit: Visit, key: LicenseKey) -> list[str]:
    """The numbers that texts of a key are sent from."""
    dids = (did.number for did in visit.snapshot.dids.values() if did.sms is not None and did.sms.name == key.name)
    return list(islice(dids, 1000))
