"""How the URLs that customers name are sent and shown: what was written is what is asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.egress.urls import customer_url, masked_url
from controller.errors import UrlRefused


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("https://example.com/a%7Eb%2fc?x=%41&y=a+b", "/a%7Eb%2fc?x=%41&y=a+b"),
        ("https://example.com/T0123/B4567/AbCdEf", "/T0123/B4567/AbCdEf"),
        ("https://example.com", "/"),
        ("https://example.com?code=1/2?3", "/?code=1/2?3"),
        ("https://example.com/hook#part", "/hook"),
        ("https://example.com/ü?name=José", "/%C3%BC?name=Jos%C3%A9"),
        ("https://example.com/a/../b/./c//d", "/a/../b/./c//d"),
        ("https://example.com/a%", "/a%"),
        ("https://example.com/[1]?{2}|3", "/[1]?{2}|3"),
    ],
)
def test_path_and_query_are_sent_as_they_were_written(written: str, target: str) -> None:
    assert customer_url(written).raw_path_qs == target


def test_a_user_and_a_password_are_for_basic_authorisation() -> None:
    url = customer_url("https://acme:s%20ecret@Example.com:8443/Hook")
    assert (url.user, url.password, url.host, url.port, url.path) == ("acme", "s ecret", "example.com", 8443, "/Hook")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("https://acme:secret@example.com/x", "https://acme:***@example.com/x"),
        ("https://acme@example.com/x", "https://acme@example.com/x"),
        ("https://example.com/x?a=b:c@d", "https://example.com/x?a=b:c@d"),
        ("https://:secret@example.com", "https://:***@example.com"),
        ("HTTPS://a:b@c@example.com/", "HTTPS://a:***@example.com/"),
    ],
)
def test_a_password_is_not_shown(written: str, shown: str) -> None:
    assert masked_url(written) == shown


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#\\"), max_size=60))
def test_whatever_stands_behind_the_host_is_sent_to_the_letter(rest: str) -> None:
    try:
        # An empty query is none: its lone question mark is not sent.
        path, mark, query = rest.partition("?")
        assert customer_url(f"https://example.com/{rest}").raw_path_qs == f"/{path}" + (mark + query if query else "")
    except UrlRefused as error:
        raise AssertionError(rest) from error
