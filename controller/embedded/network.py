"""What this machine knows of its own place in the network."""

from __future__ import annotations

import contextlib
import socket
import threading

LOOPBACK = "127.0.0.1"


def own_address() -> str:
    """The address that other machines of the network reach this one at; nothing is sent to find out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address for documentation (RFC 5737)
            return str(probe.getsockname()[0])
        except OSError:
            return LOOPBACK


def knows_own_name(timeout: float = 1.0) -> bool:
    """Whether the machine's host name can be looked up, within `timeout` seconds."""
    found = threading.Event()

    def look_up() -> None:
        with contextlib.suppress(OSError, UnicodeError):
            socket.getaddrinfo(socket.gethostname(), None)
            found.set()

    threading.Thread(target=look_up, daemon=True).start()
    return found.wait(timeout)
