"""Every command, a new one too: with options that there are not, without a configuration, in a narrow terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from controller.cli import app

NOWHERE = "/nonexistent/ringpost.yaml"


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with what is written for it."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
    for name, each in (inner or {}).items():
        yield from leaves(each, (*path, name))


COMMANDS = dict(leaves(typer.main.get_command(app)))
# `check` takes the configuration as its argument; the option is for scripts.
CONFIGURED = [
    path
    for path, command in COMMANDS.items()
    if any("--config" in each.opts for each in command.params) and path != ("check",)
]


def ran(*arguments: str, columns: int = 80) -> tuple[int, str]:
    """Exit status, and what was said; no exception gets out."""
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": str(columns), "LC_ALL": "en_US.ISO-8859-1"})
    assert result.exception is None or isinstance(result.exception, SystemExit), (arguments, result.exception)
    assert "Traceback" not in result.output
    assert result.output.strip()
    return result.exit_code, result.output


def needed(path: tuple[str, ...]) -> list[str]:
    """Something for each argument that a command cannot do without."""
    return ["x" for each in COMMANDS[path].params if each.param_type_name == "argument" and each.required]


# What starts everything, serves, listens or downloads until it is stopped is no matter of a bad argument.
LASTING = {("run",), ("serve",), ("receive",), ("tools", "update"), ("voices", "install")}
ODD = "\x1b[31mred Zażółć 😀/../%00"


def test_there_are_commands() -> None:
    assert {("run",), ("check",), ("backup",), ("restore",), ("calls", "list")} <= set(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_an_option_that_there_is_not_is_refused(path: tuple[str, ...]) -> None:
    assert ran(*path, *needed(path), "--nonsense")[0] == 2


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_is_there_in_a_narrow_terminal(path: tuple[str, ...]) -> None:
    status, told = ran(*path, "--help", columns=40)
    assert status == 0
    assert "Usage" in told


@pytest.mark.parametrize("path", CONFIGURED, ids=" ".join)
def test_without_a_configuration_it_is_said(
    path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/ringpost")
    monkeypatch.setenv("RINGPOST_STATE", str(tmp_path_factory.mktemp("state")))
    assert ran(*path, *needed(path), "--config", NOWHERE)[0] in (1, 2, 3)


@pytest.mark.parametrize("path", [each for each in COMMANDS if each not in LASTING], ids=" ".join)
def test_odd_arguments_end_clearly_with_the_service_and_the_database_away(
    path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/ringpost")
    monkeypatch.setenv("RINGPOST_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "ringpost.yaml"
    config.write_text("license_keys: {acme: {products: [phone]}}\nhttp: {port: 1}\n")
    where = ["--config", str(config)] if path in CONFIGURED else []
    arguments = [*path, *where, "--", *(ODD for _ in needed(path))]
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "40", "LC_ALL": "C"}, input="")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    assert "\x1b[31mred" not in result.output
