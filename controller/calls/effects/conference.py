"""Conferences: rooms that several calls join under one key."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from weakref import WeakValueDictionary

import structlog

from controller.asterisk.ari.bridges import Bridge
from controller.asterisk.ari.client import AriClient
from controller.asterisk.ari.events import Event
from controller.calls.line.line import Happening, Line, Lost
from controller.calls.model.response_codes import ResponseCode
from controller.errors import AsteriskNotFound, AsteriskRefused
from controller.script.effects import JoinConference
from controller.script.outcomes import Finished, HungUp, Outcome

log = structlog.get_logger()

_CONFLICT = 409


def room_id(license_key: str, key: str) -> str:
    """The bridge of a room. A room belongs to its licence key: nobody else's call gets in by knowing its key."""
    return f"ringpost-conference-{license_key}-{key.lower()}"


async def end_room(ari: AriClient, license_key: str, key: str) -> bool:
    """End a conference from outside; the scripts of its calls go on. False when there is none. Raises AsteriskError."""
    try:
        await ari.bridges.get(room_id(license_key, key)).destroy()
    except AsteriskNotFound:
        return False
    return True


class Conferences:
    """Lets calls into rooms and out. Who comes and who goes waits for each other: a room that empties is closed."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def join(self, line: Line, effect: JoinConference, license_key: str) -> Outcome:
        """Put the line into the room until it leaves. Alone, it hears what is played on hold.

        Gives HungUp, or Finished when the room was ended from outside. Raises Lost, AsteriskError.
        """
        bridge = line.ari.bridges.get(room_id(license_key, effect.key))
        async with self._lock(bridge.id):
            await _enter(line, bridge)
        happening = await line.wait(None, until=lambda event: _left(event, line, bridge), judged=False)
        if happening is Happening.LOST:
            raise Lost
        async with self._lock(bridge.id):
            await _leave(line, bridge)
        return HungUp() if happening is Happening.HUNG_UP else Finished()

    def _lock(self, bridge_id: str) -> asyncio.Lock:
        lock = self._locks.get(bridge_id)
        if lock is None:
            lock = self._locks[bridge_id] = asyncio.Lock()
        return lock


async def _enter(line: Line, bridge: Bridge) -> None:
    opened = True
    try:
        await line.ari.bridges.create(bridge_id=bridge.id, bridge_type="mixing,dtmf_events")
    except AsteriskRefused as error:
        if error.status != _CONFLICT:  # 409: somebody opened the room already
            raise
        opened = False
    members = set() if opened else set((await bridge.state()).channel_ids)
    if line.channel.id in members:
        return  # it was there before its controller was
    await bridge.add_channel(line.channel.id)
    await _play_on_hold(bridge, alone=not members)
    if opened:
        line.report("call.conference-started", ResponseCode.CONFERENCE_START)
    else:
        line.report("call.conference-joined", ResponseCode.CONFERENCE_JOIN)


async def _leave(line: Line, bridge: Bridge) -> None:
    with suppress(AsteriskNotFound):
        others = set((await bridge.state()).channel_ids) - {line.channel.id}
        if not others:
            await bridge.destroy()
        elif len(others) == 1:
            await _play_on_hold(bridge, alone=True)


async def _play_on_hold(bridge: Bridge, *, alone: bool) -> None:
    with suppress(AsteriskRefused):
        if alone:
            await bridge.start_moh()
        else:
            await bridge.stop_moh()


def _left(event: Event, line: Line, bridge: Bridge) -> bool:
    return event.type == "ChannelLeftBridge" and event.channel_id == line.channel.id and event.bridge_id == bridge.id
