"""Which module carries out which effect, and how each stands in the trace."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import NAMESPACE_URL, uuid5

from controller.calls.conferences import join
from controller.calls.line import Line
from controller.calls.playing import play
from controller.calls.prompting import CallPrompts
from controller.calls.recording import record
from controller.calls.routes import Routes
from controller.calls.transferring import transfer
from controller.calls.waiting import echo, send_digits, wait_for_input, wait_for_silence
from controller.errors import FetchFailed, StoreError, UrlRefused
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
    Speech,
    Transfer,
    WaitForDigit,
    WaitForSilence,
)
from controller.script.outcomes import Failed, Fetched, Finished, Outcome
from controller.script.transcript import Told, tell_beginning, tell_end, tell_prompt
from controller.speech.spoken import spoken
from controller.store.database import Database

FETCH_SECONDS = 10.0
FETCHED_BYTES = 2000
FETCHED_CHARACTERS = 500


class Performers:
    """Carries out effects on a line. Everything they need beyond the line and the prompts is given here."""

    def __init__(self, routes: Routes, guard: Guard, database: Database, application: str) -> None:
        self._routes = routes
        self._guard = guard
        self._database = database
        self._application = application

    async def perform(self, line: Line, effect: Effect, prompts: CallPrompts) -> Outcome:
        """Carry out one effect and tell how it ended; raises `playing.Lost` when the connection went meanwhile."""
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
                return await join(line, effect, prompts.license_key)
            case FetchUrl():
                return await self._fetch(effect)
            case SendText():
                return await self._queue_text(line, effect, prompts.license_key)
            case Echo():
                return await echo(line, self._application)
            case _:
                return Failed(f"{type(effect).__name__} is not done on a call")

    async def _fetch(self, effect: FetchUrl) -> Outcome:
        """QueryExternalServer: what the caller presses meanwhile waits in the line's events."""
        try:
            answer = await self._guard.fetch(effect.url, limit_bytes=FETCHED_BYTES, timeout=FETCH_SECONDS)
        except (UrlRefused, FetchFailed) as error:
            return Failed(str(error))
        return Fetched(answer.status, answer.text[:FETCHED_CHARACTERS])

    async def _queue_text(self, line: Line, effect: SendText, license_key: str) -> Outcome:
        # The id comes from the call and the place in its script, so a step that a crash repeats is the same text.
        state = line.engine.state
        place = f"{line.fixed_id('text')}:{state.position}:{len(state.digits_dialled)}"
        text_id = uuid5(NAMESPACE_URL, f"{place}:{effect.sender}:{effect.recipient}:{effect.body}")
        try:
            await self._database.execute(
                "queue_text", text_id, license_key, effect.sender, effect.recipient, effect.body, line.queue_id
            )
        except StoreError as error:
            return Failed(str(error))
        return Finished()


def describe(effect: Effect) -> Iterator[Told]:
    """The effect as lines of the trace: each an event's name and its fields, the same that the simulator prints.

    What is told together with its outcome (a transfer's, a fetch's result) is noted when that is known.
    """
    if isinstance(effect, Play):
        for prompt in effect.prompts:
            yield tell_prompt(prompt, spoken(prompt.text).words if isinstance(prompt, Speech) else "")
    else:
        yield from tell_beginning(effect)


def describe_end(effect: Effect, outcome: Outcome, collected: str) -> Iterator[Told]:
    """The lines of the trace that can only be written when the effect is over. `collected`: the engine's digits."""
    return tell_end(effect, outcome, collected)
