"""The names of licence keys: a key that the YAML calls something else now is still the key that the store knows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial

from controller.config_file.document import Document
from controller.config_file.nodes import MappingEntry
from controller.config_file.validation import alternatives, locate
from controller.directory.secrets import KEY_NAME, SecretSource
from controller.directory.snapshot import LicenseKey


class KeyNames:
    """Finds the name in the store of each key that a document declares, and what is wrong with its `was`."""

    def __init__(self, document: Document, secrets: SecretSource, known: Collection[str]) -> None:
        """known: the names that keys have had so far; empty when nobody knows."""
        self._document = document
        self._secrets = secrets
        self._known = known
        self._entries: dict[str, MappingEntry] = {}
        self._former: dict[str, str] = {}

    def declare(self, entry: MappingEntry, was: str | None) -> None:
        """The document declares a key, which was called something else before, or was not."""
        self._entries[entry.key] = entry
        if was is not None:
            self._former[entry.key] = was

    def check(self, declared: Collection[str]) -> None:
        """Note mistakes in `was`. That nobody ever knew a name is a warning: the store may be a new one."""
        claimed: dict[str, str] = {}
        for name, former in self._former.items():
            position = locate(self._entries[name], ("was",))
            if former == name:
                self._document.report(position, "this is its name now", expected="the name that it had before")
            elif former in declared:
                expected = "a name that is not used any more"
                self._document.report(position, f'licence key "{former}" is still declared', expected=expected)
            elif self._known and former not in self._known:
                expected = alternatives(former, self._known)
                self._document.warn(position, f'no licence key was called "{former}" so far', expected=expected)
            other = claimed.setdefault(former, name)
            if other != name:
                self._document.report(position, f'licence key "{other}" was called so', expected="one key of this name")

    def stored(self, keys: Mapping[str, LicenseKey]) -> dict[str, LicenseKey] | None:
        """The keys, by their names in the YAML, with those in the store; None when two would be the same key there."""
        named: dict[str, LicenseKey] = {}
        owners: dict[str, str] = {}
        for name, key in keys.items():
            stored = self._stored_name(name)
            named[name] = replace(key, name=stored, declared_as="" if stored == name else name)
            other = owners.setdefault(stored, name)
            if other != name:
                taken, renamed = (name, other) if stored == name else (other, name)
                reason = f'"{taken}" is the former name of licence key "{renamed}"'
                self._document.report(self._entries[taken].position, reason, expected="another name")
        return named if len(owners) == len(named) else None

    def _stored_name(self, name: str) -> str:
        former = self._former.get(name, name)
        expected = self._secrets.get_or_make(KEY_NAME + former, partial(str, former))
        stored = self._secrets.get_or_make(KEY_NAME + name, partial(str, expected))
        if stored != expected:
            reason = "the key has calls and sounds under its new name already: it keeps those"
            self._document.warn(locate(self._entries[name], ("was",)), reason)
        return stored
