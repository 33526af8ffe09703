"""Transfers: a second leg is called, and both are bridged until one of them hangs up."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from controller.asterisk.ari.bridges import Bridge
from controller.asterisk.ari.channels import Channel
from controller.asterisk.ari.events import Event
from controller.calls.line.line import HANG_UP_EVENTS, LONGEST_WAIT_SECONDS, Happening, Line, Lost
from controller.calls.line.originate import DIAL_SLACK_SECONDS, ENTER_SECONDS, shown_caller
from controller.calls.model.response_codes import ResponseCode
from controller.directory.routes import Routes
from controller.errors import AsteriskError, AsteriskNotFound, AsteriskUnreachable, PhoneNumberInvalid
from controller.script.effects import Transfer
from controller.script.outcomes import HungUp, Outcome, TransferFailed, Transferred
from controller.script.transcript import tell_end

log = structlog.get_logger()

# Why the dialled leg was not answered, by its hang-up cause (ITU-T Q.850; Asterisk makes it from the SIP status: 486
# and 600 are 17, 408 is 18, 480 is 19, 403 and 603 are 21), in the words of the trace.
_NOT_ANSWERED = {17: "busy", 18: "noanswer", 19: "noanswer", 20: "noanswer", 21: "refused"}


async def transfer(line: Line, effect: Transfer, routes: Routes, application: str) -> Outcome:
    """Call `effect.number` and bridge it with the line. The caller hears ringing meanwhile.

    Gives Transferred when the bridged call is over, TransferFailed(busy, noanswer, failed, refused), or HungUp. Raises
    Lost when Asterisk was away; carried out again, a transfer that still stands is rejoined instead of dialled anew.
    """
    leg = line.ari.channels.get(line.fixed_id("transfer"))
    bridge = line.ari.bridges.get(line.fixed_id("bridge"))
    line.transfer_route = routes.trunk_to(effect.number)
    try:
        async with _heard_on_line(line, leg):
            if not await _stands(bridge, leg):
                failure = await _dial(line, leg, effect, routes, application)
                if failure is not None:
                    return failure
                await line.channel.stop_ring()
                # Without DTMF events Asterisk passes the packets on without looking, and no digit is noticed.
                await line.ari.bridges.create(bridge_id=bridge.id, bridge_type="mixing,dtmf_events")
                await bridge.add_channel(line.channel.id, leg.id)
                line.tell(tell_end(effect, Transferred()))
                if line.outgoing:
                    line.report("call.transferred", ResponseCode.TRANSFERRED)
            return await _conversation(line, leg, bridge)
    except AsteriskUnreachable:
        raise Lost from None
    except AsteriskError as error:
        await _drop(leg)
        if await line.is_gone():
            return HungUp()
        log.warning("transfer failed", reason=str(error))
        return await _failed(line, effect, "failed")
    finally:
        line.transfer_route = ""


async def abandon(line: Line) -> None:
    """Take down what a transfer of this call may have left: its leg and its bridge."""
    await _drop(line.ari.channels.get(line.fixed_id("transfer")))
    with suppress(AsteriskError):
        await line.ari.bridges.get(line.fixed_id("bridge")).destroy()


async def _stands(bridge: Bridge, leg: Channel) -> bool:
    try:
        return leg.id in (await bridge.state()).channel_ids
    except AsteriskNotFound:
        return False


async def _dial(line: Line, leg: Channel, effect: Transfer, routes: Routes, application: str) -> Outcome | None:
    """Ring the other party; None at its answer."""
    try:
        endpoint = routes.endpoint_for(effect.number)
    except PhoneNumberInvalid as error:
        log.info("transfer refused", reason=str(error))
        return await _failed(line, effect, "refused")
    # Whom the other party sees: the script's choice, or else the caller, whom Asterisk takes over from the other leg;
    # on a call that we placed, the number that it shows.
    shown = {}
    if effect.caller_id or effect.caller_id_name or line.outgoing:
        shown = shown_caller(routes.shown_to(effect.number, effect.caller_id or line.caller), effect.caller_id_name)
    await line.ari.channels.create(
        endpoint=endpoint,
        channel_id=leg.id,
        application=application,
        application_args="leg",
        originator=line.channel.id,
        variables=shown,
    )
    line.transfer = "ringing"
    await line.channel.ring()
    reason = ""

    def entered(event: Event) -> bool:
        return event.type == "StasisStart" and event.channel_id == leg.id

    def decided(event: Event) -> bool:
        nonlocal reason
        if event.channel_id != leg.id:
            return False
        if event.type == "ChannelDestroyed":
            reason = _NOT_ANSWERED.get(event.cause, "failed")
            return True
        return event.type == "Dial" and event.dial_status == "ANSWER"

    # Asterisk refuses what is asked of a channel that has not entered the application yet.
    happening = await line.wait(ENTER_SECONDS, until=entered, judged=False)
    if happening is Happening.EVENT:
        await leg.set_variable("TIMEOUT(absolute)", str(line.lease_seconds))
        await leg.dial(caller=None if shown else line.channel.id, timeout_seconds=math.ceil(effect.ring_seconds))
        happening = await line.wait(effect.ring_seconds + DIAL_SLACK_SECONDS, until=decided, judged=False)
    if happening is Happening.EVENT and not reason:
        return None
    await _drop(leg)
    if happening is Happening.LOST:
        raise Lost
    if happening is Happening.HUNG_UP:
        return HungUp()
    return await _failed(line, effect, reason or "noanswer")


async def _failed(line: Line, effect: Transfer, reason: str) -> Outcome:
    if line.transfer == "ringing":
        with suppress(AsteriskError):
            await line.channel.stop_ring()
    line.transfer = "failed"
    outcome = TransferFailed(reason)
    line.tell(tell_end(effect, outcome))
    return outcome


async def _conversation(line: Line, leg: Channel, bridge: Bridge) -> Outcome:
    """Until one side hangs up."""
    line.transfer = "bridged"
    happening = await line.wait(
        None, until=lambda event: event.channel_id == leg.id and event.type in HANG_UP_EVENTS, judged=False
    )
    if happening is Happening.LOST:
        raise Lost
    await _drop(leg)
    with suppress(AsteriskNotFound):
        await bridge.destroy()
    return HungUp() if happening is Happening.HUNG_UP else Transferred()


async def _drop(leg: Channel) -> None:
    with suppress(AsteriskError):
        await leg.hangup(reason_code=16)


@asynccontextmanager
async def _heard_on_line(line: Line, leg: Channel) -> AsyncIterator[None]:
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
