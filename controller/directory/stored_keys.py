"""Licence keys that the operator makes without the admin YAML: stored, told to every controller, alive at once.

What the YAML states, the YAML owns: a name that it has is refused here, and counts as the YAML says once it has it.
The key itself is given away once; what is kept is its digest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

import structlog

from controller.config_file.document import parse_document
from controller.config_file.validation import read_entries
from controller.directory.current import CurrentDirectory
from controller.directory.declarations import NAME
from controller.directory.license_key_declarations import LicenseKeyEntry
from controller.directory.snapshot import LicenseKey, canonical_guid, key_digest
from controller.errors import KeyRefused, StoreRefused
from controller.store.database import Database
from controller.store.following import follow

log = structlog.get_logger()

CHANNEL = "stored_keys"
# Of a key of the YAML: a former name, the key itself, and a folder beside the file that names it.
_NOT_STORED = ("was", "key", "sounds")
_UNIQUE_VIOLATION = "23505"


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A licence key of the store. revoked_at: None while it is in use. Times are UTC."""

    key: LicenseKey
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A licence key that was just made. value: what customers' programs send; nobody can tell it later."""

    name: str
    value: str


class StoredKeys:
    """All of them, in memory, by their names; those that are in use count in the directory."""

    def __init__(self, database: Database, directory: CurrentDirectory) -> None:
        self._database = database
        self._directory = directory
        self._keys: Mapping[str, StoredKey] = {}

    async def load(self) -> None:
        """Read all keys, and let those count that are in use. StoreError."""
        keys = {}
        for row in await self._database.fetch("all_stored_keys"):
            try:
                key = read_key(row["name"], row["settings"])
            except KeyRefused as error:
                # A later release stored it; its customer cannot be served by what this one knows of it.
                log.error("a stored licence key cannot be read", license_key=row["name"], reason=str(error))
                continue
            keys[row["name"]] = StoredKey(replace(key, kept_digest=row["digest"]), row["created_at"], row["revoked_at"])
        self._keys = keys
        self._directory.hold({name: each.key for name, each in keys.items() if each.revoked_at is None})

    async def run(self) -> None:
        """Hear of what is made and revoked elsewhere, until cancelled."""
        await follow(self._database, CHANNEL, self._load_and_tell, "licence keys")

    async def _load_and_tell(self) -> None:
        before = self._in_use()
        await self.load()
        for name in self._in_use() ^ before:
            log.info("a licence key is revoked" if name in before else "a licence key is in use", license_key=name)

    def _in_use(self) -> set[str]:
        return {name for name, each in self._keys.items() if each.revoked_at is None}

    def every(self) -> list[StoredKey]:
        """All keys, revoked ones too, in the order in which they were made."""
        return list(self._keys.values())

    def webhook_secrets(self, name: str) -> tuple[str, ...]:
        """What post-backs of a key are signed with: also those that it still gets after it was revoked."""
        known = self._keys.get(name)
        return known.key.webhook_secrets if known else ()

    async def create(self, name: str, settings: Mapping[str, object], value: str = "") -> MadeKey:
        """Make a licence key that counts at once, on every controller.

        settings: as an entry of `license_keys` in the YAML. value: the key that the customer's programs have already,
        a GUID; a random one without it. KeyRefused, StoreError.
        """
        key = read_key(name, settings)
        made = str(uuid4()) if not value else canonical_guid(value)
        if made is None:
            raise KeyRefused("A licence key is a GUID, such as 7f6c1a52-0000-4000-8000-000000000001.")
        self._refuse_taken(key, made)
        try:
            stored = await self._database.fetchval("create_stored_key", name, key_digest(made), dict(settings))
        except StoreRefused as error:
            if error.sqlstate != _UNIQUE_VIOLATION:
                raise
            raise KeyRefused("Another customer has this licence key already, or had it.") from None
        if stored is None:
            reason = "there was one, and its calls and sounds are kept under its name"
            raise KeyRefused(f"There can be no new licence key “{name}”: {reason}. Choose another name.")
        await self.load()
        return MadeKey(name, made)

    async def revoke(self, name: str) -> None:
        """Let a key be of no use any more, from now on, on every controller. KeyRefused, StoreError."""
        known = self._keys.get(name)
        if self._directory.stated.key_declared_as(name) is not None:
            raise KeyRefused(
                f"The configuration declares the licence key “{name}”: remove it there, then run `ringpost reload`."
            )
        if known is None:
            names = ", ".join(each.key.name for each in self.every() if each.revoked_at is None)
            raise KeyRefused(f"There is no stored licence key “{name}”" + (f": {names}." if names else "."))
        if await self._database.fetchval("revoke_stored_key", name) is None:
            raise KeyRefused(f"The licence key “{name}” is revoked already.")
        await self.load()

    def _refuse_taken(self, key: LicenseKey, value: str) -> None:
        """KeyRefused for what another key has already."""
        snapshot, stated = self._directory.snapshot, self._directory.stated
        if stated.key_declared_as(key.name) or stated.license_key(key.name):
            raise KeyRefused(
                f"The configuration has a licence key “{key.name}” already: change it there, or choose another name."
            )
        if (other := self._keys.get(key.name)) and other.revoked_at is None:
            raise KeyRefused(f"There is a licence key “{key.name}” already. Choose another name.")
        if snapshot.key_by_value(value) is not None:
            raise KeyRefused("Another customer has this licence key already.")
        if key.demo and snapshot.demo_key is not None:
            raise KeyRefused(f"The demo key is “{snapshot.demo_key.shown_name}” already: there can be only one.")
        if snapshot.key_by_login(key.api.username or key.name) is not None:
            raise KeyRefused("Another licence key has this user name of the VoIP.ms interface already.")


def read_key(name: str, settings: Mapping[str, object]) -> LicenseKey:
    """The licence key that an entry of this content declares. KeyRefused with all mistakes."""
    if NAME.fullmatch(name) is None:
        expected = "at most 40 characters of a-z, 0-9, - and _, the first a letter or a digit"
        raise KeyRefused(f"This cannot be the name of a licence key; a name is {expected}.")
    for each in _NOT_STORED:
        if each in settings:
            raise KeyRefused(f"A licence key that is stored cannot have “{each}”.")
    # JSON is YAML: what is wrong is told as the checker tells it.
    document = parse_document(json.dumps({"license_keys": {name: dict(settings)}}, ensure_ascii=False), "settings")
    _, declared = read_entries(document, "license_keys", LicenseKeyEntry).get(name, (None, None))
    errors = [each for each in document.mistakes if each.severity == "error"]
    if errors or declared is None:
        told = "; ".join(
            f"{each.message} (expected {each.expected})" if each.expected else each.message for each in errors
        )
        raise KeyRefused(f"The settings of the licence key “{name}” have mistakes: {told}.")
    return declared.license_key(name)
