"""Which module carries out which effect, and what becomes of one that Asterisk refuses."""

from __future__ import annotations

import structlog

from controller.calls.call_prompts import CallPrompts
from controller.calls.effects.conference import Conferences
from controller.calls.effects.echo import echo
from controller.calls.effects.fetch import fetch
from controller.calls.effects.opt_out import BlockNumber, opt_out
from controller.calls.effects.play import play
from controller.calls.effects.record import keep_begun, record
from controller.calls.effects.routings import RoutingEffects, call_back, music, take_message, tell_time
from controller.calls.effects.send_digits import send_digits
from controller.calls.effects.send_text import QueueText, queue_text
from controller.calls.effects.transfer import abandon, transfer
from controller.calls.effects.transfer_leg import Legs
from controller.calls.effects.wait_for_input import wait_for_input
from controller.calls.effects.wait_for_silence import wait_for_silence
from controller.calls.line.line import Line, Lost
from controller.calls.playback_health import PlaybackHealth
from controller.calls.store.recordings import Recordings
from controller.egress.guard import Guard
from controller.errors import AsteriskError, AsteriskUnreachable
from controller.script.effects import (
    BlockTexts,
    CallBack,
    CollectDigits,
    Echo,
    Effect,
    FetchUrl,
    JoinConference,
    ListenForSilence,
    Play,
    Record,
    SendDigits,
    SendText,
    TakeMessage,
    TellTime,
    Transfer,
    WaitForDigit,
)
from controller.script.outcomes import Failed, HungUp, Outcome

log = structlog.get_logger()

# Nothing is played meanwhile. (While it records or sends digits, Asterisk sends silence by itself: transmit_silence.)
_WAITING = (WaitForDigit, CollectDigits, ListenForSilence, FetchUrl, SendText, BlockTexts)
# What is heard comes from somebody else.
_FROM_ELSEWHERE = (Transfer, JoinConference, Echo)


class EffectDispatcher:
    """Carries out effects on a line. Everything they need beyond the line and the prompts is given here."""

    def __init__(
        self,
        legs: Legs,
        guard: Guard,
        queue_text: QueueText,
        block_number: BlockNumber,
        recordings: Recordings,
        routings: RoutingEffects,
        playback_health: PlaybackHealth,
    ) -> None:
        self._legs = legs
        self._routings = routings
        self._recordings = recordings
        self._guard = guard
        self._playback_health = playback_health
        self._queue_text = queue_text
        self._block_number = block_number
        self._application = application = legs.application
        self.conferences = Conferences(application)

    async def perform(self, line: Line, effect: Effect, prompts: CallPrompts) -> Outcome:
        """Carry out one effect and tell how it ended; raises Lost when the connection went meanwhile.

        What Asterisk refuses because the other side has just hung up is a hang-up, not a failure.
        """
        if line.hung_up:
            return await self._left(line, effect, prompts)
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

    async def _left(self, line: Line, effect: Effect, prompts: CallPrompts) -> Outcome:
        """The call is over before the effect begins, or before it could be carried out again: nothing is left of it."""
        match effect:
            case Transfer():
                await abandon(line)
            case JoinConference():
                await self.conferences.leave(line, effect, prompts.license_key)
            case Record() | TakeMessage():
                return await keep_begun(line, self._recordings)
            case _:
                pass
        return HungUp()

    async def _perform(self, line: Line, effect: Effect, prompts: CallPrompts) -> Outcome:
        await _fill(line, effect)
        match effect:
            case Play():
                return await play(line, effect, prompts, self._playback_health)
            case WaitForDigit() | CollectDigits():
                return await wait_for_input(line, effect)
            case ListenForSilence():
                return await wait_for_silence(line, effect)
            case SendDigits():
                return await send_digits(line, effect)
            case Record():
                return await record(line, effect, prompts, self._recordings, self._application)
            case Transfer():
                heard = await music(effect, prompts)
                return await transfer(line, effect, self._legs, prompts.license_key, heard)
            case JoinConference():
                return await self.conferences.join(line, effect, prompts.license_key)
            case FetchUrl():
                return await fetch(line, effect, self._guard)
            case SendText():
                return await queue_text(line, effect, self._queue_text, prompts.license_key)
            case BlockTexts():
                return await opt_out(line, self._block_number, prompts.license_key)
            case Echo():
                return await echo(line, self._application)
            case _:
                return await self._perform_of_routing(line, effect, prompts)

    async def _perform_of_routing(self, line: Line, effect: Effect, prompts: CallPrompts) -> Outcome:
        match effect:
            case TellTime():
                return tell_time(effect, self._routings.now())
            case TakeMessage():
                outcome = await take_message(line, effect, prompts, self._recordings, self._application)
                self._routings.message_left()
                return outcome
            case CallBack():
                return await call_back(line, effect, self._routings.call_back, prompts.license_key)
            case _:
                return Failed(f"{type(effect).__name__} is not done on a call")


async def _fill(line: Line, effect: Effect) -> None:
    """Have silence sent while nothing is played, and none where it would drown what comes from elsewhere."""
    if isinstance(effect, _WAITING):
        await line.send_silence()
    elif isinstance(effect, _FROM_ELSEWHERE):
        await line.stop_silence()
