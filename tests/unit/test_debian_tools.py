"""Unpacked tools: when they are fetched, and what is said when they cannot be."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.embedded import debian
from controller.embedded.debian import SUITE, debian_mirror, provision
from controller.errors import DownloadFailed, UnsupportedSystem
from controller.programs import ProgramTree


def stamped(directory: Path, packages: list[str]) -> Path:
    directory.mkdir()
    (directory / debian.STAMP).write_text(json.dumps({"suite": SUITE, "packages": packages}))
    return directory


def test_a_complete_tree_is_used_as_it_is(tmp_path: Path) -> None:
    tree = stamped(tmp_path / "tools", ["asterisk", "flite"])

    assert provision(tree, packages=["flite"]) == ProgramTree(tree)


@pytest.mark.parametrize("stamp", ["", "[]", "{}", '{"suite": "other", "packages": ["flite"]}'])
def test_a_tree_without_a_true_stamp_is_fetched_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stamp: str
) -> None:
    tree = stamped(tmp_path / "tools", [])
    (tree / debian.STAMP).write_text(stamp)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(UnsupportedSystem, match="apt-get"):
        provision(tree, packages=["flite"])


def test_another_system_is_told_the_ways_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")

    with pytest.raises(UnsupportedSystem) as caught:
        provision(tmp_path / "tools")

    for part in ("riscv64", "`asterisk:`", "compose.yaml"):
        assert part in str(caught.value)


def test_the_mirror_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(debian.MIRROR_VARIABLE, "http://mirror.example/debian")

    assert debian_mirror() == "http://mirror.example/debian"


def test_a_program_that_the_tree_does_not_hold_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedSystem, match="sipp"):
        ProgramTree(tmp_path).command("sipp")


NOW = datetime(2026, 11, 27, tzinfo=UTC)
HEAD = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: Debian\n"


@pytest.mark.parametrize("date", ["Fri, 30 Oct 2026 08:08:01 UTC", "Thu, 26 Nov 2026 20:00:00 GMT"])
def test_lists_of_packages_may_be_late(tmp_path: Path, date: str) -> None:
    (tmp_path / "mirror_debian_dists_sid_InRelease").write_text(f"{HEAD}Date: {date}\n")
    debian.check_age(tmp_path, NOW)


@pytest.mark.parametrize(
    ("date", "told"),
    [("Date: Fri, 01 May 2026 08:08:01 UTC\n", "2026-05-01"), ("", "no date"), ("Date: x\n", "no date")],
)
def test_lists_that_are_too_old_or_undated_are_refused(tmp_path: Path, date: str, told: str) -> None:
    (tmp_path / "mirror_debian_dists_sid_InRelease").write_text(HEAD + date)
    with pytest.raises(DownloadFailed, match=told):
        debian.check_age(tmp_path, NOW)


def test_an_update_that_cannot_be_fetched_leaves_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = stamped(tmp_path / "tools", ["asterisk"])
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(UnsupportedSystem, match="apt-get"):
        debian.update(tree)

    assert provision(tree, packages=["asterisk"]) == ProgramTree(tree)


@pytest.mark.parametrize("stamp", ["", "[]", "{}", '{"archives": 3}'])
def test_nothing_is_known_of_a_tree_without_a_true_stamp(tmp_path: Path, stamp: str) -> None:
    (tmp_path / debian.STAMP).write_text(stamp)
    assert debian.archives_in(tmp_path) == []
