"""Why a request failed, for people: one line, without the names of our libraries' classes."""

from __future__ import annotations

import ssl
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest

from controller.egress.reasons import reason_of

KEY = cast("Any", SimpleNamespace(host="acme.example", port=443, is_ssl=True, ssl=True))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            aiohttp.ClientOSError(1, "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required"),
            "TLS: the receiver demands a certificate of ours",
        ),
        (aiohttp.ClientOSError(1, "[SSL: TLSV1_ALERT_UNKNOWN_CA] unknown ca"), "TLS: tlsv1 alert unknown ca"),
        (aiohttp.ClientConnectorSSLError(KEY, ssl.SSLError(1, "cut")), "TLS: "),
        (aiohttp.ClientConnectorError(KEY, ConnectionResetError(104, "reset")), "no connection: cut by the receiver"),
        (UnicodeError("encoding with 'idna' codec failed (UnicodeError: label empty or too long)"), "the host in the"),
        (aiohttp.InvalidURL("http://acme..example/"), "the host in the URL is not a name"),
        (ValueError("first\n  second\n  ^"), "the request failed: first"),
        (RuntimeError(), "the request failed"),
    ],
)
def test_every_failure_is_one_sentence(error: Exception, reason: str) -> None:
    told = reason_of(error, host="acme.example", timeout=5)
    assert told.startswith(reason)
    assert "\n" not in told
    assert "Error" not in told
