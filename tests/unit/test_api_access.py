"""From where and how often an account may be used."""

from __future__ import annotations

import pytest

from controller.api.voipms.log_in import AllowedAddresses, RequestPace
from controller.config_file.document import parse_document
from controller.directory.api_access import ApiAccess, address_pattern, matches
from controller.directory.loader import build


@pytest.mark.parametrize(
    ("written", "pattern"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.0/24 ", "203.0.113.0/24"),
        ("203.0.113.*", "203.0.113.*"),
        ("0.0.0.0", "0.0.0.0"),
        ("2001:DB8::/32", "2001:db8::/32"),
        ("Office.Example.", "office.example"),
        ("203.0.113.256", None),
        ("203.0.*", None),
        ("203.0.999.*", None),
        ("bad host", None),
        ("", None),
    ],
)
def test_addresses_are_written_in_the_ways_that_the_vendor_takes(written: str, pattern: str | None) -> None:
    assert address_pattern(written) == pattern


@pytest.mark.parametrize(
    ("pattern", "address", "fits"),
    [
        ("203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("203.0.113.0/24", "203.0.113.99", True),
        ("203.0.113.*", "203.0.113.99", True),
        ("203.0.113.*", "203.0.114.99", False),
        ("203.0.113.*", "2001:db8::1", False),
        ("0.0.0.0", "198.51.100.1", True),
        ("0.0.0.0", "2001:db8::1", True),
        ("2001:db8::/32", "2001:db8::1", True),
        ("203.0.113.0/24", "", False),
    ],
)
def test_an_address_is_held_against_a_pattern(pattern: str, address: str, *, fits: bool) -> None:
    assert matches(pattern, address) is fits


async def test_a_host_name_is_looked_up_once_a_minute() -> None:
    asked: list[str] = []
    now = [0.0]

    async def resolve(host: str) -> list[str]:
        asked.append(host)
        return ["203.0.113.7"]

    allowed = AllowedAddresses(resolve, lambda: now[0])
    assert await allowed.allow(["office.example"], "203.0.113.7")
    assert not await allowed.allow(["office.example", "198.51.100.0/24"], "203.0.113.8")
    assert asked == ["office.example"]
    now[0] = 61.0
    assert await allowed.allow(["office.example"], "203.0.113.7")
    assert len(asked) == 2
    assert await allowed.allow([], "203.0.113.8")


def test_a_minutes_worth_of_requests_fills_again() -> None:
    now = [0.0]
    pace = RequestPace(lambda: now[0])
    assert [pace.take("a", 3) for _ in range(4)] == [True, True, True, False]
    assert pace.take("b", 3)
    assert pace.take("a", None)
    now[0] = 20.0
    assert [pace.take("a", 3) for _ in range(2)] == [True, False]


def test_the_yaml_says_how_a_key_logs_in() -> None:
    document = parse_document(
        "license_keys:\n"
        "  acme: {voipms: {username: IT@acme.example, password: swordfish, addresses: [0.0.0.0, 203.0.113.*]}}\n"
        "  quiet: {voipms: no}\n"
        "  plain:\n",
        "a.yaml",
    )
    snapshot = build(document)
    assert snapshot is not None
    acme = snapshot.key_by_login("it@ACME.example")
    assert acme is not None
    assert acme.api == ApiAccess("IT@acme.example", "swordfish", addresses=("0.0.0.0", "203.0.113.*"))
    assert "swordfish" not in repr(acme)
    quiet, plain = snapshot.key_by_login("quiet"), snapshot.key_by_login("plain@anywhere.example")
    assert quiet is not None
    assert not quiet.api.enabled
    assert plain is not None
    assert plain.api.enabled


def test_two_keys_cannot_have_one_user_name() -> None:
    document = parse_document("license_keys:\n  acme: {voipms: {username: Plain}}\n  plain:\n", "a.yaml")
    assert build(document) is None
    assert "this user name is declared in a.yaml" in str(document.mistakes[0])
