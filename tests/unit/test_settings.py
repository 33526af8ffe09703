"""The service's own sections of the admin YAML."""

from __future__ import annotations

from pathlib import Path

import pytest

from controller.config.settings import read_settings
from controller.config_file.document import parse_document


def _mistakes(text: str) -> list[str]:
    document = parse_document(text)
    read_settings(document, {})
    return [str(mistake) for mistake in document.mistakes]


def test_an_empty_file_means_the_defaults() -> None:
    settings = read_settings(parse_document(""), {})
    assert settings is not None
    assert (settings.http_url, settings.sip.port) == ("http://127.0.0.1:8080", 5060)
    assert not settings.external_asterisk


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("::1", "http://[::1]:8080"),
        ("2001:db8::7", "http://[2001:db8::7]:8080"),
        ("10.1.2.3", "http://10.1.2.3:8080"),
    ],
)
def test_an_address_of_either_kind_becomes_a_url(host: str, url: str) -> None:
    settings = read_settings(parse_document(f"http: {{host: '{host}'}}"), {})
    assert settings is not None
    assert settings.http_url == settings.media_url == url


def test_the_environment_wins_over_the_file() -> None:
    document = parse_document("database: {url: postgresql://file/db}\nservice: {state_dir: here}\n")
    settings = read_settings(document, {"DATABASE_URL": "postgresql://env/db", "RINGPOST_STATE": "/var/lib/x"})
    assert settings is not None
    assert settings.database_url == "postgresql://env/db"
    assert settings.state_dir == Path("/var/lib/x")


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ('postbacks: {allow: ["127.0.0.0/8"]}\n', "every service of this machine"),
        ('postbacks: {allow: ["0.0.0.0/0"]}\n', "your own network"),
        ('postbacks: {allow: ["::/0"]}\n', "your own network"),
        ('postbacks: {allow: ["0.0.0.0/1"]}\n', "your own network"),
        ('postbacks: {allow: ["::/1"]}\n', "your own network"),
        ('postbacks: {allow: ["::1"]}\n', "every service of this machine"),
        ('postbacks: {allow: ["127.0.0.1"]}\n', "every service of this machine"),
        ('postbacks: {allow: ["169.254.169.254"]}\n', "credentials"),
        ('postbacks: {allow: ["fe80::/10"]}\n', "credentials"),
        ("mail: {host: mx.example.net, sender: a@example.com, username: a, password: b}\n", "crosses the network"),
        ('postbacks: {allow: ["127.0.0.1:8090", "192.168.1.0/24"]}\n', ""),
        ("mail: {host: 127.0.0.1, sender: a@example.com, username: a, password: b}\n", ""),
        ("mail: {host: mx.example.net, sender: a@example.com, username: a, password: b, tls: tls}\n", ""),
    ],
)
def test_what_is_permitted_and_dangerous_is_named(text: str, warning: str) -> None:
    document = parse_document(text)
    assert read_settings(document, {}) is not None
    assert [each.severity for each in document.mistakes] == (["warning"] if warning else [])
    assert all(warning in each.message for each in document.mistakes)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("http: {port: 99999}\n", "1:14"),
        ("http:\n  port: eighty\n", "2:9"),
        ("sip: {rtp_first: 10000, rtp_last: 10001}\n", "1:1"),
        ("postbacks: {allow: [loopback]}\n", "1:21"),
        ("asterisk: {ari_url: 'http://pbx:8088'}\n", "1:1"),
        ("log: {level: loud}\n", "1:14"),
        ("asterisk: {listen: 10.1.2.3}\n", "1:1"),
        ("asterisk: {listen: '::1'}\n", "1:1"),
        ("asterisk: {texts_listen: '::1'}\n", "1:1"),
        ("http: {prot: 80}\n", "1:8"),
    ],
)
def test_a_mistake_is_told_at_its_place(text: str, place: str) -> None:
    (mistake,) = _mistakes(text)
    assert f"ringpost.yaml:{place}:" in mistake
