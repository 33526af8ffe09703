"""One HTTP exchange, as both platforms have it: a bounded body, its media type, and the operation that is run."""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

import structlog
from aiohttp import ClientPayloadError, web
from aiohttp.web_exceptions import HTTPException

from controller.api.auth import Authenticator, Caller
from controller.api.bindings.declaration import Operation
from controller.api.bindings.faults import BodyTooLarge, RequestInvalid
from controller.api.bindings.json_format import parse_json, read_json, write_json
from controller.api.bindings.model import credentials
from controller.api.store.answers import KeptAnswers, RepeatedRequest
from controller.errors import StoreError

BODY_SECONDS = 30.0
# From here on a body is parsed, and an answer written, beside the event loop: bytes, and items.
LARGE_BODY = 32 * 1024
LARGE_ANSWER = 200
T = TypeVar("T")

log = structlog.get_logger(__name__)

LONGEST_REASON = 1000

# How long a repeated request waits for the answer that another controller gives to the first one, and how often it
# looks.
ANSWER_SECONDS = 30.0
LOOK_SECONDS = 0.1

_CHUNK = 64 * 1024
_REASONS = web.RequestKey("reasons", list[str])
_IN_HEADERS = " !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~"


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
    except (ClientPayloadError, web.RequestPayloadError, HTTPException):
        raise RequestInvalid("The body broke off.") from None
    return _unpacked(bytes(body), request.headers.get("Content-Encoding", ""), limit)


def _unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """A body as it was before its Content-Encoding; aiohttp leaves it packed (`auto_decompress`), for it would log each
    broken one with a traceback."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    # gzip and zlib, or the bare stream that some take "deflate" for.
    for window in {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}.get(encoding, ()):
        unpacker = zlib.decompressobj(wbits=window)
        try:
            unpacked = unpacker.decompress(body, limit + 1)
        except zlib.error:
            continue
        if len(unpacked) > limit:
            raise BodyTooLarge(limit)
        if unpacker.eof:
            return unpacked
    raise RequestInvalid("The body cannot be unpacked: its Content-Encoding is gzip, deflate or left out.")


def below(request: web.Request, path: str) -> str:
    """What a request's path has below an interface's. Programs whose base URL ends in a slash ask for `//sms.svc`."""
    return request.path.lstrip("/")[len(path) - 1 :]


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


def reason_header(request: web.Request) -> dict[str, str]:
    """The header that says why an operation refused something; none when it had nothing to say.

    Characters that a header cannot hold are percent-encoded.
    """
    reasons = request.get(_REASONS)
    if not reasons:
        return {}
    return {"Ringpost-Reason": quote("; ".join(reasons)[:LONGEST_REASON], safe=_IN_HEADERS)}


class Temporary(Exception):
    """Raised by an operation: an answer that a repeated request with the same Idempotency-Key must not get again."""

    def __init__(self, answer: Any) -> None:
        super().__init__("a temporary answer")
        self.answer = answer


class Runner:
    """Runs operations: resolves who asks, and gives a repeated request its first answer.

    answers: where first answers are kept; without it the header Idempotency-Key has no meaning but for operations.
    """

    def __init__(self, authenticator: Authenticator, answers: KeptAnswers | None = None) -> None:
        self._authenticator = authenticator
        self._answers = answers
        self._running: dict[tuple[str, str], asyncio.Lock] = {}

    def base_url(self, request: web.Request) -> str:
        """The address that the client asked for, without a path."""
        return self._authenticator.origin(request).base_url

    async def run(self, operation: Operation, parameters: Any, request: web.Request) -> Any:
        """The answer of an operation. HTTPTooManyRequests for one who guesses keys.

        RequestInvalid where an Idempotency-Key comes again with another request. A header in a request without a
        licence key is ignored: nobody's requests would be mistaken for another's.
        """
        caller = await self._authenticator.caller(request, credentials(operation.request, parameters))
        request[_REASONS] = caller.reasons
        return await self.run_for(operation, parameters, caller)

    async def run_for(self, operation: Operation, parameters: Any, caller: Caller) -> Any:
        """The answer of an operation for a caller. RequestInvalid, as `run`."""
        names = sorted({customer.name for customer in caller.customers.values()})
        if not (self._answers and caller.idempotency_key and names and operation.result):
            return await _run(operation, parameters, caller)
        place = (",".join(names), caller.idempotency_key)
        # A request that is repeated while the first runs waits for its answer.
        lock = self._running.setdefault(place, asyncio.Lock())
        try:
            async with lock:
                return await self._run_once(self._answers, operation, parameters, caller, place)
        finally:
            if not lock.locked():
                self._running.pop(place, None)

    async def _run_once(
        self, answers: KeptAnswers, operation: Operation, parameters: Any, caller: Caller, place: tuple[str, str]
    ) -> Any:
        assert operation.result is not None
        asked = f"{operation.name} {write_json(operation.request, parameters)}"
        request = RepeatedRequest(*place, hashlib.sha256(asked.encode()).digest())
        kept = await _first_answer(answers, request)
        if kept is not None:
            return read_json("", operation.result, parse_json(kept.encode()))
        try:
            value = await operation.handler(parameters, caller)
        except BaseException as error:
            await _release(answers, request)
            if isinstance(error, Temporary):
                return error.answer
            raise
        await answers.keep(request, write_json(operation.result, value))
        return value


async def _first_answer(answers: KeptAnswers, request: RepeatedRequest) -> str | None:
    """The answer to the first request, which another controller may be running still; None when this is the first one,
    and claimed. RequestInvalid for a key of another request, and when the first one takes too long.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + ANSWER_SECONDS
    while True:
        claim = await answers.claim(request)
        if claim.claimed:
            return None
        if claim.digest not in (None, request.digest):
            raise RequestInvalid("This Idempotency-Key was used for another request; use a new one for each.")
        if claim.answer is not None:
            return claim.answer
        if loop.time() >= deadline:
            raise RequestInvalid("The request with this Idempotency-Key has no answer yet; repeat it later.")
        await asyncio.sleep(LOOK_SECONDS)


async def _release(answers: KeptAnswers, request: RepeatedRequest) -> None:
    try:
        await answers.release(request)
    except StoreError as error:
        log.warning("a repeated request waits until the claim of the first one ends", reason=str(error))


async def _run(operation: Operation, parameters: Any, caller: Caller) -> Any:
    try:
        return await operation.handler(parameters, caller)
    except Temporary as temporary:
        return temporary.answer
