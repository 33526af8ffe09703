"""How a licence key's programs log in to interfaces that know users and passwords, and from which addresses."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field

ANYWHERE = "0.0.0.0"  # noqa: S104 — nothing listens there
"""What VoIP.ms's customers write for "from any address"."""

_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\.?")
_WILDCARD = re.compile(r"(\d{1,3}|\*)(\.(\d{1,3}|\*)){3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ApiAccess:
    """What VoIP.ms's customers set on its page "API".

    `username`: empty for the licence key's name. `password`: empty for the licence key itself. `addresses`: those that
    may ask, as `address_pattern` reads them; empty for any. `requests_per_minute`: None without a limit.
    `texts_per_day`: what may be sent through this interface in 24 hours.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    enabled: bool = True
    addresses: tuple[str, ...] = ()
    requests_per_minute: int | None = None
    texts_per_day: int = 100


def address_pattern(text: str) -> str | None:
    """An address, a network (`203.0.113.0/24`), a wildcard (`203.0.113.*`) or a host name, in one spelling; or None."""
    written = text.strip().lower()
    if "*" in written:
        parts = written.split(".")
        fits = _WILDCARD.fullmatch(written) and all(part == "*" or int(part) < 256 for part in parts)
        return written if fits else None
    try:
        network = ipaddress.ip_network(written, strict=False)
    except ValueError:
        numeric = re.fullmatch(r"[\d./:]+", written)
        return written.rstrip(".") if not numeric and _HOST.fullmatch(written) else None
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def is_host_name(pattern: str) -> bool:
    """Whether a pattern has to be looked up before an address can be held against it."""
    return any(letter.isalpha() for letter in pattern) and ":" not in pattern


def matches(pattern: str, address: str) -> bool:
    """Whether an address fits a pattern that is no host name."""
    if pattern == ANYWHERE:
        return True
    if "*" in pattern:
        given = address.split(".")
        wanted = pattern.split(".")
        return len(given) == len(wanted) and all(
            part in ("*", other) for part, other in zip(wanted, given, strict=True)
        )
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(pattern)
    except ValueError:
        return False
