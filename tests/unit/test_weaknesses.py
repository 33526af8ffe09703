"""`ringpost check --security`: each weak setting is named, with what to set instead; in an order."""

from __future__ import annotations

import pytest

from controller.config.sections import SECTIONS
from controller.config.settings import read_settings
from controller.config.weaknesses import weaknesses
from controller.config_file.document import parse_document
from controller.directory.loader import build

SOUND = """
sip: {host: 10.1.2.3, tls_port: 5061}
license_keys: {acme: {max_calls: 10, destinations: [US]}}
phones: {alice: {media_encryption: srtp}}
trunks: {carrier: {host: 192.0.2.1, transport: tls, username: a, password: b}}
receiver: {enabled: false}
"""


def found(text: str) -> list[str]:
    document = parse_document(text)
    settings, snapshot = read_settings(document, {}), build(document, other_sections=SECTIONS)
    document.require()
    assert settings is not None
    assert snapshot is not None
    return [str(each) for each in weaknesses(settings, snapshot)]


def test_what_is_exposed_comes_first() -> None:
    topics = [each.partition(":")[0] for each in found("license_keys: {acme: }\nphones: {alice: }\n")]
    assert topics == ["exposure", "encryption", "encryption", "toll fraud"]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("tls_port: 5061", "ban_after: 0, tls_port: 5061", "nobody is banned"),
        ("tls_port: 5061", "never_ban: [0.0.0.0/0], tls_port: 5061", "nobody is ever banned in 0.0.0.0/0"),
        ("tls_port: 5061", "certificate_authorities: any, tls_port: 5061", "any certificate"),
        ("media_encryption: srtp", "label: x", "what alice hear and say"),
        ("host: 192.0.2.1", "host: 192.0.2.1, match: 0.0.0.0/0", "is taken for the carrier"),
        ("transport: tls", "transport: tcp", "without TLS"),
        ("password: b", "password: b, channels: 500", "500 calls at one time"),
        ("[US]", "['+4']", "whole continents"),
        ("max_calls: 10", "max_calls: 10, transfers: open", "choose where"),
        ("max_calls: 10", "max_calls: 10, caller_ids: any", "every number as its own"),
        ("max_calls: 10, ", "", "any number of calls"),
        ("max_calls: 10", "max_calls: 10, status_post_url: http://acme.example/", "without TLS"),
        ("receiver: {enabled: false}", "receiver: {host: 0.0.0.0}", "receiver of post-backs"),
        ("receiver: {enabled: false}", "http: {host: 0.0.0.0}", "without TLS"),
        ("receiver: {enabled: false}", "postbacks: {allow: [10.0.0.0/8]}", "every port of 10.0.0.0/8"),
    ],
)
def test_each_weak_setting_is_named(before: str, after: str, told: str) -> None:
    usual = found(SOUND)
    weaker = found(SOUND.replace(before, after))
    assert any(told in each for each in set(weaker) - set(usual)), weaker


def test_nothing_is_said_of_what_is_sound() -> None:
    assert [each for each in found(SOUND) if not each.startswith("exposure")] == []
