"""The next trunk: where a call goes when the one that it was to go through fails, or is left alone."""

from __future__ import annotations

from collections.abc import Collection

import structlog

from controller.calls.model.call import Call
from controller.calls.outgoing.trunk_health import TrunkHealth
from controller.calls.store.call_queue import CallQueue
from controller.directory.routes import Routes
from controller.errors import StoreError

log = structlog.get_logger()


class NextTrunk:
    """Chooses among the trunks that lead to a callee."""

    def __init__(self, routes: Routes, queue: CallQueue, health: TrunkHealth) -> None:
        self._routes = routes
        self._queue = queue
        self.health = health

    async def next(self, call: Call, tried: Collection[str]) -> str | None:
        """The trunk to take instead of the call's own, by its name; None when all have been tried.

        tried: those that have failed in the try under way; the call's own is one of them from now on. A trunk that
        rests is taken last.
        """
        others = [each for each in self._routes.trunks_to(call.their_number) if each not in {*tried, call.route}]
        if not others:
            return None
        try:
            await self._queue.note_tried(call.queue_id, call.route, call.tries)
        except StoreError as error:
            log.warning("no other trunk is tried while the database is away", reason=str(error))
            return None
        return min(others, key=self.health.rests)
