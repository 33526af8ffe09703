"""Endpoints: the phones and trunks that Asterisk knows, and texts to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controller.asterisk.ari.requests import Requests, part


@dataclass(frozen=True, slots=True)
class EndpointState:
    """An endpoint: its technology (PJSIP), its name, its state (online, offline, unknown), its channels."""

    technology: str
    resource: str
    state: str
    channel_ids: tuple[str, ...]

    @classmethod
    def of(cls, data: dict[str, Any]) -> EndpointState:
        return cls(
            technology=str(data["technology"]),
            resource=str(data["resource"]),
            state=str(data.get("state", "unknown")),
            channel_ids=tuple(data.get("channel_ids") or ()),
        )


class Endpoints:
    __slots__ = ("_requests",)

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    async def list(self, technology: str | None = None) -> list[EndpointState]:
        """All endpoints, or those of one technology ("PJSIP"). AsteriskNotFound when that technology is not loaded."""
        uri = "endpoints" if technology is None else f"endpoints/{part(technology)}"
        answer = await self._requests.request("GET", uri)
        return [EndpointState.of(endpoint) for endpoint in answer.json()]

    async def get(self, technology: str, resource: str) -> EndpointState:
        """AsteriskNotFound when there is no such endpoint."""
        answer = await self._requests.request("GET", f"endpoints/{part(technology)}/{part(resource)}")
        return EndpointState.of(answer.json())

    async def send_message(
        self, *, to: str, sender: str, body: str, variables: Mapping[str, str] | None = None
    ) -> None:
        """Hand a text to Asterisk for sending: SIP MESSAGE (RFC 3428).

        `to` is "pjsip:ENDPOINT/sip:USER@HOST"; `variables` become headers of the message. That this returns says only
        that Asterisk took the text: it returns the same when the far side refuses it or never answers.
        """
        query = {"to": to, "from": sender, "body": body}
        payload = None if variables is None else {"variables": dict(variables)}
        await self._requests.request("PUT", "endpoints/sendMessage", query, payload)
