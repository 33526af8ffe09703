"""What an operator is alerted to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from controller.api.console.alerts import DiskSpace, Observed, alerts, disk_space
from controller.api.console.store.figures import ControllerEntry, RouteCount
from controller.directory.snapshot import Trunk
from controller.postbacks.lookup import Stats

AT = datetime(2026, 11, 27, tzinfo=UTC)
QUIET = Stats(waiting=3, under_way=0, failing=0, given_up=9, oldest_seconds=2.0, lanes=(), stopped=())
CARRIER = Trunk("carrier", "192.0.2.1", calls_per_second=1, channels=20)
LIVING = ControllerEntry("one", "asterisk", AT, AT, 5.0, 10)
WELL = Observed(
    {"ari": True, "database": True},
    QUIET,
    [LIVING],
    [(CARRIER, RouteCount("carrier", 50, 30, 2))],
    disks=[DiskSpace("/var/lib/ringpost", 50 << 30, 100 << 30)],
)


def told(seen: Observed) -> list[str]:
    return [each.text for each in alerts(seen)]


def test_nothing_is_said_while_all_is_well() -> None:
    assert alerts(WELL) == []
    idle_and_gone = replace(LIVING, silent_seconds=4000.0, calls=0)
    assert alerts(replace(WELL, controllers=[LIVING, idle_and_gone], trunks=[(CARRIER, None)])) == []


def test_the_worst_comes_first() -> None:
    seen = replace(
        WELL,
        health={"ari": False, "database": True},
        outbox=replace(QUIET, oldest_seconds=4000.0, stopped=(("https://example.com/", AT),)),
        controllers=[replace(LIVING, silent_seconds=90.0)],
    )
    found = alerts(seen)
    assert [each.severe for each in found] == [True, True, False, False]
    assert [each.text for each in found] == [
        "The part “ari” is down.",
        "The controller one has 10 calls and is silent for 90 s.",
        "3 post-backs wait, the oldest for 67 min.",
        "1 URLs for post-backs are stopped by 410 Gone.",
    ]


def test_a_trunk_that_is_full_fails_or_answers_nothing_is_told() -> None:
    assert told(replace(WELL, resting=["carrier"])) == [
        "The trunk carrier keeps failing and is left alone for a while."
    ]
    assert told(replace(WELL, trunks=[(CARRIER, RouteCount("carrier", 50, 30, 20))])) == [
        "The trunk carrier is full: 20 of 20 channels."
    ]
    assert told(replace(WELL, trunks=[(CARRIER, RouteCount("carrier", 10, 0, 0))])) == [
        "None of 10 calls through the trunk carrier was answered in the last hour."
    ]
    assert told(replace(WELL, trunks=[(CARRIER, RouteCount("carrier", 12, 0, 3))])) == []


def test_a_disk_that_is_nearly_full_is_told() -> None:
    assert told(replace(WELL, disks=[DiskSpace("/data", 5 << 30, 100 << 30)])) == [
        "The disk of /data is nearly full: 5.0 GiB (5%) are free."
    ]


def test_the_disk_of_a_folder_is_looked_at(tmp_path: Path) -> None:
    known = disk_space(tmp_path)
    assert known is not None
    assert 0 < known.free <= known.size
    assert disk_space(tmp_path / "nowhere") is None
