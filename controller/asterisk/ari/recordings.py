"""Recordings: those under way, and those stored on Asterisk's disk."""

from __future__ import annotations

from controller.asterisk.ari.requests import Requests, part
from controller.errors import AsteriskNotFound


class Recordings:
    """Recordings by the names that were chosen when they were started; a name may have `/` in it."""

    __slots__ = ("_requests",)

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    async def stop(self, name: str) -> None:
        """End a recording that is under way and keep it. RecordingFinished follows."""
        await self._requests.request("POST", f"recordings/live/{part(name)}/stop")

    async def cancel(self, name: str) -> None:
        """End a recording that is under way and throw it away."""
        await self._requests.request("DELETE", f"recordings/live/{part(name)}")

    async def is_under_way(self, name: str) -> bool:
        """Whether a recording of this name goes on now."""
        try:
            await self._requests.request("GET", f"recordings/live/{part(name)}")
        except AsteriskNotFound:
            return False
        return True

    async def stored_names(self) -> list[str]:
        """The names of all stored recordings."""
        answer = await self._requests.request("GET", "recordings/stored")
        return [recording["name"] for recording in answer.json()]

    async def stored_file(self, name: str) -> bytes:
        """The stored recording's file, in the format it was recorded in. AsteriskNotFound when there is none."""
        return await self._requests.download(f"recordings/stored/{part(name)}/file")

    async def delete_stored(self, name: str) -> None:
        """Delete a stored recording's file. AsteriskNotFound when there is none."""
        await self._requests.request("DELETE", f"recordings/stored/{part(name)}")
