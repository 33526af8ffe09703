"""The legs of transfers on a trunk: they count like its calls, in channels and in pace."""

from __future__ import annotations

import asyncio

from controller.calls.live import LiveCalls
from controller.calls.outgoing.pace import Paces
from controller.directory.current import CurrentDirectory

# A caller who waits for a transfer is not kept waiting for longer by the pace.
LONGEST_WAIT_SECONDS = 5.0


class TrunkLegs:
    """Admits legs. paces: those of the dialer, whose trunks these are too."""

    def __init__(self, directory: CurrentDirectory, live: LiveCalls, paces: Paces) -> None:
        self._directory = directory
        self._live = live
        self._paces = paces

    async def admit(self, route: str) -> bool:
        """Wait until a leg may be dialled through a trunk; False when its channels are taken, or its pace is used up.

        The leg counts on its route already. Whatever needs no trunk is admitted.
        """
        deadline = self._now() + LONGEST_WAIT_SECONDS
        while True:
            trunk = self._directory.snapshot.trunks.get(route)
            if trunk is None:
                return True
            if self._live.on_route(route) > trunk.channels:
                return False
            pace = self._paces.of(f"trunk {route}", trunk.calls_per_second)
            if pace.allows(self._now()):
                pace.take()
                return True
            wait = pace.wait()
            if self._now() + wait > deadline:
                return False
            await asyncio.sleep(wait)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
