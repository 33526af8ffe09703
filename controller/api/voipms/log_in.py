"""Logging in: a user and a password for each request, from an address that may ask, and not too often."""

from __future__ import annotations

import asyncio
import hmac
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType

from aiohttp import web

from controller.api.auth import Authenticator, Caller, Guesses
from controller.api.bindings.refusal import Refused
from controller.directory.api_access import is_host_name, matches
from controller.directory.snapshot import LicenseKey, key_digest

RESOLVE_SECONDS = 3.0
KEEP_SECONDS = 60.0

Resolve = Callable[[str], Awaitable[Sequence[str]]]


async def resolve(host: str) -> list[str]:
    """The addresses of a host, none when nobody knows it or nobody says it in time."""
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError):
        return []
    return [str(address[0]) for *_, address in found]


class AllowedAddresses:
    """Holds addresses against what a customer allows. Host names are looked up again after a minute."""

    def __init__(self, resolve: Resolve = resolve, clock: Callable[[], float] = time.monotonic) -> None:
        self._resolve = resolve
        self._clock = clock
        self._known: dict[str, tuple[float, frozenset[str]]] = {}

    async def allow(self, patterns: Sequence[str], address: str) -> bool:
        """Whether an address may ask; any may where nothing is said."""
        if not patterns:
            return True
        if any(matches(pattern, address) for pattern in patterns if not is_host_name(pattern)):
            return True
        for host in filter(is_host_name, patterns):
            if address in await self._addresses(host):
                return True
        return False

    async def _addresses(self, host: str) -> frozenset[str]:
        until, known = self._known.get(host, (0.0, frozenset()))
        if self._clock() >= until:
            known = frozenset(await self._resolve(host))
            self._known[host] = (self._clock() + KEEP_SECONDS, known)
        return known


class RequestPace:
    """How many requests each customer has left: a bucket that holds a minute's worth and fills evenly."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str, per_minute: int | None) -> bool:
        """Whether one more request is within the pace; it counts."""
        if per_minute is None:
            return True
        now = self._clock()
        left, since = self._buckets.get(name, (float(per_minute), now))
        left = min(float(per_minute), left + (now - since) * per_minute / 60)
        if left < 1:
            return False
        self._buckets[name] = (left - 1, now)
        return True


class VoipmsLogIn:
    """Resolves `api_username` and `api_password`. find_user: the customer of a user name."""

    def __init__(
        self,
        find_user: Callable[[str], LicenseKey | None],
        authenticator: Authenticator,
        guesses: Guesses,
        addresses: AllowedAddresses | None = None,
        pace: RequestPace | None = None,
    ) -> None:
        self._find_user = find_user
        self._authenticator = authenticator
        self._guesses = guesses
        self._addresses = addresses or AllowedAddresses()
        self._pace = pace or RequestPace()

    def base_url(self, request: web.Request) -> str:
        """The address that the client asked for, without a path."""
        return self._authenticator.origin(request).base_url

    async def caller(self, request: web.Request, parameters: Mapping[str, str], *, any_address: bool) -> Caller:
        """The principal of a request. Refused for every reason that the vendor has a status for."""
        username, password = parameters.get("api_username", ""), parameters.get("api_password", "")
        if not username.strip() or not password:
            raise Refused("missing_credentials")
        origin = self._authenticator.origin(request)
        customer = self._find_user(username)
        if not _is_password(customer, password) or customer is None:
            try:
                await self._guesses.charge(origin.address)
            except web.HTTPTooManyRequests as error:
                raise Refused("api_limit_exceeded", (error.text or "").strip()) from None
            raise Refused("invalid_credentials")
        access = customer.api
        if not access.enabled:
            raise Refused("api_not_enabled")
        if not any_address and not await self._addresses.allow(access.addresses, origin.address):
            raise Refused("ip_not_enabled")
        if not self._pace.take(customer.name, access.requests_per_minute):
            raise Refused("api_limit_exceeded")
        return Caller(origin, MappingProxyType({username: customer}))


def _is_password(customer: LicenseKey | None, given: str) -> bool:
    """Whether this is the customer's password: its own, else the licence key. It takes as long for nobody's."""
    if customer is None:
        return hmac.compare_digest(key_digest(given), b"")
    if customer.api.password:
        return hmac.compare_digest(key_digest(given), key_digest(customer.api.password))
    return hmac.compare_digest(key_digest(given.strip().lower()), customer.digest)
