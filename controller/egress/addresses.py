"""Which IP addresses a customer's URL may lead to, and what the others are called.

The ranges are IANA's IPv4 and IPv6 Special-Purpose Address Registries, and the metadata services of cloud providers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAMED = {
    "a metadata service": ("168.63.129.16/32", "169.254.169.254/32", "100.100.100.200/32", "fd00:ec2::254/128"),
    "unspecified": ("0.0.0.0/32", "::/128"),
    "loopback": ("127.0.0.0/8", "::1/128"),
    "private": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10"),
    "link-local": ("169.254.0.0/16", "fe80::/10"),
    "a carrier's shared address": ("100.64.0.0/10",),
    "multicast": ("224.0.0.0/4", "ff00::/8"),
    "broadcast": ("255.255.255.255/32",),
    "for documentation only": (
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "2001:db8::/32",
        "3fff::/20",
    ),
    "reserved": (
        "0.0.0.0/8",
        "192.0.0.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "240.0.0.0/4",
        "100::/64",
        "2001::/23",
        "2620:4f:8000::/48",
        "5f00::/16",
    ),
}
_RANGES: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), name) for name, networks in _NAMED.items() for network in networks
)
_ONE_PORT = re.compile(r"(?:(\d+\.\d+\.\d+\.\d+)|\[([0-9A-Fa-f:.]+)\]):(\d{1,5})", re.ASCII)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_TEREDO = IPv6Network("2001::/32")
_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
_COMPATIBLE = IPv6Network("::/96")


@lru_cache(maxsize=4096)
def refusal_of(address: Address) -> str | None:
    """Why an address is not a public one, in words that follow its name ("private"); None for a public one."""
    for network, name in _RANGES:
        if address.version == network.version and address in network and address not in _TEREDO:
            return name
    return _refusal_of_v6(address) if isinstance(address, IPv6Address) else None


def _refusal_of_v6(address: IPv6Address) -> str | None:
    """An IPv6 address that hides an IPv4 one is as good as that one."""
    for form, hidden in _hidden_addresses(address):
        name = refusal_of(hidden)
        if name is not None:
            return f"{form} of {hidden}, which is {name}"
    if address.ipv4_mapped or address in _NAT64:
        return None
    if address in _TEREDO or address.sixtofour or address in _NAT64_LOCAL or address in _COMPATIBLE:
        return "a tunnel into another network"
    return None if address in _GLOBAL_UNICAST else "reserved"


def _hidden_addresses(address: IPv6Address) -> Iterable[tuple[str, IPv4Address]]:
    low = IPv4Address(int(address) & 0xFFFFFFFF)
    if address.ipv4_mapped:
        yield "the IPv4-mapped form", address.ipv4_mapped
    if address.sixtofour:
        yield "the 6to4 form", address.sixtofour
    if address in _TEREDO and address.teredo:
        yield from (("the Teredo form", hidden) for hidden in address.teredo)
    if address in _NAT64 or address in _NAT64_LOCAL:
        yield "the NAT64 form", low
    if address in _COMPATIBLE:
        yield "the IPv4-compatible form", low


class AllowedNetworks:
    """The networks, and single ports of single addresses, that the administrator opened beyond the public addresses."""

    def __init__(self, networks: Iterable[str | Network] = ()) -> None:
        self._opened = tuple(parse_opening(str(network)) for network in networks)

    def refusal(self, address: Address, port: int) -> str | None:
        """Why the address may not be reached at this port, or None. An IPv4-mapped one counts as its IPv4 one, too."""
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        for network, only_port in self._opened:
            if only_port not in (None, port):
                continue
            if any(same and same.version == network.version and same in network for same in (address, mapped)):
                return None
        return refusal_of(address)


def parse_opening(text: str) -> tuple[Network, int | None]:
    """What the administrator opened: a network ("10.1.0.0/16"), or one port of an address ("127.0.0.1:8090",
    "[::1]:8090"). ValueError for anything else.
    """
    match = _ONE_PORT.fullmatch(text)
    if match is None:
        return ip_network(text), None
    port = int(match[3])
    if not 0 < port < 65_536:
        raise ValueError(text)
    return ip_network(match[1] or match[2]), port


@lru_cache(maxsize=1024)
def parse_address(text: str) -> Address | None:
    """An IP address in its usual spelling, zone ids left away; None for anything else."""
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None
