"""Bans: who guesses the passwords of phones is refused by Asterisk for a while, whatever is asked.

Asterisk tells of each failed login; its list of refused addresses is a file that it reads again when somebody comes on
it or leaves it. The list is kept in memory: a restart of the controller begins anew.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from controller.asterisk.ami import AmiClient
from controller.asterisk.configuration import BANNED_SECTION
from controller.asterisk.security_events import NAMES, FailedLogin, read_failed_login
from controller.errors import AsteriskError

log = structlog.get_logger()

WINDOW_SECONDS = 60.0
# Asterisk reads its SIP configuration again for each change: not more often than this.
CHANGE_SECONDS = 1.0
AGAIN_SECONDS = 5.0
MOST_SOURCES = 10_000
MOST_BANNED = 2000

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class BanRules:
    """after: failures within a minute, 0 for none ever. seconds: how long. never: networks that are spared."""

    after: int
    seconds: float
    never: tuple[Network, ...] = ()


class Bans:
    """Counts failed logins by source, and keeps Asterisk's list of refused sources.

    file: where the list stands; None when Asterisk's files are somebody else's: then it is only told of. carriers: the
    hosts, addresses and networks of the trunks, which are spared. now: seconds of a clock that is never set.
    """

    def __init__(
        self,
        ami: AmiClient,
        file: Path | None,
        rules: BanRules,
        carriers: Callable[[], Collection[str]],
        registry: CollectorRegistry,
        now: Callable[[], float],
    ) -> None:
        self._ami = ami
        self._file = file
        self._rules = rules
        self._carriers = carriers
        self._now = now
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self._banned: dict[str, float] = {}
        self._changed = asyncio.Event()
        self._failed = Counter("ringpost_sip_failed_logins", "Logins of phones that failed.", registry=registry)
        banned = Gauge("ringpost_sip_banned_sources", "Sources that Asterisk refuses.", registry=registry)
        banned.set_function(lambda: len(self._banned))
        for name in NAMES:
            ami.on_event(name, self._on_event)

    @property
    def banned(self) -> list[str]:
        """The sources that are refused now: addresses, and /64 networks of IPv6."""
        return list(self._banned)

    def take(self, failed: FailedLogin) -> None:
        """Count a failed login."""
        self._failed.inc()
        if not (self._rules.after and failed.is_proven):
            return
        source = _source(failed.address)
        if source is None or source in self._banned:
            return
        now = self._now()
        recent = self._failures.setdefault(source, deque(maxlen=self._rules.after))
        self._failures.move_to_end(source)
        if len(self._failures) > MOST_SOURCES:
            self._failures.popitem(last=False)
        recent.append(now)
        if len(recent) < self._rules.after or recent[0] < now - WINDOW_SECONDS:
            return
        del self._failures[source]
        if self._is_spared(source):
            log.warning("somebody guesses passwords from where nobody is banned", address=source)
            return
        if len(self._banned) >= MOST_BANNED:
            self._banned.pop(next(iter(self._banned)))
        self._banned[source] = now + self._rules.seconds
        log.warning("a source that guesses passwords is refused", address=source, account=failed.account)
        self._changed.set()

    async def run(self) -> None:
        """Keep Asterisk's list, until cancelled."""
        if self._file is None:
            await asyncio.Event().wait()
            return
        await self._write()
        while True:
            await self._until_change()
            self._changed.clear()
            if await self._write():
                await asyncio.sleep(CHANGE_SECONDS)
            else:
                self._changed.set()
                await asyncio.sleep(AGAIN_SECONDS)

    async def _until_change(self) -> None:
        """Until somebody came on the list, or has to leave it."""
        seconds = max(0.0, min(self._banned.values()) - self._now()) if self._banned else None
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def _write(self) -> bool:
        """Have Asterisk know the list; whether it does."""
        assert self._file is not None
        carriers = await asyncio.to_thread(_addresses_of, self._carriers())
        now = self._now()
        self._banned = {source: until for source, until in self._banned.items() if until > now}
        spared = {source for source in self._banned if any(_within(source, each) for each in carriers)}
        if spared:
            log.warning("a carrier's address fails to log in, and is not banned", addresses=sorted(spared))
            self._banned = {source: until for source, until in self._banned.items() if source not in spared}
        try:
            if await asyncio.to_thread(_replace, self._file, self._banned):
                await self._ami.reload("res_pjsip.so")
        except (OSError, AsteriskError) as error:
            log.warning("the list of refused sources was not taken over", reason=str(error))
            self._file.unlink(missing_ok=True)  # so that it is a change the next time
            return False
        return True

    def _is_spared(self, source: str) -> bool:
        return any(_within(source, network) for network in self._rules.never)

    def _on_event(self, headers: Mapping[str, str]) -> None:
        failed = read_failed_login(headers)
        if failed is not None and failed.service == "PJSIP":
            self.take(failed)


def _source(address: str) -> str | None:
    """Whom to ban for an address: of IPv6 the /64 network, for within it somebody has every address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return str(ipaddress.ip_network((parsed, 64), strict=False))
        parsed = parsed.ipv4_mapped
    return str(parsed)


def _within(source: str, network: Network) -> bool:
    found = ipaddress.ip_network(source)
    return found.version == network.version and found.overlaps(network)


def _addresses_of(carriers: Collection[str]) -> list[Network]:
    """The networks of carriers, their names looked up; blocking."""
    found: list[Network] = []
    for carrier in carriers:
        try:
            found.append(ipaddress.ip_network(carrier, strict=False))
            continue
        except ValueError:
            pass
        try:
            found += [ipaddress.ip_network(str(each[4][0])) for each in socket.getaddrinfo(carrier, None)]
        except (OSError, ValueError):
            continue
    return found


def _replace(file: Path, banned: Collection[str]) -> bool:
    """Write the list, if it is another one; whether it was."""
    lines = [f"[{BANNED_SECTION}]", "type = acl", *(f"deny = {source}" for source in banned)] if banned else []
    data = "".join(f"{line}\n" for line in ("; Written by Ringpost.", *lines)).encode()
    try:
        if file.read_bytes() == data:
            return False
    except FileNotFoundError:
        if not banned:
            return False
    fresh = file.with_name(file.name + ".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(data)
    fresh.replace(file)
    return True
