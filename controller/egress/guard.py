"""The guard: which URLs of customers may be reached, and a way to reach them that cannot be led elsewhere.

A name is looked up once, every address that it has is checked, and the connection goes to one of those; no redirect is
followed and no proxy of the environment used. The check stands twice: where a name is resolved, and where a socket is
made, so that a URL with an address in it, in any spelling, passes it too.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from controller.egress.addresses import AllowedNetworks, Network, parse_address
from controller.egress.answers import read_at_most
from controller.egress.connections import LARGEST_HEADER_BYTES, CheckedConnector, CheckedRequest
from controller.egress.reasons import reason_of
from controller.egress.urls import customer_url
from controller.errors import FetchFailed as FetchFailed
from controller.errors import UrlRefused

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives the addresses of a host name, as text; OSError when it has none."""

LOOKUP_SECONDS = 5.0
# A name that is looked up again within this time is taken to have the addresses that were checked, in seconds.
REMEMBER_SECONDS = 30
# Look-ups block a thread each; more than ours must hang at once before they delay those of others.
LOOKUP_THREADS = 32
USER_AGENT = "Ringpost/0.1"


@dataclass(frozen=True, slots=True)
class FetchedAnswer:
    """An answer. `body` is cut at the limit, which `truncated` tells; it is as it came, whatever its encoding."""

    status: int
    content_type: str
    charset: str
    body: bytes
    truncated: bool

    @property
    def text(self) -> str:
        """The body as text; what cannot be read is replaced."""
        try:
            return self.body.decode(self.charset or "utf-8", errors="replace")
        except (LookupError, ValueError):  # no character set of that name, or one that cannot replace
            return self.body.decode("utf-8", errors="replace")


class Guard:
    """Checks URLs, names and addresses.

    `allow` are networks, and single ports of addresses, that the administrator opened, `resolve` looks names up, `tls`
    says which certificates are trusted; without them these are no networks, and the system's own.
    """

    def __init__(
        self,
        allow: Iterable[str | Network] = (),
        *,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._tls = tls
        self._allowed = AllowedNetworks(allow)
        self._resolve = resolve or self._look_up
        # The same few addresses are checked for every request: where a URL is read, and where a socket is made.
        self._refusal = lru_cache(maxsize=1024)(self._find_refusal)
        self._threads: ThreadPoolExecutor | None = None

    def check(self, url: str) -> URL:
        """The URL as it is sent. UrlRefused for an address in it that is not public; MalformedUrl for its text."""
        checked = customer_url(url)
        host = checked.raw_host or ""
        if parse_address(host) is not None:
            self._check_address(host, checked.port or 0)
        return checked

    def _check_address(self, text: str, port: int) -> None:
        refusal = self._refusal(text, port)
        if refusal is not None:
            raise UrlRefused(f"refused by the guard: {text} is {refusal}")

    def _find_refusal(self, text: str, port: int) -> str | None:
        address = parse_address(text)
        return "not an address" if address is None else self._allowed.refusal(address, port)

    async def resolve(self, host: str, port: int) -> list[str]:
        """The addresses of a host, each of them checked. UrlRefused; OSError when the look-up fails."""
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                addresses = list(await self._resolve(host, port))
        except TimeoutError:
            raise OSError(f"no answer for {host} within {LOOKUP_SECONDS:g} s") from None
        if not addresses:
            raise OSError(f"{host} has no address")
        for address in addresses:
            self._check_address(address, port)
        return addresses

    def connector(self, *, keep_alive: float = 4.0) -> aiohttp.TCPConnector:
        """A connector that reaches checked addresses only. `keep_alive`: seconds an idle connection is kept for."""
        return CheckedConnector(
            resolver=_CheckedResolver(self),
            ssl=self._tls or True,
            socket_factory=self._make_socket,
            ttl_dns_cache=REMEMBER_SECONDS,
            keepalive_timeout=keep_alive,
            limit=0,
        )

    def session(self, connector: aiohttp.TCPConnector, **options: Any) -> aiohttp.ClientSession:
        """A client session as every request to a customer's URL needs it: no cookies, no proxy, nothing unpacked."""
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            request_class=CheckedRequest,
            max_field_size=LARGEST_HEADER_BYTES,
            max_line_size=LARGEST_HEADER_BYTES,
            headers={"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"},
            **options,
        )

    async def fetch(self, url: str, *, limit_bytes: int = 65_536, timeout: float = 15.0) -> FetchedAnswer:
        """GET a URL that a customer named. `timeout`: seconds for all of it; a redirect is given back, not followed.

        UrlRefused by the guard; FetchFailed when there is no complete answer.
        """
        parsed = self.check(url)
        limits = aiohttp.ClientTimeout(total=timeout)
        try:
            async with (
                self.session(self.connector(keep_alive=0.1)) as session,
                session.get(parsed, allow_redirects=False, timeout=limits) as response,
            ):
                body, whole = await read_at_most(response, limit_bytes)
                return FetchedAnswer(response.status, response.content_type, response.charset or "", body, not whole)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise FetchFailed(reason_of(error, timeout=timeout)) from error

    def close(self) -> None:
        """Let the threads of look-ups go."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None

    def _make_socket(self, info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, address = info
        self._check_address(address[0], address[1])
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made

    async def _look_up(self, host: str, port: int) -> Sequence[str]:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(LOOKUP_THREADS, thread_name_prefix="look-up")

        def find() -> list[str]:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
            return [str(entry[4][0]) for entry in found]

        return await asyncio.get_running_loop().run_in_executor(self._threads, find)


class _CheckedResolver(AbstractResolver):
    """The guard as aiohttp asks for addresses."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002
    ) -> list[ResolveResult]:
        addresses = await self._guard.resolve(host, port)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Nothing to close: the guard outlives the connector."""
