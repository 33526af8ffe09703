"""Stasis applications: what Asterisk gives to whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from controller.asterisk.ari.requests import Requests, part


@dataclass(frozen=True, slots=True)
class ApplicationState:
    """An application, and the ids of what it is subscribed to: the channels in it, above all."""

    name: str
    channel_ids: tuple[str, ...]
    bridge_ids: tuple[str, ...]
    endpoint_ids: tuple[str, ...]

    @classmethod
    def of(cls, data: dict[str, Any]) -> ApplicationState:
        return cls(
            name=str(data["name"]),
            channel_ids=tuple(data.get("channel_ids") or ()),
            bridge_ids=tuple(data.get("bridge_ids") or ()),
            endpoint_ids=tuple(data.get("endpoint_ids") or ()),
        )


class Applications:
    __slots__ = ("_requests",)

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    async def list(self) -> list[ApplicationState]:
        answer = await self._requests.request("GET", "applications")
        return [ApplicationState.of(application) for application in answer.json()]

    async def get(self, name: str) -> ApplicationState:
        """The application with the channels that are in it. AsteriskNotFound when nobody registered it."""
        return ApplicationState.of((await self._requests.request("GET", f"applications/{part(name)}")).json())

    async def subscribe(self, name: str, *event_sources: str) -> None:
        """Follow what is not in the application: "channel:ID", "bridge:ID", "endpoint:PJSIP/NAME".

        A channel followed both by itself and through its endpoint delivers some events twice.
        """
        query = {"eventSource": ",".join(event_sources)}
        await self._requests.request("POST", f"applications/{part(name)}/subscription", query)

    async def unsubscribe(self, name: str, *event_sources: str) -> None:
        """Stop following. AsteriskRefused (409) when it was not followed."""
        query = {"eventSource": ",".join(event_sources)}
        await self._requests.request("DELETE", f"applications/{part(name)}/subscription", query)

    async def silence(self, name: str, event_types: Iterable[str]) -> None:
        """Have Asterisk send no events of these types; all others come (again)."""
        body = {"disallowed": [{"type": event_type} for event_type in event_types]}
        await self._requests.request("PUT", f"applications/{part(name)}/eventFilter", None, body)
