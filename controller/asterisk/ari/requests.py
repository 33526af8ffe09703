"""What a request to ARI is, what its answer is, and who can carry one."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

import orjson

from controller.errors import AsteriskNotFound, AsteriskRefused

_UNRESERVED = re.compile(r"[A-Za-z0-9_.~-]*")

_CONFLICT = 409

Query = Mapping[str, str | int | bool | None]
"""Parameters by ARI's own names; those that are None are left out."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one request: its HTTP status and its body, JSON as text."""

    status: int
    body: str

    def json(self) -> Any:
        """The body as Python values; None when there is none. Raises AsteriskRefused when it is not JSON."""
        if not self.body:
            return None
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise AsteriskRefused("Asterisk's answer is not JSON.", status=self.status) from error


class Requests(Protocol):
    """Carries requests to Asterisk: the live client, or a recorder in tests."""

    async def request(self, method: str, uri: str, query: Query | None = None, body: object = None) -> Answer:
        """Ask Asterisk, and wait for its answer.

        `uri` is the path below `ari/`, its variable parts quoted by `part()`; `body` is turned to JSON.
        Raises AsteriskNotFound (404), AsteriskRefused (any other status of 400 and above), AsteriskTimeout,
        AsteriskUnreachable.
        """
        ...

    async def download(self, uri: str) -> bytes:
        """Fetch what is no JSON (a stored recording), by HTTP. Raises the same errors as `request`."""
        ...


def part(text: str) -> str:
    """A variable part of a path, percent-encoded (RFC 3986); `/` too."""
    # Nearly all are ids in which there is nothing to encode, and each call asks for several.
    return text if _UNRESERVED.fullmatch(text) else quote(text, safe="")


def refusal(method: str, uri: str, status: int, body: str) -> AsteriskRefused:
    """The error for an answer of 400 or above."""
    reason = body
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        told = json.loads(body)
        reason = str(told.get("message") or told["error"])
    message = f"Asterisk answered {status} to {method} {uri}: {reason or 'no reason given'}"
    if status == 404:
        return AsteriskNotFound(message, status=status)
    return AsteriskRefused(message, status=status)


def to_json(value: object) -> str:
    """JSON for Asterisk."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # half of a surrogate pair, which the slower one escapes
        return json.dumps(value)


def parameter(value: str | int | bool) -> str:
    """A parameter's value in ARI's spelling."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    return str(value)


async def made(making: Awaitable[object]) -> bool:
    """Await a request that makes something of an id that we chose; False when Asterisk has it already (409).

    It was made before the connection was lost, or the answer to the request was. AsteriskError.
    """
    try:
        await making
    except AsteriskRefused as error:
        if error.status != _CONFLICT:
            raise
        return False
    return True
