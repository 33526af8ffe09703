"""Settings out of the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from controller.config.settings import Settings, read_settings
from controller.config_file.document import parse_document
from controller.errors import ConfigurationError

ELSEWHERE = {"RINGPOST_ASTERISK_ARI_URL": "http://asterisk:8088", "RINGPOST_ASTERISK_FILES": "/files"}


def _read(text: str, environment: dict[str, str]) -> Settings:
    document = parse_document(text)
    settings = read_settings(document, environment)
    assert document.mistakes == []
    assert settings is not None
    return settings


def _mistakes(text: str, environment: dict[str, str]) -> list[str]:
    document = parse_document(text)
    read_settings(document, environment)
    return [str(mistake) for mistake in document.mistakes]


def test_a_variable_wins_over_its_key_and_leaves_the_others() -> None:
    settings = _read("http: {host: 127.0.0.9, port: 8000}\n", {"RINGPOST_HTTP_PORT": "9000"})
    assert settings.http_url == "http://127.0.0.9:9000"


def test_a_section_can_come_from_the_environment_alone() -> None:
    settings = _read("dids:\n", ELSEWHERE)
    assert settings.ari_url == "http://asterisk:8088"


def test_a_list_stands_with_commas() -> None:
    settings = _read("", {"RINGPOST_POSTBACKS_ALLOW": "10.0.0.0/8, 192.168.1.0/24"})
    assert settings.postbacks.allow == ("10.0.0.0/8", "192.168.1.0/24")


def test_an_empty_variable_says_nothing() -> None:
    settings = _read("sip: {external_address: 192.0.2.1}\n", {"RINGPOST_SIP_EXTERNAL_ADDRESS": ""})
    assert settings.sip.external_address == "192.0.2.1"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RINGPOST_HTTP_PORT", "eighty"),
        ("RINGPOST_HTTP_PROT", "80"),
        ("RINGPOST_POSTBACKS_ALLOW", "10.0.0.0/8,loopback"),
        ("RINGPOST_ASTERISK_LISTEN", "everywhere"),
        ("RINGPOST_SPEECH_VOICES", "slt"),
    ],
)
def test_a_mistake_is_told_with_the_name_of_its_variable(variable: str, value: str) -> None:
    (mistake,) = _mistakes("http: {host: 127.0.0.1}\n", {variable: value})
    assert mistake.startswith(f"{variable}: error: ")
    assert value not in mistake


def test_files_are_for_an_asterisk_that_runs_elsewhere() -> None:
    (mistake,) = _mistakes("asterisk: {files: /files}\n", {})
    assert "ringpost.yaml:1:1:" in mistake


def test_an_asterisk_that_is_configured_from_here_needs_no_password_of_the_administrators() -> None:
    settings = _read("", ELSEWHERE)
    assert settings.external_asterisk
    assert settings.configures_asterisk


def test_the_databases_password_comes_out_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("a/b@c\n")
    environment = {"RINGPOST_DATABASE_PASSWORD_FILE": str(tmp_path / "password")}

    with_user = _read("", environment | {"DATABASE_URL": "postgresql://ringpost@db:5433/ringpost?sslmode=require"})
    with_another = _read("database: {url: 'postgresql://ringpost:old@db/ringpost'}\n", environment)

    assert with_user.database_url == "postgresql://ringpost:a%2Fb%40c@db:5433/ringpost?sslmode=require"
    assert with_another.database_url == "postgresql://ringpost:a%2Fb%40c@db/ringpost"


def test_without_its_file_the_database_cannot_be_reached(tmp_path: Path) -> None:
    environment = {"RINGPOST_DATABASE_PASSWORD_FILE": str(tmp_path / "none"), "DATABASE_URL": "postgresql://u@db/d"}
    with pytest.raises(ConfigurationError, match="No such file"):
        _ = _read("", environment).database_url
