"""What the admin YAML says of the Dialer becomes settings, or every mistake in it is named."""

from __future__ import annotations

import pytest

from controller.config_file.document import parse_document
from controller.directory.loader import build
from controller.directory.snapshot import Snapshot

FILE = "nowhere/ringpost.yaml"
GUID = "7f6c1a52-3d0e-4a4b-9c11-000000000001"
BASE = f"""
license_keys:
  acme: {{key: {GUID}}}
"""


def _load(text: str) -> Snapshot:
    document = parse_document(text, FILE)
    snapshot = build(document)
    document.require()
    assert snapshot is not None
    return snapshot


def test_a_key_of_the_dialer_logs_in_as_its_settings_say() -> None:
    named = _load(
        BASE.replace(GUID, f"{GUID}, products: dialer, dialer: {{user: U@x.example, password: long enough it is}}")
    )
    key = named.license_key("acme")
    assert key is not None
    assert (key.dialer.tries, key.dialer.delivered_seconds, key.dialer.token_days) == (2, 10.0, 30.0)
    assert "long enough" not in repr(key)
    assert named.key_by_dialer_login(" u@X.example", "long enough it is") is key
    for user, password in (("acme", GUID), ("u@x.example", GUID), ("u@x.example", ""), ("", "long enough it is")):
        assert named.key_by_dialer_login(user, password) is None
    plain = _load(BASE.replace(GUID, f"{GUID}, products: [dialer, phone]"))
    assert plain.key_by_dialer_login("ACME", GUID.upper().replace("-", "")) is plain.license_key("acme")
    assert _load(BASE).key_by_dialer_login("acme", GUID) is None, "it does not have the product"


@pytest.mark.parametrize(
    ("key", "mistake"),
    [
        ("{products: dialer, dialer: {user: same}}", "this user of the Dialer is declared in"),
        ("{products: dialer, dialer: {password: short}}", '"password" is too short'),
        ("{products: dialer, dialer: {caller_id: '2015550199'}}", "this licence key may not show this number"),
        ("{products: dialer, dialer: {caller_id: x}}", "not a valid phone number"),
        ("{products: dialer, dialer: {tries: 4}}", '"tries" is out of range'),
        ("{dialer: {tries: 2}}", "this licence key has no Dialer"),
    ],
)
def test_a_mistake_in_the_settings_of_the_dialer_is_named(key: str, mistake: str) -> None:
    text = f"license_keys:\n  other: {{products: dialer, dialer: {{user: Same}}}}\n  new: {key}\n"
    document = parse_document(text, FILE)
    build(document)
    (found,) = document.mistakes
    assert mistake in found.message
    assert found.line == 3


def test_a_number_that_the_key_may_show_is_shown_by_its_dialer() -> None:
    settings = "products: dialer, caller_ids: '2015550199', dialer: {caller_id: 201-555-0199}"
    key = _load(BASE.replace(f"key: {GUID}", f"key: {GUID}, {settings}")).license_key("acme")
    assert key is not None
    assert key.dialer.caller_id == "+12015550199"
