"""What a token of the JSON interface may do, and for whom."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from controller.directory.snapshot import LicenseKey


class Scope(StrEnum):
    """One right of a token."""

    CALLS_READ = "calls:read"
    CALLS_WRITE = "calls:write"
    TEXTS_READ = "texts:read"
    TEXTS_WRITE = "texts:write"
    POSTBACKS_READ = "postbacks:read"
    POSTBACKS_WRITE = "postbacks:write"
    NUMBERS_READ = "numbers:read"
    USAGE_READ = "usage:read"


SCOPE_WORDS = {
    Scope.CALLS_READ: "look at calls",
    Scope.CALLS_WRITE: "place, cancel and end calls",
    Scope.TEXTS_READ: "look at texts",
    Scope.TEXTS_WRITE: "send texts",
    Scope.POSTBACKS_READ: "look at post-backs",
    Scope.POSTBACKS_WRITE: "replay post-backs",
    Scope.NUMBERS_READ: "look at numbers",
    Scope.USAGE_READ: "look at usage and what it costs",
}


@dataclass(frozen=True, slots=True)
class TokenBearer:
    """Whoever carries a token: the licence key that it is of, and what it may do."""

    key: LicenseKey
    scopes: frozenset[Scope]
