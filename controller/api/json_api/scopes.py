"""What a token of the JSON interface may do, and for whom."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from controller.api.auth import Caller, Origin
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
    NUMBERS_WRITE = "numbers:write"
    MENUS_READ = "menus:read"
    MENUS_WRITE = "menus:write"
    RECORDINGS_READ = "recordings:read"
    RECORDINGS_WRITE = "recordings:write"
    SCRIPTS_READ = "scripts:read"
    SCRIPTS_WRITE = "scripts:write"
    USAGE_READ = "usage:read"
    OPERATOR_READ = "operator:read"
    OPERATOR_WRITE = "operator:write"


SCOPE_WORDS = {
    Scope.CALLS_READ: "look at calls",
    Scope.CALLS_WRITE: "place, cancel and end calls",
    Scope.TEXTS_READ: "look at texts and opt-outs",
    Scope.TEXTS_WRITE: "send texts, change opt-outs",
    Scope.POSTBACKS_READ: "look at post-backs",
    Scope.POSTBACKS_WRITE: "replay post-backs, send test post-backs",
    Scope.NUMBERS_READ: "look at numbers",
    Scope.NUMBERS_WRITE: "take and route numbers, change their settings",
    Scope.MENUS_READ: "look at sequences and IVRs",
    Scope.MENUS_WRITE: "make, change and delete sequences and IVRs",
    Scope.RECORDINGS_READ: "look at recordings and fetch them",
    Scope.RECORDINGS_WRITE: "upload, rename and delete recordings",
    Scope.SCRIPTS_READ: "look at scripts and their versions, check and simulate scripts",
    Scope.SCRIPTS_WRITE: "save, set and delete scripts",
    Scope.USAGE_READ: "look at usage and what it costs",
    Scope.OPERATOR_READ: "look at the state of the service, licence keys, people and the audit log",
    Scope.OPERATOR_WRITE: "make and revoke licence keys, let people in, transfer, hear and end calls",
}

OPERATORS_SCOPES = (Scope.OPERATOR_READ, Scope.OPERATOR_WRITE)
KEY_SCOPES = tuple(scope for scope in Scope if scope not in OPERATORS_SCOPES)


@dataclass(frozen=True, slots=True)
class TokenBearer:
    """Whoever carries a token of a licence key: the key, what the token may do, its name, and where it came from."""

    key: LicenseKey
    scopes: frozenset[Scope]
    name: str
    origin: Origin

    @property
    def caller(self) -> Caller:
        """This one, for the methods of other interfaces that do the same."""
        return Caller(self.origin, {self.key.key: self.key})


@dataclass(frozen=True, slots=True)
class OperatorBearer:
    """Whoever carries a token of the operator."""

    scopes: frozenset[Scope]
    name: str
    origin: Origin


Bearer = TokenBearer | OperatorBearer
