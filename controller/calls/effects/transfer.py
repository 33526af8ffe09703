"""Transfers: a second leg is called, and both are bridged until one of them hangs up."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

import structlog

from controller.asterisk.ari.bridges import Bridge
from controller.asterisk.ari.channels import Channel
from controller.asterisk.ari.requests import made
from controller.calls.effects.owned import owned, removed
from controller.calls.effects.transfer_leg import Legs, drop, failed, heard_on_line, is_end_of, reach, trunks_of
from controller.calls.line.line import Happening, Line, Lost
from controller.errors import (
    AsteriskError,
    AsteriskNotFound,
    AsteriskUnreachable,
)
from controller.script.effects import Transfer
from controller.script.outcomes import HungUp, Outcome, Transferred
from controller.script.transcript import tell_end

log = structlog.get_logger()

TONE_MS = 100


@dataclass(frozen=True, slots=True)
class Heard:
    """Media that a caller hears while the other party rings, one after the other; nothing: the ringing tone."""

    media: tuple[str, ...] = ()


NOTHING_HEARD = Heard()


async def transfer(line: Line, effect: Transfer, legs: Legs, license_key: str, heard: Heard = NOTHING_HEARD) -> Outcome:
    """Transfer the call as `_transfer` does. While the connection is lost, its legs keep their channels."""
    line.transfer_routes = tuple(trunks_of(effect, legs, license_key))
    try:
        outcome = await _transfer(line, effect, legs, license_key, heard)
        if line.transfer_routes:
            await legs.over(line.queue_id)
        return outcome
    finally:
        line.transfer_routes = ()


async def _transfer(line: Line, effect: Transfer, legs: Legs, license_key: str, heard: Heard) -> Outcome:
    """Call `effect.number`, if the key (by its name) may, and bridge it with the line; the caller hears ringing.

    With `effect.others`, those are called at the same time, and who answers first is bridged. heard: what the caller
    hears instead of the ringing, if it has any length.

    Gives Transferred when the bridged call is over, TransferFailed(busy, noanswer, failed, refused), or HungUp. Raises
    Lost when Asterisk was away; carried out again, a transfer that still stands is rejoined instead of dialled anew.
    """
    leg = line.ari.channels.get(line.fixed_id("transfer"))
    bridge = line.ari.bridges.get(line.fixed_id("bridge"))
    try:
        async with heard_on_line(line, leg), owned(line, "the leg of a transfer", partial(drop, leg)):
            if await _stands(line, bridge, leg):
                async with owned(line, "the bridge of a transfer", bridge.destroy):
                    return await _talk(line, leg, effect)
            if line.changes.has_leg:
                # Both talked, and the other party has hung up while nobody was there to see it.
                await removed("the bridge of a transfer", bridge.destroy)
                return Transferred()
            async with _waiting(line, heard):
                failure = await reach(line, leg, effect, legs, license_key, silent=bool(heard.media))
                if failure is None and effect.digits:
                    failure = await _send_to_leg(line, leg, effect)
            if failure is not None:
                return failure
            await line.channel.stop_ring()
            async with owned(line, "the bridge of a transfer", bridge.destroy):
                await _connect(line, leg, bridge, legs.application)
                line.tell(tell_end(effect, Transferred()))
                return await _talk(line, leg, effect, partial(legs.answered, line, leg.id, effect, license_key))
    except AsteriskUnreachable:
        raise Lost from None
    except AsteriskError as error:
        if await line.is_gone():
            return HungUp()
        log.warning("transfer failed", reason=str(error))
        return await failed(line, effect, "failed")


async def abandon(line: Line) -> None:
    """Take down the leg and the bridge that the call had before its connection or its controller was lost."""
    await removed("the leg of a transfer", partial(drop, line.ari.channels.get(line.fixed_id("transfer"))))
    await removed("the bridge of a transfer", line.ari.bridges.get(line.fixed_id("bridge")).destroy)


async def _stands(line: Line, bridge: Bridge, leg: Channel) -> bool:
    try:
        return {line.channel.id, leg.id} <= set((await bridge.state()).channel_ids)
    except AsteriskNotFound:
        return False


async def _send_to_leg(line: Line, leg: Channel, effect: Transfer) -> Outcome | None:
    """Send digits to who has answered, before both hear each other; None when they are sent. Raises Lost."""

    async def pause(seconds: float) -> Outcome | None:
        happening = await line.wait(seconds, until=lambda event: is_end_of(leg, event), judged=False)
        if happening is Happening.TIME:
            return None
        if happening is Happening.LOST:
            raise Lost
        return HungUp() if happening is Happening.HUNG_UP else await failed(line, effect, "failed")

    over = await pause(effect.digits_after)
    for part in re.findall(r"w+|[^w]+", effect.digits.lower()):
        if over is not None:
            break
        if part.startswith("w"):
            over = await pause(0.5 * len(part))
        else:
            await leg.send_dtmf(part.upper(), duration_ms=TONE_MS, between_ms=TONE_MS)
            over = await pause(len(part) * 2 * TONE_MS / 1000)
    return over


@asynccontextmanager
async def _waiting(line: Line, heard: Heard) -> AsyncIterator[None]:
    """Let the caller hear something as long as nobody has answered."""
    if not heard.media:
        yield
        return
    playback_id = line.playback_id()
    await line.channel.play(heard.media, playback_id=playback_id)
    try:
        yield
    finally:
        with suppress(AsteriskError):
            await line.ari.playbacks.stop(playback_id)


async def _connect(line: Line, leg: Channel, bridge: Bridge, application: str) -> None:
    """Let both hear each other. AsteriskError."""
    # Without DTMF events Asterisk passes the packets on without looking, and no digit is noticed.
    await made(line.ari.bridges.create(bridge_id=bridge.id, bridge_type="mixing,dtmf_events", name=application))
    await bridge.add_channel(line.channel.id, leg.id)


async def _talk(line: Line, leg: Channel, effect: Transfer, begun: Callable[[], None] = lambda: None) -> Outcome:
    """Until one side hangs up; `begun` is told that both talk. Raises Lost."""
    line.changes.transfer_became("bridged", number=effect.number, route="".join(line.transfer_routes[:1]))
    begun()
    happening = await line.wait(None, until=lambda event: is_end_of(leg, event), judged=False)
    if happening is Happening.LOST:
        raise Lost
    return HungUp() if happening is Happening.HUNG_UP else Transferred()
