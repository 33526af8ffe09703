"""Numbers that customers' programs took from the inventory, and the scripts that they gave them.

What the YAML states, the YAML owns; what it leaves out is granted here, stored, and told to every controller.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

import structlog

from controller.directory.current import CurrentDirectory
from controller.directory.did_settings import settings_of
from controller.directory.grants import DidGrant
from controller.directory.script_examination import examine
from controller.number_kinds import kind_of
from controller.numbers import mask_number
from controller.script.analysis.checker import Context
from controller.store.database import Database
from controller.store.following import follow
from controller.store.storable import storable

log = structlog.get_logger()

CHANNEL = "did_grants"
AT_RANDOM = 10


class GrantedDids:
    """Keys are named as in the directory; numbers are E.164. context: what scripts are checked against."""

    def __init__(
        self,
        database: Database,
        directory: CurrentDirectory,
        context: Context,
        sounds_of: Callable[[str], Awaitable[Sequence[str]]],
    ) -> None:
        self._database = database
        self._directory = directory
        self._context = context
        self._sounds_of = sounds_of

    async def load(self) -> None:
        """Read what is granted, and let it count. StoreError."""
        rows = await self._database.fetch("all_did_grants")
        self._directory.grant(
            {
                row["number"]: DidGrant(
                    row["license_key"],
                    row["sms_key"],
                    row["script_key"],
                    row["script"],
                    row["settings_key"],
                    settings_of(row["settings"]),
                )
                for row in rows
            }
        )

    async def run(self) -> None:
        """Hear of what other controllers grant, until cancelled."""
        await follow(self._database, CHANNEL, self.load, "granted numbers")

    def available(self) -> list[str]:
        """The numbers that nobody has, nor a key that was revoked."""
        held = {number for number, grant in self._directory.grants.items() if grant.license_key or grant.sms_key}
        dids = self._directory.snapshot.dids.values()
        return [did.number for did in dids if not did.owners and did.number not in held]

    def some_of(self, numbers: Sequence[str]) -> list[str]:
        """At most ten of these, at random."""
        return random.sample(numbers, min(AT_RANDOM, len(numbers)))

    def location(self, number: str) -> str:
        """Where a number is: what the YAML says of it, else its country."""
        did = self._directory.snapshot.did(number)
        return (did.description if did else "") or kind_of(number).region

    def of_key(self, license_key: str) -> list[str]:
        """The numbers whose calls are a key's."""
        dids = self._directory.snapshot.dids.values()
        return [did.number for did in dids if did.voice is not None and did.voice.name == license_key]

    async def assign(self, number: str, license_key: str) -> bool:
        """Give a number that nobody has to a key; False when it has an owner. StoreError."""
        did = self._directory.snapshot.did(number)
        if did is None or did.voice is not None or did.sms is not None:
            return False
        if await self._database.fetchval("assign_did", number, license_key) is None:
            return False
        await self.load()
        log.info("a number was assigned", number=mask_number(number), license_key=license_key)
        return True

    async def order(self, number: str, license_key: str, settings: Mapping[str, str | bool]) -> bool:
        """Give the calls and texts of a number that nobody has to a key; False when it has an owner. StoreError."""
        ordered = await self.hand_out(number, license_key, settings)
        if ordered:
            log.info("a number was ordered", number=mask_number(number), license_key=license_key)
        return ordered

    async def hand_out(self, number: str, license_key: str, settings: Mapping[str, str | bool]) -> bool:
        """The same for a command of the operator, whose output is not the place for a log."""
        did = self._directory.snapshot.did(number)
        if did is None or did.owners:
            return False
        if await self._database.fetchval("order_did", number, license_key, dict(settings)) is None:
            return False
        await self.load()
        return True

    async def cancel(self, number: str, license_key: str) -> bool:
        """Put a number back into the stock; False where the YAML gives it away, or the key has it not. StoreError."""
        did = self._directory.snapshot.did(number)
        if did is None or not did.granted or license_key not in did.owners:
            return False
        if await self._database.fetchval("cancel_did", number, license_key) is None:
            return False
        await self.load()
        log.info("a number was given back", number=mask_number(number), license_key=license_key)
        return True

    async def take_back(self, number: str, license_key: str) -> bool:
        """Put a number back into the stock that was given to a key, which may be revoked; False if it has it not.
        StoreError."""
        taken = await self._database.fetchval("cancel_did", number, license_key) is not None
        await self.load()
        return taken

    async def set_settings(self, number: str, license_key: str, settings: Mapping[str, str | bool]) -> None:
        """Set some things about a number of a key; they count at its next call or text. StoreError."""
        await self._database.execute("set_did_settings", number, license_key, dict(settings))
        await self.load()

    async def set_script(self, number: str, license_key: str, script: str, *, by: str = "") -> str:
        """Let a script answer a number of a key. Gives why that was refused, which is in the log too, or nothing.

        by: a person, if one did; the script before becomes an older version (`ScriptVersions`). StoreError.
        """
        reason = await self._refusal(number, license_key, script)
        if reason:
            log.warning(
                "an incoming call script was refused",
                number=mask_number(number),
                license_key=license_key,
                reason=reason,
            )
            return reason
        await self._database.execute("set_did_script", number, license_key, storable(script), storable(by))
        await self.load()
        log.info("an incoming call script was set", number=mask_number(number), license_key=license_key)
        return ""

    def script(self, number: str, license_key: str) -> str | None:
        """The script of a number of a key; None when it has none."""
        did = self._directory.snapshot.did(number)
        return did.script_source if did and did.voice and did.voice.name == license_key else None

    async def _refusal(self, number: str, license_key: str, script: str) -> str:
        did = self._directory.snapshot.did(number)
        if did is None or did.voice is None or did.voice.name != license_key:
            return "the licence key does not have this number"
        if did.script_file is not None or did.ivr is not None:
            return "the configuration says what answers this number"
        destinations = self._directory.snapshot.destinations(license_key)
        context = replace(
            self._context,
            sounds=await self._sounds_of(license_key),
            number_refused=destinations.refusal,
            open_transfers=destinations.open_transfers,
        )
        errors = [each for each in examine(script, context).diagnostics if each.severity == "error"]
        return "; ".join(f"line {each.line}: {each.message}" for each in errors[:5])
