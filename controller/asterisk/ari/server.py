"""The Asterisk process itself: its version, its modules, its global variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from controller.asterisk.ari.requests import Requests, part


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """`version` as Asterisk prints it, `entity_id` (a MAC address unless configured), `name` (`systemname` of
    asterisk.conf, often empty), `started_at` in ISO 8601.
    """

    version: str
    entity_id: str
    name: str
    started_at: str

    @property
    def identity(self) -> str:
        """What tells this server from others. Two on one machine need an `entityid` or a `systemname` each."""
        return f"{self.entity_id}/{self.name}" if self.name else self.entity_id


class AsteriskResource:
    __slots__ = ("_requests",)

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    async def info(self) -> ServerInfo:
        answer = (await self._requests.request("GET", "asterisk/info")).json()
        system = answer.get("system") or {}
        return ServerInfo(
            version=str(system.get("version", "")),
            entity_id=str(system.get("entity_id", "")),
            name=str((answer.get("config") or {}).get("name", "")),
            started_at=str((answer.get("status") or {}).get("startup_time", "")),
        )

    async def ping(self) -> None:
        """One round trip."""
        await self._requests.request("GET", "asterisk/ping")

    async def modules(self) -> dict[str, str]:
        """The loaded modules by name ("res_hep.so"), each with its status ("Running" or "Not Running")."""
        answer = await self._requests.request("GET", "asterisk/modules")
        return {module["name"]: module["status"] for module in answer.json()}

    async def reload_module(self, name: str) -> None:
        """Have a module ("res_pjsip.so") read its configuration again. AsteriskNotFound when it is not loaded."""
        await self._requests.request("PUT", f"asterisk/modules/{part(name)}")

    async def put_object(self, kind_class: str, kind: str, name: str, fields: Mapping[str, str]) -> None:
        """Make or change an object of a module's configuration that Asterisk can keep ("res_pjsip", "endpoint").

        AsteriskRefused (403) where nothing in sorcery.conf can keep it.
        """
        body = {"fields": [{"attribute": attribute, "value": value} for attribute, value in fields.items()]}
        await self._requests.request("PUT", _object(kind_class, kind, name), None, body)

    async def get_object(self, kind_class: str, kind: str, name: str) -> dict[str, str]:
        """The attributes of such an object. AsteriskNotFound when there is none."""
        answer = (await self._requests.request("GET", _object(kind_class, kind, name))).json()
        return {str(field["attribute"]): str(field["value"]) for field in answer}

    async def delete_object(self, kind_class: str, kind: str, name: str) -> None:
        """Remove such an object. AsteriskNotFound when there is none."""
        await self._requests.request("DELETE", _object(kind_class, kind, name))

    async def get_variable(self, name: str) -> str:
        """A global variable or function of the dialplan; empty when it is not set."""
        answer = (await self._requests.request("GET", "asterisk/variable", {"variable": name})).json()
        return str(answer.get("value", ""))

    async def set_variable(self, name: str, value: str) -> None:
        await self._requests.request("POST", "asterisk/variable", {"variable": name, "value": value})


def _object(kind_class: str, kind: str, name: str) -> str:
    return f"asterisk/config/dynamic/{part(kind_class)}/{part(kind)}/{part(name)}"
