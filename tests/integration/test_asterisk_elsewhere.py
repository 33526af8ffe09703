"""An Asterisk that runs elsewhere and is configured from here: its files are written, and read again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest
from typer.testing import CliRunner

from controller.asterisk.ami import AmiClient
from controller.cli import app
from controller.config.load import Configuration, read_configuration
from controller.directory.current import CurrentDirectory
from controller.errors import AsteriskRefused, AsteriskTimeout
from controller.metering.prices import CurrentPrices
from controller.programs import ProgramTree
from controller.running.prompt_rendering import build_prompts
from controller.running.provisioning import RELOADS
from controller.running.reloading import Reloading

YAML = """
license_keys: {acme: {}}
dids: {"+12015550101": {voice: acme}}
asterisk: {ari_url: "http://asterisk:8088", listen: 0.0.0.0}
"""


class Manager:
    """What reloading uses of AMI: which modules were reloaded; the first so many reloads fail."""

    def __init__(self) -> None:
        self.reloaded: list[str] = []
        self.loaded: list[str] = []
        self.not_there: set[str] = set()
        self.failing = 0
        self.log_in: Callable[[], Awaitable[None]]

    def on_ready(self, handler: Callable[[], Awaitable[None]]) -> None:
        self.log_in = handler

    async def reload(self, module: str) -> None:
        if self.failing:
            self.failing -= 1
            raise AsteriskTimeout("no answer")
        if module in self.not_there:
            raise AsteriskRefused("no such module")
        self.reloaded.append(module)

    async def load_module(self, module: str) -> None:
        self.loaded.append(module)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tools: ProgramTree) -> Path:
    for name, value in (
        ("STATE", tmp_path / "state"),
        ("TOOLS", tools.root),
        ("ASTERISK_FILES", tmp_path / "files"),
        ("DATABASE_PASSWORD_FILE", tmp_path / "database" / "password"),
    ):
        monkeypatch.setenv(f"RINGPOST_{name}", str(value))
    file = tmp_path / "ringpost.yaml"
    file.write_text(YAML)
    return file


def add_a_phone(config: Path) -> None:
    config.write_text(YAML + "phones: {alice: {}}\n")


def reloading(config: Path, manager: Manager) -> Reloading:
    configuration = read_configuration(config)
    prompts = build_prompts(configuration.settings)

    async def shared(fresh: Configuration) -> Configuration:
        return fresh

    directory = CurrentDirectory(configuration.snapshot)
    reloading = Reloading(configuration, directory, prompts, cast("AmiClient", manager), shared, CurrentPrices())
    manager.on_ready(reloading.catch_up)
    return reloading


def test_prepare_writes_what_the_containers_start_from(config: Path, tmp_path: Path) -> None:
    first = CliRunner().invoke(app, ["prepare", "--config", str(config)])
    password = tmp_path / "database" / "password"
    made = password.read_text()
    again = CliRunner().invoke(app, ["prepare", "--config", str(config)])

    assert (first.exit_code, again.exit_code, again.stdout) == (0, 0, ""), first.output
    assert "the database's password: made" in first.stdout
    assert len(made.strip()) >= 40
    assert made.strip() not in first.output
    assert password.read_text() == made
    assert password.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "files/sounds/unavailable.wav").stat().st_size > 16_000


def test_its_files_are_those_of_debians_asterisk(config: Path, tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["prepare", "--config", str(config)]).exit_code == 0
    etc = tmp_path / "files/etc"

    assert f"astetcdir = {etc}\n" in (etc / "asterisk.conf").read_text()
    assert "astdatadir = /usr/share/asterisk\n" in (etc / "asterisk.conf").read_text()
    assert f"Playback({tmp_path}/files/sounds/unavailable)" in (etc / "extensions.conf").read_text()
    assert "bindaddr = 0.0.0.0\n" in (etc / "http.conf").read_text()
    assert "permit = 172.16.0.0/12\n" in (etc / "manager.conf").read_text()


def test_prepare_asks_where_the_files_go(tmp_path: Path) -> None:
    (tmp_path / "ringpost.yaml").write_text(f"service: {{state_dir: {tmp_path}/state}}\n")
    result = CliRunner().invoke(app, ["prepare", "--config", str(tmp_path)])
    assert result.exit_code == 1
    assert "asterisk: {files: …}" in result.stderr


async def test_at_the_first_login_asterisk_reads_everything_again(config: Path, tmp_path: Path) -> None:
    manager = Manager()
    manager.failing = 1
    reloading(config, manager)

    await manager.log_in()
    assert manager.reloaded == []
    for _ in range(2):
        await manager.log_in()

    assert manager.reloaded == list(RELOADS.values())
    assert (tmp_path / "files/etc/pjsip.conf").exists()


async def test_mirroring_that_did_not_begin_with_asterisk_begins_with_the_controller(config: Path) -> None:
    manager = Manager()
    manager.not_there.add("res_hep.so")
    reloading(config, manager)
    await manager.log_in()

    assert manager.loaded == ["res_hep.so", "res_hep_pjsip.so"]
    assert "pbx_config.so" in manager.reloaded


async def test_a_reload_writes_its_files_and_has_it_read_what_changed(config: Path, tmp_path: Path) -> None:
    manager = Manager()
    running = reloading(config, manager)
    await manager.log_in()
    manager.reloaded.clear()
    add_a_phone(config)

    changes = await running.apply()

    assert changes == [
        "phones: alice added",
        "asterisk: extensions.conf changed",
        "asterisk: pjsip.conf changed",
    ]
    assert manager.reloaded == ["res_pjsip.so", "pbx_config.so"]
    assert "[alice]" in (tmp_path / "files/etc/pjsip.conf").read_text()


async def test_a_reload_that_asterisk_does_not_take_changes_nothing(config: Path, tmp_path: Path) -> None:
    manager = Manager()
    running = reloading(config, manager)
    await manager.log_in()
    before = {path.name: path.read_text() for path in (tmp_path / "files/etc").iterdir()}
    add_a_phone(config)
    manager.reloaded.clear()
    manager.failing = 1

    with pytest.raises(AsteriskTimeout):
        await running.apply()

    assert {path.name: path.read_text() for path in (tmp_path / "files/etc").iterdir()} == before
    assert manager.reloaded == list(RELOADS.values())
    assert "phones: alice added" in await running.apply()
    assert "[alice]" in (tmp_path / "files/etc/pjsip.conf").read_text()
