"""Which versions of Asterisk are accepted."""

from __future__ import annotations

import pytest

from controller.asterisk.ari.versions import is_too_old


@pytest.mark.parametrize(
    "version",
    ["20.14.0", "20.15.1", "21.9.0", "22.4.0", "22.10.1+dfsg+~cs6.17.60671434-1", "23.0.0", "certified-22.8-cert1"],
)
def test_a_version_with_rest_over_the_websocket_is_accepted(version: str) -> None:
    assert not is_too_old(version)


@pytest.mark.parametrize(
    "version", ["20.13.9", "21.8.0", "22.3.0", "18.26.2", "13.38.3", "certified-20.7-cert5", "certified/18.9-cert17"]
)
def test_an_older_version_is_not(version: str) -> None:
    assert is_too_old(version)


def test_a_version_without_numbers_is_not_judged() -> None:
    assert not is_too_old("GIT-master-0a1b2c3")
    assert not is_too_old("")
