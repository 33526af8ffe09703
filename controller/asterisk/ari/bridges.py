"""Bridges: channels that hear each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from controller.asterisk.ari.requests import Requests, part

BridgeType = Literal["mixing", "holding", "mixing,dtmf_events", "mixing,proxy_media"]


@dataclass(frozen=True, slots=True)
class BridgeState:
    """A bridge as Asterisk described it: its id, name, type, and the channels in it."""

    id: str
    name: str
    bridge_type: str
    channel_ids: tuple[str, ...]

    @classmethod
    def of(cls, data: dict[str, Any]) -> BridgeState:
        return cls(
            id=str(data["id"]),
            name=str(data.get("name", "")),
            bridge_type=str(data.get("bridge_type", "")),
            channel_ids=tuple(data.get("channels") or ()),
        )


class Bridge:
    """One bridge, by its id. Making this object asks nothing of Asterisk."""

    __slots__ = ("_requests", "_uri", "id")

    def __init__(self, requests: Requests, bridge_id: str) -> None:
        self.id = bridge_id
        self._requests = requests
        self._uri = f"bridges/{part(bridge_id)}"

    async def state(self) -> BridgeState:
        """The bridge as it is now. AsteriskNotFound when it is gone."""
        return BridgeState.of((await self._requests.request("GET", self._uri)).json())

    async def add_channel(
        self, *channel_ids: str, role: str | None = None, absorb_dtmf: bool | None = None, mute: bool | None = None
    ) -> None:
        """Put channels in. AsteriskRefused when one is not in Stasis (409) or does not exist (400)."""
        query = {"channel": ",".join(channel_ids), "role": role, "absorbDTMF": absorb_dtmf, "mute": mute}
        await self._requests.request("POST", f"{self._uri}/addChannel", query)

    async def remove_channel(self, *channel_ids: str) -> None:
        """Take channels out. AsteriskRefused when one does not exist (400) or is not in this bridge (422)."""
        await self._requests.request("POST", f"{self._uri}/removeChannel", {"channel": ",".join(channel_ids)})

    async def play(self, media: Sequence[str], *, playback_id: str) -> None:
        """Play media URIs ("sound:…", "tone:…", "digits:…"), one after the other, to everybody in the bridge."""
        uri = f"{self._uri}/play/{part(playback_id)}"
        await self._requests.request("POST", uri, {"media": ",".join(media)})

    async def start_moh(self, moh_class: str | None = None) -> None:
        """Play music on hold, of `moh_class` or the default class."""
        await self._requests.request("POST", f"{self._uri}/moh", {"mohClass": moh_class})

    async def stop_moh(self) -> None:
        await self._requests.request("DELETE", f"{self._uri}/moh")

    async def destroy(self) -> None:
        """Take the bridge down; its channels stay in Stasis."""
        await self._requests.request("DELETE", self._uri)


class Bridges:
    """All bridges of Asterisk."""

    __slots__ = ("_requests",)

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    def get(self, bridge_id: str) -> Bridge:
        """A handle; asks nothing of Asterisk."""
        return Bridge(self._requests, bridge_id)

    async def list(self) -> list[BridgeState]:
        answer = await self._requests.request("GET", "bridges")
        return [BridgeState.of(bridge) for bridge in answer.json()]

    async def create(self, *, bridge_id: str, bridge_type: BridgeType = "mixing", name: str | None = None) -> Bridge:
        """Make a bridge with this id. AsteriskRefused (409) when there is one already."""
        bridge = Bridge(self._requests, bridge_id)
        await self._requests.request("POST", f"bridges/{part(bridge_id)}", {"type": bridge_type, "name": name})
        return bridge
