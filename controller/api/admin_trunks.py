"""Trunks for the administrator (`ringpost trunks`): how each stands now. Every request carries a token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from aiohttp import web

from controller.api.auth import authorise_operator
from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import Trunk
from controller.errors import StoreError


class Health(Protocol):
    """What calls have found of trunks, by their names."""

    def failures(self, trunk: str) -> int:
        """How many calls in a row have found it failing."""

    def rest_seconds(self, trunk: str) -> float:
        """For how long it is left alone from now on; 0 when it is not."""


class Reached(Protocol):
    """Of what Asterisk knows by OPTIONS whether it is there."""

    @property
    def online(self) -> frozenset[str]:
        """What is there, by the endpoint's name."""

    @property
    def offline(self) -> frozenset[str]:
        """What is not."""


class TrunksAdminHandler:
    """channels_in_use: the calls of each trunk, of all controllers. StoreError. Health and reachability are as this
    controller finds them.
    """

    def __init__(
        self,
        token: str,
        directory: CurrentDirectory,
        health: Health,
        reached: Reached,
        channels_in_use: Callable[[], Awaitable[Mapping[str, int]]],
    ) -> None:
        self._token = token
        self._directory = directory
        self._health = health
        self._reached = reached
        self._channels_in_use = channels_in_use

    def routes(self) -> list[web.RouteDef]:
        """The routes of this handler."""
        return [web.get("/admin/trunks", self._on_trunks)]

    async def _on_trunks(self, request: web.Request) -> web.Response:
        """All trunks in the order of the configuration. `channels_in_use` is null while the database is away."""
        authorise_operator(request, self._token)
        try:
            used: Mapping[str, int] | None = await self._channels_in_use()
        except StoreError:
            used = None
        trunks = self._directory.snapshot.trunks.values()
        return web.json_response([self._described(trunk, used) for trunk in trunks])

    def _described(self, trunk: Trunk, used: Mapping[str, int] | None) -> dict[str, object]:
        return {
            "name": trunk.name,
            "address": f"{trunk.host}:{trunk.port}",
            "transport": trunk.transport,
            "prefixes": list(trunk.prefixes),
            "state": self._state(trunk),
            "channels_in_use": None if used is None else used.get(trunk.name, 0),
            "channels": trunk.channels,
            "calls_per_second": trunk.calls_per_second,
            "failures": self._health.failures(trunk.name),
            "left_alone_seconds": round(self._health.rest_seconds(trunk.name), 1),
        }

    def _state(self, trunk: Trunk) -> str:
        if not trunk.check_seconds:
            return "not checked"
        if trunk.name in self._reached.offline:
            return "unreachable"
        return "reachable" if trunk.name in self._reached.online else "unknown"
