"""The doors of the Dialer: JSON is posted to a path for each operation, whatever the Content-Type says."""

from __future__ import annotations

from functools import partial
from typing import Any

import structlog
from aiohttp import web

from controller.api.auth import Authenticator
from controller.api.bindings.declaration import Operation, operations_of
from controller.api.bindings.exchange import LARGE_BODY, Runner, off_loop, read_body
from controller.api.bindings.faults import BodyTooLarge, RequestInvalid, ValueInvalid
from controller.api.bindings.json_format import parse_json, read_json, write_json
from controller.api.bindings.model import structure_of
from controller.api.dialer.errors import (
    INTERNAL_ERROR,
    INVALID_FIELD,
    INVALID_JSON,
    TOO_LARGE,
    TOO_MANY_ATTEMPTS,
    UNAVAILABLE,
    WRONG_METHOD,
    DialerRefused,
    Fault,
)
from controller.api.dialer.models import Error, ErrorInMeta, ErrorMeta, Refusal, SendRequest
from controller.api.dialer.operations import DialerOperations, login_of
from controller.api.store.answers import KeptAnswers
from controller.errors import StoreError

LONGEST_BODY = 64 * 1024
_REFUSAL = structure_of(Refusal)

log = structlog.get_logger()


class DialerHandler:
    """Serves the operations. authenticator: knows customers by their logins (`login_of`).

    answers: where the first answer to a request with an Idempotency-Key is kept; a repeated one sends nothing.
    """

    def __init__(
        self, operations: DialerOperations, authenticator: Authenticator, answers: KeptAnswers | None = None
    ) -> None:
        self._operations = operations_of(operations)
        self._authenticator = authenticator
        self._runner = Runner(authenticator, answers)

    def routes(self) -> list[web.RouteDef]:
        """The routes, with further slashes before them: programs put a path behind a base URL.

        A wrong method is answered in the interface's own way, too.
        """
        return [
            web.route("*", f"/{{slashes:/*}}{each.name.lstrip('/')}", partial(self._on_request, each))
            for each in self._operations
        ]

    async def _on_request(self, operation: Operation, request: web.Request) -> web.Response:
        headers = {}
        try:
            value = await self._run(operation, request)
            return _document(write_json(operation.result, value)) if operation.result else _document("{}")
        except DialerRefused as error:
            fault, detail = error.fault, error.detail
            headers = {"Allow": "POST"} if fault is WRONG_METHOD else {}
        except web.HTTPTooManyRequests as error:
            fault, detail = TOO_MANY_ATTEMPTS, "Too many wrong logins came from this address; try again later."
            headers = {"Retry-After": error.headers.get("Retry-After", "60")}
        except StoreError as error:
            log.warning("a request of the Dialer was not answered", operation=operation.name, reason=str(error))
            fault, detail = UNAVAILABLE, "Nothing was sent; try again later."
        except Exception:
            log.exception("a request of the Dialer failed", operation=operation.name)
            fault, detail = INTERNAL_ERROR, "The server has failed; what happened is in its log."
        return _document(refusal(fault, detail), fault.status, headers)

    async def _run(self, operation: Operation, request: web.Request) -> Any:
        """The answer of an operation. DialerRefused, HTTPTooManyRequests, StoreError."""
        if request.method != "POST":
            raise DialerRefused(WRONG_METHOD, "This address takes POST.")
        try:
            body = await read_body(request, LONGEST_BODY)
            # JSON is Unicode (RFC 8259), whatever a header says of it; some programs send no header at all.
            value = await off_loop(partial(parse_json, body), large=len(body) > LARGE_BODY)
        except BodyTooLarge as error:
            raise DialerRefused(TOO_LARGE, str(error)) from None
        except RequestInvalid as error:
            raise DialerRefused(INVALID_JSON, str(error)) from None
        try:
            if not isinstance(value, dict):
                raise ValueInvalid("", "this JSON", "an object")
            parameters = read_json("", operation.request, value)
        except RequestInvalid as error:
            raise DialerRefused(INVALID_FIELD, str(error)) from None
        logins = [login_of(parameters)] if isinstance(parameters, SendRequest) else []
        caller = await self._authenticator.caller(request, logins)
        try:
            return await self._runner.run_for(operation, parameters, caller)
        except RequestInvalid as error:
            raise DialerRefused(INVALID_FIELD, str(error)) from None


def refusal(fault: Fault, detail: str) -> str:
    """The JSON of a refusal, with the error where either kind of program looks for it."""
    error = Error(code=fault.code, message=fault.message, detail=detail)
    meta = ErrorMeta(error=ErrorInMeta(code=fault.code, message=fault.message))
    return write_json(_REFUSAL, Refusal(error=error, meta=meta))


def _document(text: str, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        text=text, status=status, content_type="application/json", charset="utf-8", headers=headers or {}
    )
