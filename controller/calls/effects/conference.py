"""Conferences: rooms that several calls join under one key."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from weakref import WeakValueDictionary

from controller.asterisk.ari.bridges import Bridge
from controller.asterisk.ari.client import AriClient
from controller.asterisk.ari.events import Event
from controller.asterisk.ari.requests import made
from controller.calls.effects.owned import owned, removed
from controller.calls.line.line import Happening, Line, Lost
from controller.directory.snapshot import canonical_guid
from controller.errors import AsteriskNotFound, AsteriskRefused
from controller.script.effects import JoinConference
from controller.script.outcomes import Finished, HungUp, Outcome

ROOM_PREFIX = "ringpost-conference-"


def room_id(license_key: str, key: str) -> str:
    """The bridge of a room. A room belongs to its licence key: nobody else's call gets in by knowing its key.

    The length of the licence key's name stands before it, so that no two pairs of names give the same id.
    """
    return f"{ROOM_PREFIX}{len(license_key)}-{license_key}-{key.lower()}"


async def end_room(ari: AriClient, license_key: str, key: str) -> bool:
    """End a conference from outside; the scripts of its calls go on. False when there is none. Raises AsteriskError."""
    try:
        await ari.bridges.get(room_id(license_key, key)).destroy()
    except AsteriskNotFound:
        return False
    return True


async def end_rooms(ari: AriClient, key: str) -> bool:
    """End the conference of this key, whosever it is; False for what is no GUID, or when there is none. AsteriskError.

    Only a GUID is a proof that the call was in the room: it came with a post-back.
    """
    guid = canonical_guid(key)
    if guid is None:
        return False
    rooms = [each for each in await ari.bridges.list() if _is_of(each.id, guid)]
    for room in rooms:
        with suppress(AsteriskNotFound):
            await ari.bridges.get(room.id).destroy()
    return bool(rooms)


def _is_of(bridge_id: str, guid: str) -> bool:
    return bridge_id.startswith(ROOM_PREFIX) and bridge_id.endswith(f"-{guid}")


class Conferences:
    """Lets calls into rooms and out. Who comes and who goes waits for each other: a room that empties is closed.

    application: the Stasis application; its rooms bear its name in Asterisk.
    """

    def __init__(self, application: str) -> None:
        self._application = application
        self._doors: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def join(self, line: Line, effect: JoinConference, license_key: str) -> Outcome:
        """Put the line into the room until it leaves. Alone, it hears what is played on hold.

        Gives HungUp, or Finished when the room was ended from outside. Raises Lost, AsteriskError.
        """
        bridge = line.ari.bridges.get(room_id(license_key, effect.key))
        async with owned(line, "a conference", partial(self._leave, line, bridge)):
            async with self._door(bridge.id):
                await self._enter(line, bridge)
            happening = await line.wait(None, until=lambda event: _left(event, line, bridge), judged=False)
            if happening is Happening.LOST:
                raise Lost
        return HungUp() if happening is Happening.HUNG_UP else Finished()

    async def leave(self, line: Line, effect: JoinConference, license_key: str) -> None:
        """Take the line out of the room that it was in before its connection or its controller was lost."""
        bridge = line.ari.bridges.get(room_id(license_key, effect.key))
        await removed("a conference", partial(self._leave, line, bridge))

    async def close_empty(self, ari: AriClient, bridge_id: str) -> bool:
        """Close a room if nobody is in it; whether it was closed. Raises AsteriskError."""
        bridge = ari.bridges.get(bridge_id)
        async with self._door(bridge_id):
            try:
                if (await bridge.state()).channel_ids:
                    return False
                await bridge.destroy()
            except AsteriskNotFound:
                return False
        return True

    async def _enter(self, line: Line, bridge: Bridge) -> None:
        members: set[str] = set()
        making = line.ari.bridges.create(bridge_id=bridge.id, bridge_type="mixing,dtmf_events", name=self._application)
        if not await made(making):
            members = set((await bridge.state()).channel_ids)
        if line.channel.id in members:
            return  # it was there before its controller was
        await bridge.add_channel(line.channel.id)
        await _play_on_hold(bridge, alone=not members)
        # An empty room was left by a crash: whoever comes first has started the conference all the same.
        line.changes.conference_joined(started=not members)

    async def _leave(self, line: Line, bridge: Bridge) -> None:
        async with self._door(bridge.id):
            members = set((await bridge.state()).channel_ids)
            others = members - {line.channel.id}
            if not others:
                await bridge.destroy()
                return
            if line.channel.id in members:
                # A hang-up is told before the channel has left: of two who go at once, each would count the other.
                with suppress(AsteriskRefused):
                    await bridge.remove_channel(line.channel.id)
            if len(others) == 1:
                await _play_on_hold(bridge, alone=True)

    def _door(self, bridge_id: str) -> asyncio.Lock:
        door = self._doors.get(bridge_id)
        if door is None:
            door = self._doors[bridge_id] = asyncio.Lock()
        return door


async def _play_on_hold(bridge: Bridge, *, alone: bool) -> None:
    with suppress(AsteriskRefused):
        if alone:
            await bridge.start_moh()
        else:
            await bridge.stop_moh()


def _left(event: Event, line: Line, bridge: Bridge) -> bool:
    return event.type == "ChannelLeftBridge" and event.channel_id == line.channel.id and event.bridge_id == bridge.id
