"""The leg of a transfer: dialling the other party until somebody answers, or nobody does."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

import structlog

from controller.asterisk.ari.channels import Channel
from controller.asterisk.ari.events import Event
from controller.asterisk.ari.requests import made
from controller.calls.line.line import HANG_UP_EVENTS, LONGEST_WAIT_SECONDS, Happening, Line, Lost
from controller.calls.line.originate import DIAL_SLACK_SECONDS, ENTER_SECONDS, shown_caller
from controller.calls.model.call import INSIDE, WITHHELD_CALLER
from controller.directory.routes import Routes
from controller.errors import AsteriskError, AsteriskNotFound, PhoneNumberInvalid
from controller.metering.usage_watch import HoldsKey, holds_nobody
from controller.script.effects import Transfer
from controller.script.outcomes import HungUp, Outcome, TransferFailed
from controller.script.transcript import tell_end

log = structlog.get_logger()

# Why the dialled leg was not answered, by its hang-up cause (ITU-T Q.850; Asterisk makes it from the SIP status: 486
# and 600 are 17, 408 is 18, 480 is 19, 403 and 603 are 21), in the words of the trace.
_NOT_ANSWERED = {17: "busy", 18: "noanswer", 19: "noanswer", 20: "noanswer", 21: "refused"}
# What speaks of the trunk (Q.850: no route, out of order, congestion, a timer that ran out), as for calls.
_OF_THE_TRUNK = frozenset({2, 3, 34, 38, 41, 42, 44, 47, 102})
# A phone that is not registered (Q.850).
SUBSCRIBER_ABSENT = 20
# Several who are to ring at once are rung by the dialplan: one leg of ours leads there.
GROUP_ENDPOINT = "Local/s@ringpost-group/n"
MEMBERS, MEMBERS_SECONDS = "RINGPOST_MEMBERS", "RINGPOST_MEMBERS_SECONDS"
DESTROYED_SECONDS = 2.0
# The states of a leg whose phone was called; Down may be one that was not dialled yet.
_CALLED = frozenset({"Ring", "Ringing", "Up"})


class _TrunkFailed(Exception):
    """A leg was not dialled as far as the other party, because of its trunk."""


@dataclass(frozen=True, slots=True)
class Legs:
    """How legs are dialled. admit: waits until the legs of a call, by its QueueID, may be dialled at once through
    trunks, by their names; False when they may not now. over: told when the legs on trunks are no more. holds_key:
    whether a key has reached a limit of its usage: no leg of its calls goes out through a trunk then. failed, worked:
    told what a leg found of its trunk, the first with the reason. answered: told when a leg talks to the call, by its
    channel's id, whom it led to, and the licence key.
    """

    routes: Routes
    application: str
    admit: Callable[[int, Sequence[str]], Awaitable[bool]]
    over: Callable[[int], Awaitable[None]]
    holds_key: HoldsKey = holds_nobody
    failed: Callable[[str, str], None] = lambda _trunk, _reason: None
    worked: Callable[[str], None] = lambda _trunk: None
    answered: Callable[[Line, str, Transfer, str], None] = lambda *_: None


def trunks_of(effect: Transfer, legs: Legs, license_key: str) -> Iterator[str]:
    """The trunks that those who may be called are reached through."""
    for number in (effect.number, *effect.others):
        with suppress(PhoneNumberInvalid):
            if trunk := _trunk_to(number, legs, license_key):
                yield trunk


def _trunk_to(number: str, legs: Legs, license_key: str) -> str | None:
    """The trunk that a number is reached through; None for phones and numbers of ours. PhoneNumberInvalid."""
    if legs.routes.inside(number) is not None or not legs.routes.endpoint_for(number, license_key):
        return None
    return legs.routes.trunk_to(number)


async def reach(
    line: Line, leg: Channel, effect: Transfer, legs: Legs, license_key: str, *, silent: bool
) -> Outcome | None:
    """Ring the other party; None at its answer. silent: the caller is told of no ringing.

    Of one number, the next trunk that leads there is taken when one fails before anything rang. Raises Lost.
    """
    tried: set[str] = set()
    while True:
        trunk = line.transfer_routes[0] if len(line.transfer_routes) == 1 and not effect.others else ""
        try:
            failure = await _reach_once(line, leg, effect, legs, license_key, silent=silent)
        except _TrunkFailed as error:
            if not trunk:
                return await failed(line, effect, "failed")
            legs.failed(trunk, str(error))
            await legs.over(line.queue_id)
            tried.add(trunk)
            others = [each for each in legs.routes.trunks_to(effect.number) if each not in tried]
            if not others:
                return await failed(line, effect, "failed")
            log.info("a transfer takes the next trunk", failed=trunk, trunk=others[0])
            line.transfer_routes = (others[0],)
            continue
        if trunk and failure is None:
            legs.worked(trunk)
        return failure


async def _reach_once(
    line: Line, leg: Channel, effect: Transfer, legs: Legs, license_key: str, *, silent: bool
) -> Outcome | None:
    """Ring the other party; None at its answer. silent: the caller is told of no ringing. Raises _TrunkFailed."""
    routes, inside = legs.routes, None if effect.others else legs.routes.inside(effect.number)
    endpoint, refusal = await _endpoint(line, effect, legs, license_key)
    if refusal:
        return await failed(line, effect, refusal)
    members: dict[str, str] = {}
    if effect.others:
        members = {MEMBERS: endpoint, MEMBERS_SECONDS: str(math.ceil(effect.ring_seconds))}
        endpoint = GROUP_ENDPOINT
    # Whom the other party sees: the script's choice, or else the caller, whom Asterisk takes over from the other leg;
    # on a call that we placed, the number that it shows. A caller who is withheld stays so.
    shown = {}
    if effect.caller_id or effect.caller_id_name or line.outgoing or line.caller == WITHHELD_CALLER:
        through = line.transfer_routes[0] if len(line.transfer_routes) == 1 else ""
        number = routes.shown_to(effect.number, effect.caller_id or line.caller, through)
        shown = shown_caller(number, effect.caller_id_name)
    create = partial(
        line.ari.channels.create,
        endpoint=endpoint,
        channel_id=leg.id,
        application=legs.application,
        application_args="leg",
        other_channel_id=line.fixed_id(INSIDE) if inside else None,
        originator=line.channel.id,
        # For Asterisk's own log of its legs, where it tells of one whose controller dies before it has stored it.
        variables={**shown, **members, "CHANNEL(userfield)": effect.number},
    )
    found = await _make(line, leg, create)
    line.changes.transfer_became("ringing")
    if found == "Up":
        return None
    if not silent:
        await line.channel.ring()
    happening = Happening.EVENT
    if not found:
        happening = await _dial(line, leg, effect, caller=None if shown else line.channel.id)
    return await _answer_of(line, leg, effect, happening)


async def _answer_of(line: Line, leg: Channel, effect: Transfer, happening: Happening) -> Outcome | None:
    """Wait for the other party's answer, once its phone was rung (EVENT); None at the answer. Lost, _TrunkFailed."""
    reason, unreachable, rang, cause = "", False, False, 0

    def decided(event: Event) -> bool:
        nonlocal reason, unreachable, rang, cause
        if event.channel_id != leg.id:
            return False
        if event.type == "ChannelDestroyed":
            cause = event.cause
            reason = _NOT_ANSWERED.get(event.cause, "failed")
            unreachable = event.cause == SUBSCRIBER_ABSENT
            return True
        rang = rang or (event.type == "Dial" and event.dial_status in ("RINGING", "PROGRESS"))
        return event.type == "Dial" and event.dial_status == "ANSWER"

    if happening is Happening.EVENT:
        happening = await line.wait(effect.ring_seconds + DIAL_SLACK_SECONDS, until=decided, judged=False)
    if happening is Happening.EVENT and not reason:
        return None
    if happening is Happening.LOST:
        raise Lost
    if happening is Happening.HUNG_UP:
        return HungUp()
    if cause in _OF_THE_TRUNK and not rang:
        raise _TrunkFailed(f"cause {cause}")
    return await failed(line, effect, reason or "noanswer", unreachable=unreachable)


async def _endpoint(line: Line, effect: Transfer, legs: Legs, license_key: str) -> tuple[str, str]:
    """The dial string of the leg, or why it is not dialled, in a word of the trace.

    Of several that are to ring at once, those who may not be called are left out.
    """
    endpoints, held = [], legs.holds_key(license_key)
    through = line.transfer_routes[0] if len(line.transfer_routes) == 1 and not effect.others else ""
    for number in (effect.number, *effect.others):
        try:
            endpoint = legs.routes.inside(number) or legs.routes.endpoint_for(number, license_key, through)
            if held and _trunk_to(number, legs, license_key):
                log.info("transfer refused", reason="the licence key has reached a limit of its usage")
                continue
            endpoints.append(endpoint)
        except PhoneNumberInvalid as error:
            log.info("transfer refused", reason=str(error))
    if not endpoints:
        return "", "refused"
    if effect.caller_id and not legs.routes.may_show(license_key, effect.caller_id):
        log.info("transfer refused", reason="the caller id is neither the key's own nor verified for it")
        return "", "refused"
    if not await legs.admit(line.queue_id, line.transfer_routes):
        log.info("transfer refused", reason="the trunk has no free channel, or its pace is used up")
        return "", "failed"
    return "&".join(endpoints), ""


async def _make(line: Line, leg: Channel, create: Callable[[], Awaitable[object]]) -> str:
    """Make the leg. Gives its state if it rings, or was answered, since before the connection was lost; else "".

    AsteriskError.
    """
    for _ in range(2):
        if await made(create()):
            return ""
        with suppress(AsteriskNotFound):
            state = (await leg.state()).state
            if state in _CALLED:
                return state
        # It may not have been dialled yet: nobody knows, so it is made anew.
        await drop(leg)
        await line.wait(DESTROYED_SECONDS, until=lambda event: is_end_of(leg, event), judged=False)
    raise AsteriskError("The leg of an earlier attempt at this transfer is still there.")


async def _dial(line: Line, leg: Channel, effect: Transfer, *, caller: str | None) -> Happening:
    """Have the other party's phone rung; EVENT when that was asked for. AsteriskError."""

    def entered(event: Event) -> bool:
        return event.type == "StasisStart" and event.channel_id == leg.id

    # Asterisk refuses what is asked of a channel that has not entered the application yet.
    happening = await line.wait(ENTER_SECONDS, until=entered, judged=False)
    if happening is Happening.EVENT:
        await leg.set_variable("TIMEOUT(absolute)", str(line.lease_seconds))
        await leg.dial(caller=caller, timeout_seconds=math.ceil(effect.ring_seconds))
    return happening


async def failed(line: Line, effect: Transfer, reason: str, *, unreachable: bool = False) -> Outcome:
    """Write down that nobody was reached, and stop the ringing; the outcome, with the reason in a word of the trace."""
    if line.changes.transfer == "ringing":
        with suppress(AsteriskError):
            await line.channel.stop_ring()
    line.changes.transfer_became("failed")
    outcome = TransferFailed(reason, unreachable)
    line.tell(tell_end(effect, outcome))
    return outcome


def is_end_of(leg: Channel, event: Event) -> bool:
    """Whether the event tells that the leg is over."""
    return event.channel_id == leg.id and event.type in HANG_UP_EVENTS


async def drop(leg: Channel) -> None:
    """Hang the leg up, if it is there."""
    with suppress(AsteriskError):
        await leg.hangup(reason_code=16)


@asynccontextmanager
async def heard_on_line(line: Line, leg: Channel) -> AsyncIterator[None]:
    """Put the leg's events among the line's own, in their order, as long as the context lasts."""
    events = line.ari.events_of(leg.id)

    async def pass_on() -> None:
        while True:
            event = await events.get(LONGEST_WAIT_SECONDS)
            if event is not None:
                line.events.put(event)

    task = asyncio.get_running_loop().create_task(pass_on())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, AsteriskError):
            await task
        events.close()
