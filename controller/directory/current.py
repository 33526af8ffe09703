"""Where everybody finds the current snapshot, and hears of a new one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog

from controller.directory.entries import EntriesByKind
from controller.directory.grants import DidGrant, with_grants, with_keys
from controller.directory.snapshot import LicenseKey, Snapshot

log = structlog.get_logger()

Listener = Callable[[Snapshot, Snapshot], None]


class CurrentDirectory:
    """The current snapshot. Who took one keeps it: a reload does not touch a call in progress."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._stated = snapshot
        self._keys: Mapping[str, LicenseKey] = {}
        self._grants: Mapping[str, DidGrant] = {}
        self._entries: EntriesByKind = {}
        self._current = snapshot
        self._listeners: list[Listener] = []

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot that counts now."""
        return self._current

    @property
    def stated(self) -> Snapshot:
        """What the YAML states, without anything that the store adds."""
        return self._stated

    @property
    def grants(self) -> Mapping[str, DidGrant]:
        """What is granted about numbers (E.164)."""
        return self._grants

    def replace(self, snapshot: Snapshot) -> None:
        """Let what the YAML states now count, with what is granted; then tell the listeners.

        One that fails is logged, and the others are told.
        """
        self._stated = snapshot
        self._let_count()

    def hold(self, keys: Mapping[str, LicenseKey]) -> None:
        """Let these licence keys of the store count, by their names; those that were held before count no more."""
        self._keys = dict(keys)
        self._let_count()

    def grant(self, grants: Mapping[str, DidGrant]) -> None:
        """Let everything that is granted about numbers (E.164) count; what was granted before counts no more."""
        self._grants = dict(grants)
        self._let_count()

    def keep(self, entries: EntriesByKind) -> None:
        """Let all that customers made for their calls to come to count; what they had made before counts no more."""
        self._entries = entries
        self._let_count()

    def _let_count(self) -> None:
        snapshot = with_grants(with_keys(self._stated, self._keys), self._grants, self._entries)
        previous, self._current = self._current, snapshot
        for listener in tuple(self._listeners):
            try:
                listener(previous, snapshot)
            except Exception:
                log.exception("a listener failed at the reload of the configuration")

    def on_change(self, listener: Listener) -> Callable[[], None]:
        """Call `listener(previous, current)` after each replacement; returns what ends that. It must not block."""
        self._listeners.append(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop
