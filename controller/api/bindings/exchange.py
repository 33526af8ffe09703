"""One HTTP exchange, as both platforms have it: a bounded body, its media type, and the operation that is run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from aiohttp import ClientPayloadError, web
from aiohttp.web_exceptions import HTTPException

from controller.api.auth import Authenticator
from controller.api.bindings.declaration import Operation
from controller.api.bindings.faults import BodyTooLarge, RequestInvalid
from controller.api.bindings.model import credentials

BODY_SECONDS = 30.0
# From here on a body is parsed, and an answer written, beside the event loop: bytes, and items.
LARGE_BODY = 32 * 1024
LARGE_ANSWER = 200
T = TypeVar("T")

_CHUNK = 64 * 1024


async def read_body(request: web.Request, limit: int) -> bytes:
    """The body, unpacked. BodyTooLarge beyond `limit` bytes, RequestInvalid for one that breaks off or never comes."""
    if (request.content_length or 0) > limit:
        raise BodyTooLarge(limit)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while chunk := await request.content.read(_CHUNK):
                body += chunk
                if len(body) > limit:
                    raise BodyTooLarge(limit)
    except TimeoutError:
        raise RequestInvalid(f"The body did not arrive within {BODY_SECONDS:.0f} seconds.") from None
    except (ClientPayloadError, web.RequestPayloadError, HTTPException, ValueError):
        raise RequestInvalid("The body cannot be unpacked.") from None
    return bytes(body)


def media_type(request: web.Request) -> str:
    """The media type of the body in lower case; empty where the request names none."""
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def charset(request: web.Request) -> str | None:
    """The character set that the Content-Type names."""
    for part in request.headers.get("Content-Type", "").split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip(" \"'") or None
    return None


async def off_loop(work: Callable[[], T], *, large: bool) -> T:
    """The result of `work`: of a large one in a thread, so that a megabyte of XML stalls no call."""
    return await asyncio.to_thread(work) if large else work()


def is_large(value: Any) -> bool:
    """Whether an answer takes long to write."""
    return isinstance(value, tuple) and len(value) > LARGE_ANSWER


async def run(operation: Operation, parameters: Any, request: web.Request, authenticator: Authenticator) -> Any:
    """Resolve who asks, then run the operation: its answer. HTTPTooManyRequests for one who guesses keys."""
    caller = await authenticator.caller(request, credentials(operation.request, parameters))
    return await operation.handler(parameters, caller)
