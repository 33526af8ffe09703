"""Reloading: a changed configuration takes effect as a whole or not at all, and calls in progress go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from controller.asterisk.ami import AmiClient
from controller.config.load import Configuration, read_configuration
from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import Snapshot
from controller.errors import AsteriskError, InvalidConfiguration, RingpostError, StoreError
from controller.metering.prices import CurrentPrices
from controller.running.prompt_rendering import prepare_prompts
from controller.running.provisioning import provision_asterisk
from controller.speech.prompts import Prompts

log = structlog.get_logger()


class Reloading:
    """Applies the configuration as it stands on disk, one reload at a time."""

    def __init__(
        self,
        configuration: Configuration,
        directory: CurrentDirectory,
        prompts: Prompts,
        ami: AmiClient,
        shared: Callable[[Configuration], Awaitable[Configuration]],
        prices: CurrentPrices,
    ) -> None:
        """shared: gives a configuration the secrets that all controllers of the database use. StoreError.

        prices: those that count, which a reload replaces.
        """
        self._configuration = configuration
        self._applied = configuration
        self._directory = directory
        self._prompts = prompts
        self._ami = ami
        self._shared = shared
        self._prices = prices
        self._requested = asyncio.Event()
        # Files were written that Asterisk was not brought to read: the next time they do not differ, and count.
        self._unread = False
        self._lock = asyncio.Lock()
        self._caught_up = not configuration.settings.asterisk.files

    def request(self) -> None:
        """Have it reloaded soon (SIGHUP)."""
        self._requested.set()

    async def run(self) -> None:
        """Reload whenever it is requested, until cancelled; mistakes go to the log, and nothing changes."""
        while True:
            await self._requested.wait()
            self._requested.clear()
            try:
                await self.apply()
            except InvalidConfiguration as error:
                for mistake in error.mistakes:
                    log.error("the configuration was not reloaded", mistake=str(mistake))
            except RingpostError as error:
                log.error("the configuration was not reloaded", reason=str(error))
            except Exception:
                log.exception("the configuration was not reloaded")

    async def catch_up(self) -> None:
        """At the first login: an Asterisk that we did not start may know an older configuration than ours."""
        async with self._lock:
            if self._caught_up:
                return
            try:
                await provision_asterisk(self._configuration, self._ami, everything=True)
            except RingpostError as error:
                log.error("Asterisk does not know the configuration", reason=str(error))
            else:
                self._caught_up = True

    async def _read(self) -> Configuration:
        fresh = await asyncio.to_thread(read_configuration, self._configuration.path)
        try:
            return await self._shared(fresh)
        except StoreError as error:
            log.warning("what was made up for new names is not stored yet", reason=str(error))
            return fresh

    async def apply(self) -> list[str]:
        """Read, check and apply. Gives what changed, for people.

        InvalidConfiguration, AsteriskError: nothing was changed; Asterisk's files say again what they said before.
        """
        async with self._lock:
            fresh = await self._read()
            await prepare_prompts(self._prompts, fresh.snapshot)
            changes = _changes(self._directory.snapshot, fresh.snapshot)
            if self._configuration.settings.configures_asterisk:
                # The service's own settings change at its next start: what is written now must fit to what runs.
                running = replace(fresh, settings=self._configuration.settings)
                everything, self._unread = self._unread, True
                try:
                    changes += await provision_asterisk(running, self._ami, everything=everything)
                except AsteriskError:
                    await self._take_back()
                    raise
                self._unread = False
                self._applied = running
            self._directory.replace(fresh.snapshot)
            if fresh.prices != self._prices.list:
                self._prices.replace(fresh.prices)
                changes.append("prices changed")
            if fresh.settings != self._configuration.settings:
                changes.append("settings of the service itself changed: they take effect at the next start")
            for warning in fresh.snapshot.warnings:
                log.warning("the checker warns", mistake=str(warning))
            log.info("configuration reloaded", changes=len(changes))
            return changes

    async def _take_back(self) -> None:
        """Asterisk was not brought to read all of the new files: they become the old ones again, as far as it reads."""
        try:
            await provision_asterisk(self._applied, self._ami, everything=True)
        except RingpostError as error:
            # The files are the old ones all the same; the next reload has it read all of them.
            log.error("Asterisk may have read a part of a configuration that does not count", reason=str(error))


def _changes(old: Snapshot, new: Snapshot) -> list[str]:
    changes = []
    for section in ("license_keys", "dids", "ivrs", "sequences", "phones", "trunks"):
        before, after = getattr(old, section), getattr(new, section)
        changes += [f"{section}: {name} added" for name in after if name not in before]
        changes += [f"{section}: {name} removed" for name in before if name not in after]
        changes += [f"{section}: {name} changed" for name in after if name in before and before[name] != after[name]]
    return changes
