"""Which phones are registered with the Asterisk of this controller: only to them texts can go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NoReturn

import structlog

from controller.asterisk.ami import AmiClient
from controller.asterisk.ari.client import AriClient
from controller.directory.current import CurrentDirectory
from controller.errors import AsteriskError
from controller.texts.text_routes import PHONE

log = structlog.get_logger()

LOOK_SECONDS = 10.0
"""How often Asterisk is asked, beside each event of a contact: an event can be lost."""


class RegisteredPhones:
    """Knows the phones that are here, from Asterisk's contact events and by asking."""

    def __init__(self, ari: AriClient, ami: AmiClient, directory: CurrentDirectory) -> None:
        self._ari = ari
        self._directory = directory
        self._arrival_handlers: list[Callable[[], None]] = []
        self._online: frozenset[str] = frozenset()
        self._offline: frozenset[str] = frozenset()
        self._look = asyncio.Event()
        ami.on_event("ContactStatus", self._on_contact)

    def on_arrival(self, handler: Callable[[], None]) -> None:
        """Call `handler` when a phone has come."""
        self._arrival_handlers.append(handler)

    @property
    def online(self) -> frozenset[str]:
        """The names of the phones that are registered here."""
        return self._online

    @property
    def offline(self) -> frozenset[str]:
        """The names of phones and trunks of which Asterisk says that they are not there; none while it says nothing."""
        return self._offline

    @property
    def away(self) -> list[str]:
        """The routes of the phones that are not registered here."""
        return [PHONE + name for name in self._directory.snapshot.phones if name not in self._online]

    async def run(self) -> NoReturn:
        """Keep looking, until cancelled."""
        while True:
            await self.look()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._look.wait()

    async def look(self) -> None:
        """Ask Asterisk which phones are registered. While it cannot be asked, none is."""
        self._look.clear()
        try:
            endpoints = await self._ari.endpoints.list("PJSIP")
        except AsteriskError as error:
            log.debug("phones could not be asked for", reason=str(error))
            self._online = self._offline = frozenset()
            return
        online = frozenset(endpoint.resource for endpoint in endpoints if endpoint.state == "online")
        self._offline = frozenset(endpoint.resource for endpoint in endpoints if endpoint.state == "offline")
        came = online - self._online
        self._online = online
        if came:
            for handler in self._arrival_handlers:
                handler()

    def _on_contact(self, _event: Mapping[str, str]) -> None:
        self._look.set()
