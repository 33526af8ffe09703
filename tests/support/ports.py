"""Ports for the parts of a test: free when asked, and promised to nobody else of the run.

Between the choice of a port and its use a second can pass. Each worker therefore chooses from hundreds of its own, and
single ports are not chosen from where ranges are: an Asterisk binds its RTP ports only while a call is up.
"""

from __future__ import annotations

import os
import random
import re
from collections import deque

from controller.embedded.ports import PortNeed, Protocol, check_ports
from controller.errors import PortInUse

# Below the ports that systems use for outgoing connections.
SINGLE_PORTS = range(20000, 26000)
PORT_RANGES = range(26000, 32000)
WORKERS = 4

# The last ones given, which may not be in use yet.
_given: deque[int] = deque(maxlen=300)


def free_port(*protocols: Protocol, host: str = "127.0.0.1") -> int:
    """A port that is free now for all the protocols. PortInUse when none is found."""
    mine = [
        port
        for port in SINGLE_PORTS
        if port % 2 == 0 and port // 100 % WORKERS == _worker() % WORKERS and port not in _given
    ]
    for port in random.sample(mine, len(mine)):
        if _is_free([PortNeed(host, port, protocol, "", "") for protocol in protocols]):
            _given.append(port)
            return port
    raise PortInUse(f"No free port was found on {host}.")


def free_range(count: int, *protocols: Protocol, host: str = "127.0.0.1") -> int:
    """The first of `count` neighbouring free ports; an even number. PortInUse when none are found."""
    shares = max(2, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")))
    share = len(PORT_RANGES) // shares
    lowest = PORT_RANGES.start + share * (_worker() % shares)
    for _ in range(1000):
        first = random.randrange(lowest, lowest + share - count, 2)
        if _is_free([PortNeed(host, first + at, protocol, "", "") for at in range(count) for protocol in protocols]):
            return first
    raise PortInUse(f"No {count} free neighbouring ports were found on {host}.")


def _worker() -> int:
    """The number of this worker among those of the run."""
    return int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or os.getpid())


def _is_free(needs: list[PortNeed]) -> bool:
    try:
        check_ports(needs)
    except PortInUse:
        return False
    return True
