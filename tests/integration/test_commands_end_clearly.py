"""No command ends in a traceback: wrong arguments, services away, closed pipes, full disks, odd locales."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controller.cli import app

PROJECT = Path(__file__).parent.parent.parent
NOWHERE = "/nonexistent/ringpost.yaml"
AWAY = "postgresql://127.0.0.1:1/ringpost"

WITH_CONFIG = [
    ["summary"],
    ["voices"],
    ["reload"],
    ["prepare"],
    ["calls", "list"],
    ["calls", "show", "1"],
    ["calls", "cancel", "1"],
    ["postbacks", "list"],
    ["postbacks", "stats"],
    ["postbacks", "show", "00000000-0000-4000-8000-000000000000"],
    ["postbacks", "replay", "00000000-0000-4000-8000-000000000000"],
    ["call", "12015550120", "--say", "hello"],
    ["call", "12015550120", "--say", "hello", "--answered-by", "human"],
    ["try", "12015550101"],
    ["linetypes", "import", __file__],
    ["linetypes", "show", "12015550101"],
    ["linetypes", "table"],
    ["linetypes", "remove"],
    ["sounds", "list", "acme"],
    ["sounds", "remove", "acme", "x"],
    ["simulate", "--did", "12015550101"],
]

WRONG = [
    [],
    ["nonsense"],
    ["check", "/nonexistent"],
    ["check", "\x1b[31m"],
    ["simulate"],
    ["simulate", "/nonexistent"],
    ["simulate", "/"],
    ["simulate", "--keys", "é"],
    ["test", "/nonexistent"],
    ["calls", "show", "-1"],
    ["calls", "show", "99999999999999999999"],
    ["calls", "list", "--since", "yesterday"],
    ["postbacks", "replay"],
    ["postbacks", "show", "x"],
    ["call", "1"],
    ["call", "12015550120"],
    ["call", "12015550120", "--say", "x", "--at", "never"],
    ["receive", "--port", "80000"],
    ["receive", "--port", "-1"],
    ["try", "x"],
    ["linetypes", "show"],
    ["sounds", "add", "acme", "x"],
    ["sounds", "draw", "acme", "x", "y", "--width", "0"],
]


@pytest.fixture(autouse=True)
def nothing_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", AWAY)
    monkeypatch.setenv("RINGPOST_SERVICE_STATE_DIR", str(tmp_path / "state"))


def ends_clearly(arguments: list[str]) -> str:
    """Run it in this process; it must not succeed, and say so without a traceback. What it said."""
    result = CliRunner().invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code in (1, 2, 3), result.output
    assert "Traceback" not in result.output
    assert result.output.strip()
    return result.output


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_wrong_arguments_are_told(arguments: list[str]) -> None:
    assert "\x1b[31m" not in ends_clearly(arguments)


@pytest.mark.parametrize("arguments", WITH_CONFIG, ids=" ".join)
def test_a_configuration_that_is_not_there_is_told(arguments: list[str]) -> None:
    assert "nonexistent" in ends_clearly([*arguments, "--config", NOWHERE])


@pytest.mark.parametrize(
    "arguments", [each for each in WITH_CONFIG if each[0] in ("calls", "postbacks", "call", "reload")], ids=" ".join
)
def test_a_service_or_a_database_that_is_away_is_told(arguments: list[str], tmp_path: Path) -> None:
    config = tmp_path / "ringpost.yaml"
    config.write_text("license_keys: {acme: {products: [phone]}}\nhttp: {port: 1}\n")
    ends_clearly([*arguments, "--config", str(config)])


def run(arguments: list[str], **options: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        [sys.executable, "-m", "controller.cli", *arguments],
        cwd=PROJECT,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
        **options,
    )


@pytest.mark.parametrize("arguments", [["--help"], ["simulate", "config/scripts/welcome.txt", "--keys", "1"]])
def test_a_closed_pipe_ends_it_quietly(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = run(arguments, stdout=writing)
    finally:
        os.close(writing)
    assert (ended.returncode in (0, 1), ended.stderr) == (True, b"")


@pytest.mark.parametrize(
    "arguments",
    [["check", "config"], ["simulate", "config/scripts/welcome.txt", "--json"], ["calls", "list", "--help"]],
)
def test_a_full_disk_is_told_in_one_line(arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = run(arguments, stdout=full)
    assert ended.returncode == 1
    assert b"no space left on device" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1, ended.stderr


def test_a_locale_without_the_characters_shows_their_escapes(tmp_path: Path) -> None:
    script = tmp_path / "script.txt"
    script.write_text("Zażółć 😀", "utf-8")
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "latin-1", "COLUMNS": "40"}
    ended = run(["simulate", str(script)], stdout=subprocess.PIPE, env=environment)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert b"\\u017c" in ended.stdout
