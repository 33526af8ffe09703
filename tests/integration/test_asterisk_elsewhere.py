"""An Asterisk that runs elsewhere and is configured from here: its files are written, and read again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest
from typer.testing import CliRunner

from controller.asterisk.ami import AmiClient
from controller.cli import app
from controller.config.line_type_settings import LineTypesSection
from controller.config.load import Configuration, read_configuration
from controller.directory.current import CurrentDirectory
from controller.directory.entries import Entry
from controller.directory.granted_phones import PHONE
from controller.errors import AsteriskRefused, AsteriskTimeout
from controller.line_types.model import LineType
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
        self.reloads: dict[str, asyncio.Event] = {}
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
        self.reloads.setdefault(module, asyncio.Event()).set()

    async def until_reloaded(self, module: str) -> None:
        async with asyncio.timeout(60):
            await self.reloads.setdefault(module, asyncio.Event()).wait()

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


def override_a_line(config: Path) -> None:
    config.write_text(YAML + 'line_types: {overrides: {"+12015550177": mobile}}\n')


def reloading(config: Path, manager: Manager, directory: CurrentDirectory | None = None) -> Reloading:
    configuration = read_configuration(config)
    prompts = build_prompts(configuration.settings)

    async def shared(fresh: Configuration) -> Configuration:
        return fresh

    directory = directory or CurrentDirectory(configuration.snapshot)
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


async def test_phones_that_customers_make_are_written_while_the_service_runs_and_stay_at_a_reload(
    config: Path, tmp_path: Path
) -> None:
    manager = Manager()
    configuration = read_configuration(config)
    directory = CurrentDirectory(configuration.snapshot)
    running = reloading(config, manager, directory)
    await manager.log_in()
    keeping = asyncio.create_task(running.keep_phones())
    content = {"account": "acme_desk", "password": "S3cret-word", "callerid_number": "+12015550101"}
    entry = Entry(1001, "acme", PHONE, content)
    pjsip = tmp_path / "files/etc/pjsip.conf"
    try:
        manager.reloads.clear()
        directory.keep({("acme", PHONE): {1001: entry}})
        await manager.until_reloaded("pbx_config.so")
        assert "[acme_desk]" in pjsip.read_text()
        assert "callerid = <+12015550101>" in pjsip.read_text()
        add_a_phone(config)
        assert "phones: alice added" in await running.apply()
        assert "[acme_desk]" in pjsip.read_text()
        assert "[alice]" in pjsip.read_text()
        manager.reloads.clear()
        directory.keep({})
        await manager.until_reloaded("pbx_config.so")
        assert "[acme_desk]" not in pjsip.read_text()
    finally:
        keeping.cancel()


async def test_what_the_operator_says_of_lines_counts_after_a_reload(config: Path) -> None:
    taken: list[LineTypesSection] = []
    manager = Manager()
    configuration = read_configuration(config)
    prompts = build_prompts(configuration.settings)

    async def shared(fresh: Configuration) -> Configuration:
        return fresh

    running = Reloading(
        configuration,
        CurrentDirectory(configuration.snapshot),
        prompts,
        cast("AmiClient", manager),
        shared,
        CurrentPrices(),
        taken.append,
    )
    override_a_line(config)
    assert "line_types changed" in await running.apply()
    assert [section.types for section in taken] == [{"+12015550177": LineType.MOBILE}]
    assert not [change for change in await running.apply() if "next start" in change or "line_types" in change]


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
