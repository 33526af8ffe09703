"""Doors for this machine's own programs: which requests may have been sent by a web page instead, and are refused.

A page anywhere can have a browser on this machine ask for `http://127.0.0.1:PORT/`, and read the answer if its own name
leads to that address by then (DNS rebinding). Such a request names the page's host, or tells its origin.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit


def refusal_of(host: str, origin: str | None, names: Collection[str] = ()) -> str:
    """Why a request is not taken, in a sentence; empty when it is.

    host, origin: the headers of these names. names: hosts that the door is known by besides addresses, `localhost` and
    names without a dot, which no page elsewhere can have.
    """
    name = _name_of(host)
    if not name or not (_is_address(name) or "." not in name or name in names):
        return "Ask for this by an address, or by localhost: this name is not known here."
    if origin is not None and _name_of(urlsplit(origin).netloc) != name:
        return "This is not for web pages."
    return ""


def _name_of(host: str) -> str:
    """The host without its port and brackets, in lower case; empty for what is none."""
    host = host.strip().lower().rstrip(".")
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
