"""Who is asking: licence keys, guesses of them, and addresses behind proxies."""

from __future__ import annotations

import ipaddress
from typing import Any
from unittest import mock

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from controller.api.auth import FREE_GUESSES, SECONDS_PER_GUESS, WAITING_GUESSES, Authenticator, Guesses
from controller.directory.snapshot import LicenseKey, canonical_guid

KEY = "11111111-2222-3333-4444-555555555555"
CUSTOMER = LicenseKey("ann", KEY, frozenset({"sms"}))
PROXIES = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))


class Clock:
    """Time that passes only while somebody sleeps, or when told."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def authenticator(clock: Clock) -> Authenticator:
    return Authenticator(
        lambda text: CUSTOMER if canonical_guid(text) == KEY else None, Guesses(clock, clock.sleep), PROXIES
    )


def request(peer: str = "192.0.2.1", **headers: str) -> web.Request:
    transport = mock.Mock()
    transport.get_extra_info.side_effect = lambda name, default=None: (peer, 5) if name == "peername" else default
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return make_mocked_request("GET", "/", headers={"Host": "api.example"} | named, transport=transport)


async def test_a_key_in_any_spelling_is_its_customers(authenticator: Authenticator) -> None:
    spelling = "{" + KEY.upper() + "}"
    caller = await authenticator.caller(request(Idempotency_Key=" once "), [spelling, KEY])
    assert caller.customer(KEY) is CUSTOMER
    assert caller.customer(spelling) is CUSTOMER
    assert caller.idempotency_key == "once"


async def test_a_wrong_key_is_nobodys(authenticator: Authenticator) -> None:
    caller = await authenticator.caller(request(), ["wrong", KEY])
    assert caller.customer("wrong") is None
    assert caller.customer(KEY) is CUSTOMER


async def test_a_key_that_is_not_in_the_request_is_nobodys(authenticator: Authenticator) -> None:
    assert (await authenticator.caller(request(), [])).customer(KEY) is None


async def guess(authenticator: Authenticator, peer: str, times: int) -> None:
    for _ in range(times):
        await authenticator.caller(request(peer), ["wrong"])


async def test_whoever_guesses_waits_and_is_then_refused(authenticator: Authenticator, clock: Clock) -> None:
    await guess(authenticator, "192.0.2.1", FREE_GUESSES)
    assert clock.slept == []
    await guess(authenticator, "192.0.2.1", WAITING_GUESSES)
    assert clock.slept == [SECONDS_PER_GUESS * (n + 1) for n in range(WAITING_GUESSES)]
    with pytest.raises(web.HTTPTooManyRequests) as refusal:
        await guess(authenticator, "192.0.2.1", 1)
    assert int(refusal.value.headers["Retry-After"]) > 0


async def test_a_right_key_is_never_delayed(authenticator: Authenticator, clock: Clock) -> None:
    await guess(authenticator, "192.0.2.1", FREE_GUESSES + WAITING_GUESSES)
    before = len(clock.slept)
    assert (await authenticator.caller(request("192.0.2.1"), [KEY])).customer(KEY) is CUSTOMER
    assert len(clock.slept) == before


async def test_another_address_is_not_slowed_down(authenticator: Authenticator, clock: Clock) -> None:
    await guess(authenticator, "192.0.2.1", FREE_GUESSES)
    await guess(authenticator, "192.0.2.2", FREE_GUESSES)
    assert clock.slept == []


async def test_the_addresses_of_one_ipv6_network_are_one(authenticator: Authenticator, clock: Clock) -> None:
    await guess(authenticator, "2001:db8::1", FREE_GUESSES)
    await guess(authenticator, "2001:db8::2", 1)
    await guess(authenticator, "2001:db8:0:1::1", 1)
    assert len(clock.slept) == 1


async def test_guesses_are_forgiven_with_time(authenticator: Authenticator, clock: Clock) -> None:
    await guess(authenticator, "192.0.2.1", FREE_GUESSES)
    clock.now += FREE_GUESSES * SECONDS_PER_GUESS
    await guess(authenticator, "192.0.2.1", FREE_GUESSES)
    assert clock.slept == []


FORWARDED = {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "public.example"}


@pytest.mark.parametrize(
    ("peer", "headers", "origin"),
    [
        ("192.0.2.1", {}, ("192.0.2.1", "http://api.example")),
        ("192.0.2.1", FORWARDED | {"X_Forwarded_For": "198.51.100.1"}, ("192.0.2.1", "http://api.example")),
        ("10.1.1.1", FORWARDED | {"X_Forwarded_For": "198.51.100.1"}, ("198.51.100.1", "https://public.example")),
        ("10.1.1.1", {"X_Forwarded_For": "6.6.6.6, 198.51.100.1, 10.2.2.2"}, ("198.51.100.1", "http://api.example")),
        ("10.1.1.1", {"X_Forwarded_For": "6.6.6.6, nonsense"}, ("10.1.1.1", "http://api.example")),
        ("::ffff:10.1.1.1", {"X_Forwarded_For": "2001:db8::5"}, ("2001:db8::5", "http://api.example")),
        ("fd00::1", {"X_Forwarded_Proto": "gopher"}, ("fd00::1", "http://api.example")),
        ("192.0.2.1", {"Host": 'x"><script>'}, ("192.0.2.1", "http://localhost")),
        ("192.0.2.1", {"Host": "[2001:db8::1]:8080"}, ("192.0.2.1", "http://[2001:db8::1]:8080")),
    ],
)
def test_the_origin_is_the_peers_unless_a_trusted_proxy_says_otherwise(
    authenticator: Authenticator, peer: str, headers: dict[str, Any], origin: tuple[str, str]
) -> None:
    found = authenticator.origin(request(peer, **headers))
    assert (found.address, found.base_url) == origin
