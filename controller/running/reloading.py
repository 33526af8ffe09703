"""Reloading: a changed configuration takes effect as a whole or not at all, and calls in progress go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from controller.asterisk.ami import AmiClient
from controller.config.line_type_settings import LineTypesSection
from controller.config.load import Configuration, read_configuration
from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import Snapshot
from controller.errors import AsteriskError, InvalidConfiguration, RingpostError, StoreError
from controller.metering.prices import CurrentPrices
from controller.running.prompt_rendering import prepare_prompts
from controller.running.provisioning import provision_asterisk
from controller.speech.prompts import Prompts

log = structlog.get_logger()

# After which time Asterisk is asked again to read what it did not.
AGAIN_SECONDS = 2.0


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
        reload_line_types: Callable[[LineTypesSection], None] = lambda _: None,
    ) -> None:
        """shared: gives a configuration the secrets that all controllers of the database use. StoreError.

        prices: those that count, which a reload replaces. reload_line_types: takes what the operator says of lines.
        """
        self._configuration = configuration
        self._applied = configuration
        self._directory = directory
        self._prompts = prompts
        self._ami = ami
        self._shared = shared
        self._prices = prices
        self._reload_line_types = reload_line_types
        self._line_types = configuration.settings.line_types
        self._requested = asyncio.Event()
        # Files were written that Asterisk was not brought to read: the next time they do not differ, and count.
        self._unread = False
        # Customers made or removed phones that Asterisk's files do not have, or have still.
        self._phones_due = asyncio.Event()
        self._lock = asyncio.Lock()
        self._caught_up = not configuration.settings.asterisk.files
        directory.on_change(self._on_directory)

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

    def _on_directory(self, previous: Snapshot, current: Snapshot) -> None:
        if previous.phones != current.phones:
            self._phones_due.set()

    async def keep_phones(self) -> None:
        """Have Asterisk know the phones of customers as they come and go, until cancelled. Calls go on."""
        while True:
            await self._phones_due.wait()
            self._phones_due.clear()
            if not self._configuration.settings.configures_asterisk:
                log.warning("a customer made a phone, and Asterisk is not configured from here: it does not know it")
                continue
            async with self._lock:
                try:
                    await self._provision(self._applied)
                except RingpostError as error:
                    log.info("Asterisk does not know the customers' phones yet", reason=str(error))
                else:
                    continue
            await asyncio.sleep(AGAIN_SECONDS)
            self._phones_due.set()

    async def _provision(self, configuration: Configuration) -> list[str]:
        """Have Asterisk know a configuration; gives what changed. ConfigurationError, AsteriskError."""
        everything, self._unread = self._unread, True
        changes = await provision_asterisk(self._with_granted(configuration), self._ami, everything=everything)
        self._unread = False
        return changes

    def _with_granted(self, configuration: Configuration) -> Configuration:
        """A configuration with the phones that customers made, and what they said of those that it states."""
        stated, known = configuration.snapshot, self._directory.snapshot.phones
        phones = {
            name: replace(phone, records_calls=known[name].records_calls, mailbox=known[name].mailbox)
            if name in known and known[name].owner == phone.owner
            else phone
            for name, phone in stated.phones.items()
        }
        for name, phone in known.items():
            if phone.entry_id and name not in stated.trunks:
                phones.setdefault(name, phone)
        return replace(configuration, snapshot=replace(stated, phones=phones))

    async def catch_up(self) -> None:
        """At the first login: an Asterisk that we did not start may know an older configuration than ours."""
        async with self._lock:
            if self._caught_up:
                return
            try:
                await provision_asterisk(self._with_granted(self._configuration), self._ami, everything=True)
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
            changes = _changes(self._directory.snapshot, self._with_granted(fresh).snapshot)
            if self._configuration.settings.configures_asterisk:
                # The service's own settings change at its next start: what is written now must fit to what runs.
                running = replace(fresh, settings=self._configuration.settings)
                try:
                    changes += await self._provision(running)
                except AsteriskError:
                    await self._take_back()
                    raise
                self._applied = running
            self._directory.replace(fresh.snapshot)
            if fresh.prices != self._prices.list:
                self._prices.replace(fresh.prices)
                changes.append("prices changed")
            if fresh.settings.line_types != self._line_types:
                self._line_types = fresh.settings.line_types
                self._reload_line_types(self._line_types)
                changes.append("line_types changed")
            if replace(fresh.settings, line_types=self._configuration.settings.line_types) != (
                self._configuration.settings
            ):
                changes.append("settings of the service itself changed: they take effect at the next start")
            for warning in fresh.snapshot.warnings:
                log.warning("the checker warns", mistake=str(warning))
            log.info("configuration reloaded", changes=len(changes))
            return changes

    async def _take_back(self) -> None:
        """Asterisk was not brought to read all of the new files: they become the old ones again, as far as it reads."""
        try:
            await provision_asterisk(self._with_granted(self._applied), self._ami, everything=True)
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
