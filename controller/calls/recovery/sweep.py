"""The sweep: what calls left in Asterisk, because of a crash or a lost connection, is removed; recordings are kept."""

from __future__ import annotations

import re

import structlog

from controller.asterisk.ari.bridges import BridgeState
from controller.asterisk.ari.client import AriClient
from controller.calls.effects.conference import ROOM_PREFIX, Conferences
from controller.calls.effects.owned import removed
from controller.calls.live import LiveCalls
from controller.calls.store.recordings import Recordings

log = structlog.get_logger()

_CALL_BRIDGE = re.compile(r"ringpost-(\d+)-(?:ear-|spy-)?bridge")


class Sweep:
    """Removes what no live call of this controller owns any more, and nothing that another controller made.

    application: this controller's Stasis application. A bridge bears in Asterisk the name of the one that made it.
    """

    def __init__(
        self, ari: AriClient, live: LiveCalls, conferences: Conferences, recordings: Recordings, application: str
    ) -> None:
        self._ari = ari
        self._live = live
        self._conferences = conferences
        self._recordings = recordings
        self._application = application

    async def run_once(self) -> None:
        """Sweep now; to be called when the live calls agree with Asterisk's channels. Raises AsteriskError."""
        for bridge in await self._ari.bridges.list():
            if bridge.name == self._application and not self._live.closed:
                await self._sweep_bridge(bridge)
        if not self._live.closed:
            await self._recordings.sweep(self._live.has_queue_id)

    async def _sweep_bridge(self, bridge: BridgeState) -> None:
        if bridge.id.startswith(ROOM_PREFIX):
            if not bridge.channel_ids and await self._conferences.close_empty(self._ari, bridge.id):
                log.warning("an empty conference was closed that nobody had left in order", bridge=bridge.id)
        elif (found := _CALL_BRIDGE.fullmatch(bridge.id)) and not self._live.has_queue_id(int(found[1])):
            log.warning("a bridge is removed whose call is over", bridge=bridge.id)
            await removed("the bridge of a call", self._ari.bridges.get(bridge.id).destroy)
