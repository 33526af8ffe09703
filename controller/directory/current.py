"""Where everybody finds the current snapshot, and hears of a new one."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from controller.directory.snapshot import Snapshot

log = structlog.get_logger()

Listener = Callable[[Snapshot, Snapshot], None]


class CurrentDirectory:
    """The current snapshot. Who took one keeps it: a reload does not touch a call in progress."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._current = snapshot
        self._listeners: list[Listener] = []

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot that counts now."""
        return self._current

    def replace(self, snapshot: Snapshot) -> None:
        """Let a new snapshot count, then tell the listeners. One that fails is logged, and the others are told."""
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
