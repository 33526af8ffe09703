"""Asterisk's files: whatever a value contains, it stays a value."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.asterisk.configuration import AsteriskConfiguration, SipPhone, SipTrunk, render
from controller.errors import ConfigurationError
from controller.resources import ASTERISK_TEMPLATES
from tests.support.examples import examples

FOLDERS = ("etc_dir", "module_dir", "data_dir", "var_dir", "cache_dir", "spool_dir", "run_dir", "log_dir")


def configuration(**changes: Any) -> AsteriskConfiguration:
    values: dict[str, Any] = {name: Path("/x") / name for name in FOLDERS}
    values |= {"ari_username": "r", "ari_password": "p", "ami_username": "r", "ami_password": "p"}
    return AsteriskConfiguration(**{**values, **changes})


def rendered(tmp_path: Path, name: str, **changes: Any) -> str:
    render(configuration(**changes), ASTERISK_TEMPLATES, tmp_path)
    return (tmp_path / name).read_text()


def as_asterisk_reads(text: str) -> list[tuple[str, str]]:
    """Sections and assignments, by the rules of Asterisk's main/config.c for comments and escaped semicolons."""
    lines = []
    section = ""
    for raw in text.split("\n"):
        line = ""
        at = 0
        while at < len(raw):
            if raw[at] == ";":
                if not line.endswith("\\"):
                    break
                line = line[:-1]
            line += raw[at]
            at += 1
        line = line.strip()
        if line.startswith("["):
            section = line
        elif line:
            name, _, value = line.partition("=")
            lines.append((f"{section} {name.strip()}", value.removeprefix(">").strip()))
    return lines


def test_an_unchanged_configuration_changes_no_file(tmp_path: Path) -> None:
    first = render(configuration(), ASTERISK_TEMPLATES, tmp_path)
    again = render(configuration(), ASTERISK_TEMPLATES, tmp_path)

    assert {path.name for path in first} == {path.name.removesuffix(".j2") for path in ASTERISK_TEMPLATES.glob("*.j2")}
    assert again == []


def test_only_the_files_of_what_changed_are_written(tmp_path: Path) -> None:
    render(configuration(), ASTERISK_TEMPLATES, tmp_path)

    changed = render(configuration(phones=(SipPhone("alice", "secret"),)), ASTERISK_TEMPLATES, tmp_path)

    assert [path.name for path in changed] == ["extensions.conf", "pjsip.conf"]


def test_the_files_are_for_their_owner_only(tmp_path: Path) -> None:
    render(configuration(), ASTERISK_TEMPLATES, tmp_path)

    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_a_number_is_known_in_every_form_in_which_it_is_dialled(tmp_path: Path) -> None:
    text = rendered(tmp_path, "extensions.conf", numbers=frozenset({"+12015550101", "+4930123456"}))

    for form in ("+12015550101", "12015550101", "2015550101", "+4930123456", "4930123456"):
        assert f"exten => {form},1," in text


def test_a_phone_shows_one_mailbox_asked_or_not_and_others_none(tmp_path: Path) -> None:
    phones = (SipPhone("desk", "x", mailbox="101@acme"), SipPhone("hall", "x"))
    lines = as_asterisk_reads(rendered(tmp_path, "pjsip.conf", phones=phones))
    # Once for the endpoint, which is told, and once for where it registers, which may ask.
    assert lines.count(("[desk] mailboxes", "101@acme")) == 2
    assert not [name for name, _ in lines if name.startswith("[hall] mailboxes")]
    for mailbox in ("101", "@acme", "101@acme\nx=y", "101@acme,102@rival", "x@acme"):
        with pytest.raises(ConfigurationError):
            SipPhone("desk", "x", mailbox=mailbox)


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=examples(150))
def test_any_password_is_refused_or_stays_one_value(tmp_path: Path, password: str) -> None:
    try:
        phone = SipPhone("alice", password, "+12015550110")
    except ConfigurationError:
        return

    without = as_asterisk_reads(rendered(tmp_path, "pjsip.conf", phones=(SipPhone("alice", "x", "+12015550110"),)))
    lines = as_asterisk_reads(rendered(tmp_path, "pjsip.conf", phones=(phone,)))

    assert lines == [
        (name, password if (name, value) == ("[alice] password", "x") else value) for name, value in without
    ]


@pytest.mark.parametrize("password", ["", "two\nlines", "carriage\rreturn", " blank at its start", "nul\x00", "\u2028"])
def test_a_password_that_is_not_one_line_is_refused(password: str) -> None:
    with pytest.raises(ConfigurationError):
        SipPhone("alice", password)


@pytest.mark.parametrize("name", ["", "a b", "a]", "a\nb", "[x", "a;b", "-x", "ä", "x" * 65])
def test_a_name_that_is_no_plain_word_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError):
        SipPhone(name, "secret")
    with pytest.raises(ConfigurationError):
        SipTrunk(name, "sip.example.net")


@pytest.mark.parametrize("host", ["", "a b", "x;transport=tls", "-x", "x..y", "10.0.0.1\n[evil]", "http://x"])
def test_a_trunks_host_is_a_host(host: str) -> None:
    with pytest.raises(ConfigurationError):
        SipTrunk("carrier", host)


@pytest.mark.parametrize("name", ["global", "system", "transport-udp"])
def test_a_phone_cannot_take_a_name_that_asterisk_uses(name: str) -> None:
    with pytest.raises(ConfigurationError):
        configuration(phones=(SipPhone(name, "secret"),))


def test_a_phone_and_a_trunk_cannot_have_one_name() -> None:
    with pytest.raises(ConfigurationError):
        configuration(phones=(SipPhone("x", "secret"),), trunks=(SipTrunk("x", "sip.example.net"),))


def test_a_registering_trunk_needs_a_login() -> None:
    with pytest.raises(ConfigurationError):
        SipTrunk("carrier", "sip.example.net", register=True)


def test_a_registering_trunk_registers_where_it_is(tmp_path: Path) -> None:
    trunk = SipTrunk(
        "c", "sip.example.net", 5080, "1001", "p;w", register=True, transport="tcp", sources=("192.0.2.0/28",)
    )
    lines = as_asterisk_reads(rendered(tmp_path, "pjsip.conf", trunks=(trunk,)))

    assert ("[c] server_uri", "sip:sip.example.net:5080;transport=tcp") in lines
    assert ("[c] client_uri", "sip:1001@sip.example.net:5080;transport=tcp") in lines
    assert ("[c] match", "192.0.2.0/28") in lines
    assert ("[c] password", "p;w") in lines


def test_passwords_are_not_part_of_a_values_text() -> None:
    shown = repr(configuration(ari_password="hidden1", phones=(SipPhone("alice", "hidden2"),)))

    assert "hidden" not in shown


@pytest.mark.parametrize(
    ("host", "media", "shown"),
    [("192.0.2.5", "", "192.0.2.5"), ("0.0.0.0", "192.0.2.9", "192.0.2.9"), ("192.0.2.5", "192.0.2.9", "192.0.2.5")],
)
def test_a_known_address_stands_in_the_sdp(tmp_path: Path, host: str, media: str, shown: str) -> None:
    phones = (SipPhone("alice", "secret"),)
    lines = as_asterisk_reads(rendered(tmp_path, "pjsip.conf", phones=phones, sip_host=host, media_address=media))

    assert ("[alice] media_address", shown) in lines


def test_without_one_the_sdp_names_the_address_that_the_caller_reached(tmp_path: Path) -> None:
    assert "media_address" not in rendered(tmp_path, "pjsip.conf", phones=(SipPhone("alice", "secret"),))


@pytest.mark.parametrize(("listen", "permitted"), [("127.0.0.1", ["127.0.0.0/8"]), ("10.1.2.3", None)])
def test_only_neighbours_log_in_at_ami(tmp_path: Path, listen: str, permitted: list[str] | None) -> None:
    lines = as_asterisk_reads(rendered(tmp_path, "manager.conf", listen=listen))
    found = [value for name, value in lines if name == "[r] permit"]

    assert ("[general] bindaddr", listen) in lines
    assert [value for name, value in lines if name == "[r] deny"] == ["0.0.0.0/0", "::/0"]
    assert found == permitted if permitted else all(ip_network(network).is_private for network in found)


def test_whoever_is_not_on_a_local_network_is_told_the_external_address(tmp_path: Path) -> None:
    lines = as_asterisk_reads(
        rendered(tmp_path, "pjsip.conf", external_address="192.0.2.1", local_networks=("127.0.0.0/8",))
    )

    assert ("[transport-udp] external_media_address", "192.0.2.1") in lines
    assert [value for name, value in lines if name == "[transport-tcp] local_net"] == ["127.0.0.0/8"]


@pytest.mark.parametrize("host", ["fe80::1%x\n[evil]\ntype=endpoint", "fe80::1%eth0"])
def test_an_address_with_a_zone_is_refused_whatever_stands_behind_it(host: str) -> None:
    with pytest.raises(ConfigurationError):
        SipTrunk("carrier", host)
    with pytest.raises(ConfigurationError):
        SipTrunk("carrier", "192.0.2.1", sources=(host,))
    with pytest.raises(ConfigurationError):
        configuration(external_address=host)


def test_an_asterisk_says_which_one_it_is(tmp_path: Path) -> None:
    lines = as_asterisk_reads(rendered(tmp_path, "asterisk.conf", entity_id="02:00:00:00:00:0a"))
    assert ("[options] entityid", "02:00:00:00:00:0a") in lines


@pytest.mark.parametrize("entity_id", ["02", "02:00:00:00:00:0a\nx", "one", "02:00:00:00:00:zz"])
def test_an_entity_id_is_in_the_form_of_a_mac_address(tmp_path: Path, entity_id: str) -> None:
    with pytest.raises(ConfigurationError):
        rendered(tmp_path, "asterisk.conf", entity_id=entity_id)
