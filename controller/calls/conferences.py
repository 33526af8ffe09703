"""Conferences: rooms that several calls join under one key."""

from __future__ import annotations

from contextlib import suppress

import structlog

from controller.asterisk.ari.bridges import Bridge
from controller.calls.line import Happening, Line
from controller.calls.playing import Lost
from controller.errors import AsteriskError, AsteriskNotFound, AsteriskRefused, AsteriskUnreachable
from controller.script.effects import Conference
from controller.script.outcomes import Failed, Finished, HungUp, Outcome

log = structlog.get_logger()

_CONFLICT = 409


def room_id(license_key: str, key: str) -> str:
    """The bridge of a room. A room belongs to its licence key: nobody else's call gets in by knowing its key."""
    return f"ringpost-conference-{license_key}-{key.lower()}"


async def join(line: Line, effect: Conference, license_key: str) -> Outcome:
    """Put the line into the room until it leaves. Alone, it hears music. Raises Lost."""
    bridge = line.ari.bridges.get(room_id(license_key, effect.key))
    try:
        await _open(bridge, line)
        await bridge.add_channel(line.channel.id)
        await _music_while_alone(bridge)
        happening = await line.wait(None)
        if happening is Happening.LOST:
            raise Lost
        if happening is not Happening.HUNG_UP:
            await bridge.remove_channel(line.channel.id)
        await _close_if_empty(bridge)
    except AsteriskUnreachable:
        raise Lost from None
    except AsteriskNotFound:
        return HungUp() if line.hung_up else Failed("the conference ended")
    except AsteriskError as error:
        return Failed(str(error))
    return HungUp() if happening is Happening.HUNG_UP else Finished()


async def _open(bridge: Bridge, line: Line) -> None:
    try:
        await line.ari.bridges.create(bridge_id=bridge.id)
    except AsteriskRefused as error:
        if error.status != _CONFLICT:  # 409: somebody opened the room already
            raise


async def _music_while_alone(bridge: Bridge) -> None:
    members = len((await bridge.state()).channel_ids)
    with suppress(AsteriskRefused):
        if members == 1:
            await bridge.start_moh()
        else:
            await bridge.stop_moh()


async def _close_if_empty(bridge: Bridge) -> None:
    with suppress(AsteriskNotFound):
        if (await bridge.state()).channel_ids:
            await _music_while_alone(bridge)
        else:
            await bridge.destroy()
