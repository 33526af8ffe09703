"""Which module carries out which effect, and what becomes of one that Asterisk refuses."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

import structlog

from controller.calls.conferences import Conferences
from controller.calls.fetching import fetch
from controller.calls.line import Line, Lost
from controller.calls.playing import play
from controller.calls.prompting import CallPrompts
from controller.calls.recording import record
from controller.calls.routes import Routes
from controller.calls.transferring import transfer
from controller.calls.waiting import echo, send_digits, wait_for_input, wait_for_silence
from controller.errors import AsteriskError, AsteriskUnreachable, StoreError
from controller.postbacks.guard import Guard
from controller.script.effects import (
    CollectDigits,
    Conference,
    Echo,
    Effect,
    FetchUrl,
    Play,
    Record,
    SendDigits,
    SendText,
    Transfer,
    WaitForDigit,
    WaitForSilence,
)
from controller.script.outcomes import Failed, Finished, HungUp, Outcome
from controller.store.database import Database

log = structlog.get_logger()


# A script that queues a text waits no longer than this for a database that is away: the call goes on.
QUEUE_SECONDS = 3.0


class Performers:
    """Carries out effects on a line. Everything they need beyond the line and the prompts is given here."""

    def __init__(self, routes: Routes, guard: Guard, database: Database, application: str) -> None:
        self._routes = routes
        self._guard = guard
        self._database = database
        self._application = application
        self._conferences = Conferences()

    async def perform(self, line: Line, effect: Effect, prompts: CallPrompts) -> Outcome:
        """Carry out one effect and tell how it ended; raises Lost when the connection went meanwhile.

        What Asterisk refuses because the other side has just hung up is a hang-up, not a failure.
        """
        if line.hung_up:
            return HungUp()
        try:
            return await self._perform(line, effect, prompts)
        except AsteriskUnreachable:
            raise Lost from None
        except AsteriskError as error:
            try:
                gone = await line.is_gone()
            except AsteriskUnreachable:
                raise Lost from None
            if gone:
                return HungUp()
            log.warning("Asterisk refused", effect=type(effect).__name__, reason=str(error))
            return Failed(str(error))

    async def _perform(self, line: Line, effect: Effect, prompts: CallPrompts) -> Outcome:
        match effect:
            case Play():
                return await play(line, effect, prompts)
            case WaitForDigit() | CollectDigits():
                return await wait_for_input(line, effect)
            case WaitForSilence():
                return await wait_for_silence(line, effect)
            case SendDigits():
                return await send_digits(line, effect)
            case Record():
                return await record(line, effect, prompts)
            case Transfer():
                return await transfer(line, effect, self._routes, self._application)
            case Conference():
                return await self._conferences.join(line, effect, prompts.license_key)
            case FetchUrl():
                return await fetch(line, effect, self._guard)
            case SendText():
                return await self._queue_text(line, effect, prompts.license_key)
            case Echo():
                return await echo(line, self._application)
            case _:
                return Failed(f"{type(effect).__name__} is not done on a call")

    async def _queue_text(self, line: Line, effect: SendText, license_key: str) -> Outcome:
        # The id comes from the call and how many texts it has sent, so a step that a crash repeats is the same text.
        place = f"{line.fixed_id('text')}:{line.engine.state.texts_sent}"
        text_id = uuid5(NAMESPACE_URL, f"{place}:{effect.sender}:{effect.recipient}:{effect.body}")
        try:
            await self._database.execute(
                "queue_text",
                text_id,
                license_key,
                effect.sender,
                effect.recipient,
                effect.body,
                line.queue_id,
                timeout=QUEUE_SECONDS,
            )
        except StoreError as error:
            return Failed(str(error))
        return Finished()
