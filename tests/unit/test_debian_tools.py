"""Unpacked tools: when they are fetched, and what is said when they cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from controller.embedded import debian
from controller.embedded.debian import SUITE, debian_mirror, provision
from controller.errors import UnsupportedSystem
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
