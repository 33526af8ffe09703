"""Playbacks: what is being played to a channel or a bridge."""

from __future__ import annotations

from typing import Literal

from controller.asterisk.ari.requests import Requests, part

Operation = Literal["restart", "pause", "unpause", "reverse", "forward"]


class Playbacks:
    """Playbacks by the ids that were chosen when they were started."""

    __slots__ = ("_requests",)

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    async def stop(self, playback_id: str) -> None:
        """Stop it now. PlaybackFinished follows. AsteriskNotFound when it is over already."""
        await self._requests.request("DELETE", f"playbacks/{part(playback_id)}")

    async def control(self, playback_id: str, operation: Operation) -> None:
        """Pause, go on, go back or forward. AsteriskRefused (409) when it does not play at this moment."""
        await self._requests.request("POST", f"playbacks/{part(playback_id)}/control", {"operation": operation})
