"""Alerts: what an operator should look at now, the worst first."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from controller.api.console.languages import mark
from controller.api.console.store.figures import ControllerEntry, RouteCount
from controller.api.console.words import ago
from controller.directory.snapshot import Trunk
from controller.postbacks.lookup import Stats

# A controller that is silent for longer than this is told so; it writes a heartbeat six times in a lease.
SILENT_SECONDS = 60.0
# After these the first three retries of a post-back have failed.
OLDEST_POSTBACK_SECONDS = 300.0
# So few calls say nothing about a trunk.
FEWEST_CALLS = 10
LEAST_FREE_SHARE = 0.1
LEAST_FREE_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Alert:
    """What is wrong: a message, with values to put in. path: the page that shows more; severe: calls or data suffer."""

    message: str
    values: Mapping[str, object] = field(default_factory=dict)
    path: str = ""
    severe: bool = False

    @property
    def text(self) -> str:
        """All of it, in English."""
        return self.message % self.values


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """How full the disk is that a folder is on, in bytes."""

    folder: str
    free: int
    size: int

    @property
    def is_short(self) -> bool:
        """Whether the disk will be full before long."""
        return self.free < LEAST_FREE_BYTES or self.free < self.size * LEAST_FREE_SHARE


@dataclass(frozen=True, slots=True)
class Observed:
    """What alerts are made of. trunks: each with its last hour, None without a call; resting: names of trunks."""

    health: Mapping[str, bool]
    outbox: Stats
    controllers: Sequence[ControllerEntry]
    trunks: Sequence[tuple[Trunk, RouteCount | None]]
    resting: Sequence[str] = ()
    disks: Sequence[DiskSpace] = ()


def disk_space(folder: Path) -> DiskSpace | None:
    """The disk that a folder is on; None for a folder that cannot be read."""
    try:
        known = shutil.disk_usage(folder)
    except OSError:
        return None
    return DiskSpace(str(folder), known.free, known.total)


def alerts(seen: Observed) -> list[Alert]:
    """Everything that is wrong."""
    return sorted([*_of_parts(seen), *_of_postbacks(seen.outbox), *_of_trunks(seen)], key=lambda each: not each.severe)


def _of_parts(seen: Observed) -> Iterator[Alert]:
    for name, works in seen.health.items():
        if not works:
            yield Alert(mark("The part “%(name)s” is down."), {"name": name}, severe=True)
    for controller in seen.controllers:
        if controller.silent_seconds > SILENT_SECONDS and controller.calls:
            said = mark("The controller %(id)s has %(calls)s calls and is silent for %(age)s.")
            age = ago(controller.silent_seconds)
            yield Alert(said, {"id": controller.id, "calls": controller.calls, "age": age}, severe=True)
    for disk in seen.disks:
        if disk.is_short:
            free = f"{disk.free / (1 << 30):.1f} GiB ({disk.free / max(1, disk.size):.0%})"
            said = mark("The disk of %(folder)s is nearly full: %(free)s are free.")
            yield Alert(said, {"folder": disk.folder, "free": free}, severe=True)


def _of_postbacks(outbox: Stats) -> Iterator[Alert]:
    if outbox.waiting and outbox.oldest_seconds > OLDEST_POSTBACK_SECONDS:
        said = mark("%(waiting)s post-backs wait, the oldest for %(age)s.")
        values = {"waiting": outbox.waiting, "age": ago(outbox.oldest_seconds)}
        yield Alert(said, values, "/postbacks?state=waiting")
    if outbox.stopped:
        said = mark("%(count)s URLs for post-backs are stopped by 410 Gone.")
        yield Alert(said, {"count": len(outbox.stopped)}, "/postbacks")


def _of_trunks(seen: Observed) -> Iterator[Alert]:
    for name in seen.resting:
        yield Alert(
            mark("The trunk %(name)s keeps failing and is left alone for a while."), {"name": name}, severe=True
        )
    for trunk, hour in seen.trunks:
        if hour is None:
            continue
        if hour.now >= trunk.channels:
            said = mark("The trunk %(name)s is full: %(now)s of %(channels)s channels.")
            yield Alert(said, {"name": trunk.name, "now": hour.now, "channels": trunk.channels}, severe=True)
        if hour.calls - hour.now >= FEWEST_CALLS and not hour.answered:
            said = mark("None of %(calls)s calls through the trunk %(name)s was answered in the last hour.")
            yield Alert(said, {"calls": hour.calls, "name": trunk.name})
