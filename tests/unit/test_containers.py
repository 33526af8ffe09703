"""compose.yaml and the Dockerfiles, held against the code: what they name is there, and nothing is open by default."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from controller.cli import app
from controller.config.settings import read_settings
from controller.config_file.document import parse_document

PROJECT = Path(__file__).parent.parent.parent


class _Loader(yaml.SafeLoader):
    """Reads Compose's own tags, !override and !reset, as what they stand before."""


def _untagged(loader: yaml.SafeLoader, _tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node)
    return None


_Loader.add_multi_constructor("!", _untagged)


def _services(file: Path) -> dict[str, Any]:
    return dict(yaml.load(file.read_text(), _Loader)["services"])


SERVICES = _services(PROJECT / "compose.yaml")
IN_THE_HOSTS_NETWORK = _services(PROJECT / "docker" / "host-network.yaml")
ONCE = {"prepare", "try"}
LASTING = sorted(set(SERVICES) - ONCE)
OURS = ("prepare", "controller", "try")


@pytest.mark.parametrize("overrides", [{}, IN_THE_HOSTS_NETWORK], ids=["bridge", "host"])
def test_every_setting_that_compose_names_is_one(overrides: dict[str, Any]) -> None:
    for name in OURS:
        stated = SERVICES[name]["environment"] | overrides.get(name, {}).get("environment", {})
        environment = {key: str(value) for key, value in stated.items()}
        environment["RINGPOST_SIP_EXTERNAL_ADDRESS"] = "192.0.2.1"
        document = parse_document("")
        settings = read_settings(document, environment)

        assert document.mistakes == []
        assert settings is not None
        assert settings.configures_asterisk


@pytest.mark.parametrize("name", LASTING)
def test_every_service_that_stays_is_watched_and_started_again(name: str) -> None:
    service = SERVICES[name]
    assert service["healthcheck"]["test"]
    assert service["restart"] == "unless-stopped"
    assert service["stop_grace_period"]


def test_no_password_stands_in_the_files() -> None:
    for name, service in SERVICES.items():
        secret = [
            key for key in service.get("environment", {}) if key.lower().endswith(("password", "token", "secret"))
        ]
        assert secret == [], name
    for file in PROJECT.glob("docker/*/Dockerfile"):
        assert "password" not in file.read_text().lower()


def test_what_administrators_use_is_published_on_this_machine_only() -> None:
    published = {port for service in SERVICES.values() for port in service.get("ports", [])}
    assert {port for port in published if not port.startswith("127.0.0.1:")} == {
        "5060:5060/udp",
        "5060:5060/tcp",
        "10000-10199:10000-10199/udp",
    }
    assert not {"8088", "5038", "5432"} & {port.split("/")[0].rsplit(":", 1)[-1] for port in published}


def test_in_the_hosts_network_nothing_for_administrators_leaves_this_machine() -> None:
    for name in ("prepare", "controller"):
        environment = IN_THE_HOSTS_NETWORK[name]["environment"]
        assert {environment["RINGPOST_ASTERISK_LISTEN"], environment["RINGPOST_HTTP_HOST"]} == {"127.0.0.1"}
    assert IN_THE_HOSTS_NETWORK["postgres"]["ports"] == ["127.0.0.1:5432:5432"]


def test_our_images_run_as_the_same_plain_user() -> None:
    files = {file: file.read_text().splitlines() for file in PROJECT.glob("docker/*/Dockerfile")}
    assert len(files) == 2
    for lines in files.values():
        assert [line for line in lines if line.startswith("USER ")] == ["USER 10001:10001"]


def test_the_commands_that_compose_starts_exist() -> None:
    commands = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    started = {SERVICES["prepare"]["command"][0], SERVICES["receiver"]["command"][0], SERVICES["try"]["entrypoint"][1]}
    assert started | {"serve"} <= commands


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_is_held_to_its_own(name: str) -> None:
    service = SERVICES[name]
    assert service["security_opt"] == ["no-new-privileges"]
    assert service["pids_limit"]
    assert service["mem_limit"]
    # PostgreSQL's image begins as root, to give its folder away.
    assert name == "postgres" or service["cap_drop"] == ["ALL"]


def test_asterisk_does_not_start_without_the_files_that_are_written_for_it() -> None:
    command = (PROJECT / "docker" / "asterisk" / "Dockerfile").read_text().rpartition("CMD ")[2]
    shell, option, script = json.loads(command)
    assert (shell, option) == ("sh", "-c")
    missing = subprocess.run([shell, option, script], capture_output=True, text=True, check=False)
    assert missing.returncode == 1
    assert "Asterisk has no configuration yet" in missing.stderr
