"""Ports: whether those that a start needs are free, asked before anything is started."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from controller.errors import ConfigurationError, PortInUse

Protocol = Literal["tcp", "udp"]

_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


@dataclass(frozen=True, slots=True)
class PortNeed:
    """A port that is needed, what for, and which setting names it."""

    host: str
    port: int
    protocol: Protocol
    purpose: str
    setting: str


def check_ports(needs: Sequence[PortNeed]) -> None:
    """Raise PortInUse, naming each port that is taken with its purpose and setting; ConfigurationError for others."""
    taken: list[str] = []
    for need in needs:
        error = _try(need)
        if error is None:
            continue
        place = f"{need.host}:{need.port}/{need.protocol}"
        if error.errno == errno.EADDRINUSE:
            taken.append(f"{place}, {need.purpose}: taken by another program; stop that one, or set {need.setting}")
        else:
            raise ConfigurationError(
                f"{place} ({need.purpose}) cannot be used: {error.strerror or error}; change {need.setting}."
            )
    if taken:
        raise PortInUse("Ports that are needed are not free:\n  " + "\n  ".join(taken))


def _try(need: PortNeed) -> OSError | None:
    family = socket.AF_INET6 if ":" in need.host else socket.AF_INET
    with socket.socket(family, _KINDS[need.protocol]) as attempt:
        if need.protocol == "tcp":
            # As servers do: a connection that was closed a moment ago does not take the port.
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((need.host, need.port))
            if need.protocol == "tcp":
                attempt.listen(1)
        except OSError as error:
            return error
    return None
