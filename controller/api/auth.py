"""Who is asking: the operator, by a token, or customers, by the licence keys that a request carries."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from aiohttp import web

from controller.directory.snapshot import LicenseKey, canonical_guid

# Of one address: so many unknown keys at once, then one more each so many seconds.
FREE_GUESSES = 20
SECONDS_PER_GUESS = 3.0
# How many answers to one address wait for their turn; beyond it they are refused.
WAITING_GUESSES = 5
_MOST_ADDRESSES = 10_000

_HOST = re.compile(r"[A-Za-z0-9._-]{1,255}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?", re.ASCII)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


MOST_REASONS = 10


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from and which address it asked for: `base_url` is without a path, as in a WSDL."""

    address: str
    scheme: str
    host: str

    @property
    def base_url(self) -> str:
        """The scheme and the host that the client used."""
        return f"{self.scheme}://{self.host}"


@dataclass(frozen=True, slots=True)
class Caller:
    """The principal of a customer's request: the customers whose keys are in it, most often one, none for a wrong key.

    idempotency_key: the header of this name; empty without one. reasons: what an operation has to say of a refusal for
    which its answer has no room.
    """

    origin: Origin
    customers: Mapping[str, LicenseKey] = field(default_factory=dict)
    idempotency_key: str = ""
    reasons: list[str] = field(default_factory=list)

    def explain(self, reason: str) -> None:
        """Tell the customer why something was refused, beside the answer; the first reasons count."""
        if len(self.reasons) < MOST_REASONS:
            self.reasons.append(reason)

    @property
    def account(self) -> LicenseKey:
        """The customer of a request that was logged in for exactly one."""
        (customer,) = self.customers.values()
        return customer

    def customer(self, license_key: object) -> LicenseKey | None:
        """The customer of a licence key that stands in the request, None when nobody has this key."""
        return self.customers.get(_canonical(str(license_key)))


def authorise_operator(request: web.Request, token: str) -> None:
    """HTTPUnauthorized for a request without the administrator's token."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(errors="replace"), token.encode()):
        raise web.HTTPUnauthorized(text="The administrator's token is missing or wrong.\n")


class Guesses:
    """Slows down whoever tries licence keys: a bucket of guesses per address (per /64 network of IPv6)."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        # By address: when its bucket is full again.
        self._full_at: OrderedDict[str, float] = OrderedDict()

    async def charge(self, address: str) -> None:
        """Count a wrong key; returns when its answer may be given. HTTPTooManyRequests when too many wait."""
        bucket, now = _bucket(address), self._clock()
        full_at = max(self._full_at.get(bucket, now), now) + SECONDS_PER_GUESS
        wait = full_at - now - FREE_GUESSES * SECONDS_PER_GUESS
        if wait > WAITING_GUESSES * SECONDS_PER_GUESS:
            raise web.HTTPTooManyRequests(
                text="Too many requests with unknown licence keys came from this address; try again later.\n",
                headers={"Retry-After": str(int(wait) + 1)},
            )
        self._full_at[bucket] = full_at
        self._full_at.move_to_end(bucket)
        if len(self._full_at) > _MOST_ADDRESSES:
            self._full_at.popitem(last=False)
        if wait > 0:
            await self._sleep(wait)


class Authenticator:
    """Resolves requests. find_key: the customer of a licence key in any spelling, of the current directory.

    proxies: the networks whose X-Forwarded-For, -Proto and -Host are believed; nobody else's are.
    """

    def __init__(
        self, find_key: Callable[[str], LicenseKey | None], guesses: Guesses, proxies: Sequence[Network] = ()
    ) -> None:
        self._find_key = find_key
        self._guesses = guesses
        self._proxies = tuple(proxies)

    async def caller(self, request: web.Request, license_keys: Iterable[str]) -> Caller:
        """The principal of a request that carries these keys. HTTPTooManyRequests for one who guesses.

        A wrong key is no error here: each interface has its own answer to it. A right key is never delayed, whoever
        else guesses from the same address.
        """
        origin = self.origin(request)
        customers: dict[str, LicenseKey] = {}
        wrong = False
        for text in dict.fromkeys(license_keys):
            customer = self._find_key(text)
            if customer is None:
                wrong = wrong or bool(text)
            else:
                customers[_canonical(text)] = customer
        if wrong:
            await self._guesses.charge(origin.address)
        return Caller(origin, MappingProxyType(customers), request.headers.get("Idempotency-Key", "").strip()[:255])

    def origin(self, request: web.Request) -> Origin:
        """The client's own address and the address that it asked for, through proxies that are trusted."""
        address = request.remote or ""
        scheme, host = request.scheme, request.host
        if self._trusted(address):
            scheme = _first(request, "X-Forwarded-Proto", scheme).lower()
            host = _first(request, "X-Forwarded-Host", host)
            hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")][-20:]
            # The last hop was written by the proxy that we trust, each one before it by the one after it.
            while hops and self._trusted(address):
                hop = hops.pop()
                if _address(hop) is None:
                    break
                address = hop
        if scheme not in ("http", "https"):
            scheme = request.scheme
        if _HOST.fullmatch(host) is None:
            host = "localhost"
        return Origin(address, scheme, host)

    def _trusted(self, address: str) -> bool:
        parsed = _address(address) if self._proxies else None
        return parsed is not None and any(parsed in network for network in self._proxies)


def _canonical(license_key: str) -> str:
    return canonical_guid(license_key) or license_key


def _first(request: web.Request, name: str, otherwise: str) -> str:
    return request.headers.get(name, "").partition(",")[0].strip() or otherwise


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, ipaddress.IPv6Address) else parsed


def _bucket(address: str) -> str:
    parsed = _address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
