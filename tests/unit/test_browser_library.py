"""The console's library of packages from npm, where npm is missing or fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from controller.embedded.browser_library import SOURCE, LibraryFailed, provide


def test_where_npm_is_missing_it_is_said_and_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(LibraryFailed, match="npm is missing"):
        provide(tmp_path / "jssip.js", npm="no-such-npm")
    assert list(tmp_path.iterdir()) == []


def test_an_npm_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    failing = tmp_path / "npm"
    failing.write_text("#!/bin/sh\necho no network >&2; exit 1\n")
    failing.chmod(0o755)
    library = tmp_path / "jssip.js"
    library.write_text("older")
    with pytest.raises(LibraryFailed, match="no network"):
        provide(library, npm=str(failing))
    assert library.read_text() == "older"


def test_the_library_is_made_once(tmp_path: Path) -> None:
    calls, npm = tmp_path / "calls", tmp_path / "npm"
    npm.write_text(f'#!/bin/sh\necho "$1" >> {calls}\nif [ "$1" = run ]; then echo "made" > "$4"; fi\n')
    npm.chmod(0o755)
    library = tmp_path / "jssip.js"
    for _ in range(2):
        provide(library, npm=str(npm))
    assert calls.read_text().split() == ["ci", "run"]
    assert library.read_text().startswith("made\n// made of ")


def test_the_lock_file_names_no_registry_and_every_package_by_its_hash() -> None:
    packages = json.loads((SOURCE / "package-lock.json").read_text())["packages"]
    for path, package in packages.items():
        if path:
            assert package["integrity"].startswith("sha512-"), path
            assert "resolved" not in package, path
