"""Changes that programs make, as the audit log has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from controller.api.json_api.declaration import ApiOperation, Asked
from controller.api.json_api.scopes import Bearer, TokenBearer
from controller.egress.urls import masked_url

LONGEST_VALUE = 2000
# What is told of a value that is longer, or secret: nobody can read it in the log.
LEFT_OUT = "…"
_SECRET = frozenset({"key", "audio", "webhook_secrets"})


@dataclass(frozen=True, slots=True)
class ProgramChange:
    """One change. token: its name; license_key: whose data it is, None of the operator's."""

    token: str
    address: str
    license_key: str | None
    action: str
    subject: str
    after: str


class AuditsChanges(Protocol):
    """Where changes are written down, before they are made."""

    async def add_of_program(self, change: ProgramChange) -> None:
        """StoreError."""


def change_of(operation: ApiOperation, asked: Asked, bearer: Bearer) -> ProgramChange:
    """What a request changes. Secrets and passwords in URLs are left out."""
    values = asked.model_dump(mode="json")
    subject = " ".join(str(values[name]) for name in operation.in_path)
    after = {name: _told(name, values[name]) for name in operation.elsewhere if values[name] not in ("", None)}
    return ProgramChange(
        token=bearer.name,
        address=bearer.origin.address,
        license_key=bearer.key.name if isinstance(bearer, TokenBearer) else None,
        action=operation.name.replace("_", " "),
        subject=subject,
        after=json.dumps(after, ensure_ascii=False) if after else "",
    )


def _told(name: str, value: Any) -> Any:
    if name in _SECRET:
        return LEFT_OUT
    if isinstance(value, Mapping):
        return {str(each): _told(str(each), held) for each, held in value.items()}
    if isinstance(value, list):
        return [_told(name, each) for each in value]
    if isinstance(value, str):
        shown = masked_url(value) if value.lower().startswith(("http:", "https:")) else value
        return shown if len(shown) <= LONGEST_VALUE else shown[:LONGEST_VALUE] + LEFT_OUT
    return value
