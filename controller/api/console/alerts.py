"""Alerts: what an operator should look at now, the worst first."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

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
    """What is wrong, in words. path: the page that shows more; severe: calls or data suffer now."""

    text: str
    path: str = ""
    severe: bool = False


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
            yield Alert(f"The part “{name}” is down.", severe=True)
    for controller in seen.controllers:
        if controller.silent_seconds > SILENT_SECONDS and controller.calls:
            yield Alert(
                f"The controller {controller.id} has {controller.calls} calls and is silent"
                f" for {ago(controller.silent_seconds)}.",
                severe=True,
            )
    for disk in seen.disks:
        if disk.is_short:
            free = f"{disk.free / (1 << 30):.1f} GiB ({disk.free / max(1, disk.size):.0%})"
            yield Alert(f"The disk of {disk.folder} is nearly full: {free} are free.", severe=True)


def _of_postbacks(outbox: Stats) -> Iterator[Alert]:
    if outbox.waiting and outbox.oldest_seconds > OLDEST_POSTBACK_SECONDS:
        yield Alert(
            f"{outbox.waiting} post-backs wait, the oldest for {ago(outbox.oldest_seconds)}.",
            "/postbacks?state=waiting",
        )
    if outbox.stopped:
        yield Alert(f"{len(outbox.stopped)} URLs for post-backs are stopped by 410 Gone.", "/postbacks")


def _of_trunks(seen: Observed) -> Iterator[Alert]:
    for name in seen.resting:
        yield Alert(f"The trunk {name} keeps failing and is left alone for a while.", severe=True)
    for trunk, hour in seen.trunks:
        if hour is None:
            continue
        if hour.now >= trunk.channels:
            yield Alert(f"The trunk {trunk.name} is full: {hour.now} of {trunk.channels} channels.", severe=True)
        if hour.calls - hour.now >= FEWEST_CALLS and not hour.answered:
            yield Alert(f"None of {hour.calls} calls through the trunk {trunk.name} was answered in the last hour.")
