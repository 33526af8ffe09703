"""Asterisk's security events, as AMI tells them (event class `security`): who failed to prove who they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

WRONG_PASSWORD = ("ChallengeResponseFailed", "InvalidPassword")
UNKNOWN_USER = ("InvalidAccountID",)
NAMES = (*WRONG_PASSWORD, *UNKNOWN_USER)


@dataclass(frozen=True, slots=True)
class FailedLogin:
    """One failure. `transport`: UDP, TCP, TLS or WS; `address`: an IP address; `service`: PJSIP, AMI …"""

    service: str
    account: str
    transport: str
    address: str
    is_password: bool

    @property
    def is_proven(self) -> bool:
        """Whether it came from that address indeed: whoever answered our challenge has received it there. A UDP packet
        with a name that nobody has may come from anywhere."""
        return self.is_password or self.transport != "UDP"


def read_failed_login(headers: Mapping[str, str]) -> FailedLogin | None:
    """The failed login that an event tells of; None for any other event, and for one that cannot be read."""
    name = headers.get("Event", "")
    # IPV4/UDP/192.0.2.7/5060; an IPv6 address has no slash either.
    parts = headers.get("RemoteAddress", "").split("/")
    if name not in NAMES or len(parts) != 4:
        return None
    return FailedLogin(
        headers.get("Service", ""),
        headers.get("AccountID", "")[:80],
        parts[1].upper(),
        parts[2],
        name in WRONG_PASSWORD,
    )
