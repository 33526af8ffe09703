"""Asking a customer's server for a value, while the call listens on."""

from __future__ import annotations

import asyncio

from controller.asterisk.ari.events import Event
from controller.calls.line.line import Happening, Line
from controller.egress.guard import Guard
from controller.errors import FetchFailed, UrlRefused
from controller.script.effects import FetchUrl
from controller.script.outcomes import Failed, Fetched, HungUp, Outcome

FETCH_SECONDS = 10.0
FETCHED_BYTES = 2000
FETCHED_CHARACTERS = 500

# Put into a call's events when the answer is there.
_ANSWERED = "RingpostFetched"


async def fetch(line: Line, effect: FetchUrl, guard: Guard) -> Outcome:
    """QueryExternalServer: Fetched, Failed, or HungUp at once when the caller hangs up meanwhile.

    It needs no Asterisk, so a lost connection is left to the next effect.
    """
    asking = asyncio.create_task(_ask(effect, guard), name="query of a customer's server")
    asking.add_done_callback(lambda _: line.events.put(Event(_ANSWERED, {})))
    try:
        while not asking.done():
            happening = await line.wait(None, until=lambda event: event.type == _ANSWERED, judged=False)
            if happening is Happening.HUNG_UP:
                return HungUp()
        return asking.result()
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


async def _ask(effect: FetchUrl, guard: Guard) -> Outcome:
    outcome, _ = await asyncio.gather(_answer(effect.url, guard), asyncio.sleep(effect.least_seconds))
    return outcome


async def _answer(url: str, guard: Guard) -> Outcome:
    try:
        answer = await guard.fetch(url, limit_bytes=FETCHED_BYTES, timeout=FETCH_SECONDS)
    except (UrlRefused, FetchFailed) as error:
        return Failed(str(error))
    return Fetched(answer.status, answer.text[:FETCHED_CHARACTERS])
