"""Codes of an authenticator app: those of RFC 6238, each once."""

from __future__ import annotations

import base64

import pytest

from controller.api.console.one_time_codes import STEP_SECONDS, app_address, code_at, new_secret, step_of

# RFC 6238, appendix B, SHA-1: the last six of its eight digits.
SECRET = base64.b32encode(b"12345678901234567890").decode()
KNOWN = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 20000000000: "353130"}


@pytest.mark.parametrize(("now", "code"), KNOWN.items())
def test_codes_are_those_of_the_rfc(now: int, code: str) -> None:
    assert code_at(SECRET, now // STEP_SECONDS) == code
    assert step_of(SECRET, f"{code[:3]} {code[3:]}", now, 0) == now // STEP_SECONDS


def test_a_clock_may_be_off_by_one_step_and_not_by_two() -> None:
    now, step = 1111111109, 1111111109 // STEP_SECONDS
    for off, taken in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        assert (step_of(SECRET, code_at(SECRET, step + off), now, 0) is not None) == taken


def test_a_code_counts_once() -> None:
    now = 1111111109
    step = step_of(SECRET, KNOWN[now], now, 0)
    assert step is not None
    assert step_of(SECRET, KNOWN[now], now, step) is None


@pytest.mark.parametrize("code", ["", "12345", "abcdef", "١٢٣٤٥٦", "\0", "1" * 10_000])
def test_what_is_no_code_is_none(code: str) -> None:
    assert step_of(SECRET, code, 1111111109, 0) is None
    assert step_of("no base32!", code, 1111111109, 0) is None


def test_every_secret_is_another_one_and_its_address_names_it() -> None:
    secret = new_secret()
    assert secret != new_secret()
    address = app_address(secret, "ann & bob", "localhost:8080")
    assert address.endswith(f"secret={secret}&issuer=Ringpost%20localhost%3A8080")
