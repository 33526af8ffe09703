"""An interface in the way of a PHP page: one address, the operation in the parameter `method`, JSON with a `status`.

Whatever is wrong, the answer is HTTP 200, and its `status` says what: programs read nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Protocol

import structlog
from aiohttp import web

from controller.api.auth import Caller
from controller.api.bindings.declaration import Interface, Operation
from controller.api.bindings.exchange import LARGE_BODY, off_loop, read_body
from controller.api.bindings.faults import BodyTooLarge, RequestInvalid
from controller.api.bindings.php_form import php_parameters
from controller.api.bindings.php_values import answer_document, read_parameters, refusal_document, write_json
from controller.api.bindings.refusal import Refused
from controller.errors import StoreError

log = structlog.get_logger(__name__)

# A page of PHP does not ask for the verb, and one client changes a number with PATCH.
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Of an answer: from so many items on it is written beside the event loop.
LARGE_LIST = 100


@dataclass(frozen=True, kw_only=True)
class PhpInterface(Interface):
    """path: of the page that answers in JSON. soap_path: of the SOAP server.

    absent: the vendor's operations that are not here, with the status that they are refused with and the reason.
    message_of: what people are told with a status. unguarded: operations that any address may call.
    """

    soap_path: str
    absent: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    message_of: Callable[[str], str]
    unguarded: frozenset[str] = frozenset()

    @cached_property
    def absent_by_name(self) -> Mapping[str, tuple[str, str]]:
        """What is absent, by the name in lower case."""
        return {name.lower(): refusal for name, refusal in self.absent.items()}

    def message(self, refusal: Refused) -> str:
        """What people are told with a refusal."""
        return refusal.explanation or self.message_of(refusal.status)


class LogIn(Protocol):
    """Resolves who asks."""

    def base_url(self, request: web.Request) -> str:
        """The address that the client asked for, without a path."""
        ...

    async def caller(self, request: web.Request, parameters: Mapping[str, str], *, any_address: bool) -> Caller:
        """The principal of a request. Refused."""
        ...


async def run_operation(
    interface: PhpInterface, log_in: LogIn, request: web.Request, method: str, parameters: Mapping[str, str]
) -> tuple[Operation, Any]:
    """Find the operation, who asks, and what; run it. Refused, with the status for what is wrong."""
    if not method.strip():
        raise Refused("missing_method")
    name = method.strip().lower()
    operation = interface.by_name.get(name)
    if operation is None and name not in interface.absent_by_name:
        raise Refused("invalid_method")
    any_address = operation is not None and operation.name in interface.unguarded
    caller = await log_in.caller(request, parameters, any_address=any_address)
    if operation is None:
        raise Refused(*interface.absent_by_name[name])
    asked = read_parameters(operation.request, parameters)
    return operation, await operation.handler(asked, caller)


def refusal_of(error: Exception, path: str) -> Refused:
    """An error as the refusal that a customer's program gets; what nobody expected goes to the log."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, BodyTooLarge):
        return Refused("exceeds_file_size", str(error))
    if isinstance(error, RequestInvalid):
        return Refused("missing_params", str(error))
    if isinstance(error, StoreError):
        log.warning("an operation could not reach the store", path=path, reason=str(error))
        return Refused("method_maintenance", "The service cannot reach its database now; try again in a minute.")
    log.error("operation failed", path=path, exc_info=error)
    return Refused("method_maintenance", "The service could not do this because of an internal error.")


class PhpRest:
    """Serves one interface over GET and POST; the other verbs are taken as POST."""

    def __init__(self, interface: PhpInterface, log_in: LogIn) -> None:
        self._interface = interface
        self._log_in = log_in

    def routes(self) -> list[web.RouteDef]:
        """The route of this interface; its path is taken in any case."""
        return [web.route("*", path_pattern(self._interface.path), self._on_request)]

    async def _on_request(self, request: web.Request) -> web.Response:
        if request.method not in VERBS:
            raise web.HTTPMethodNotAllowed(request.method, VERBS)
        try:
            parameters = await self._parameters(request)
            method = parameters.get("method", "")
            operation, value = await run_operation(self._interface, self._log_in, request, method, parameters)
            text = await off_loop(partial(_document, operation, value), large=is_large_answer(value))
        except Exception as error:
            refusal = refusal_of(error, request.path)
            text = write_json(refusal_document(refusal.status, self._interface.message(refusal)))
        return web.Response(
            text=text, content_type="application/json", charset="utf-8", headers={"Cache-Control": "no-store"}
        )

    async def _parameters(self, request: web.Request) -> dict[str, str]:
        body = b""
        if request.method != "GET":
            body = await read_body(request, self._interface.longest_body)
        read = partial(php_parameters, request.url.raw_query_string, request.headers.get("Content-Type", ""), body)
        return await off_loop(read, large=len(body) > LARGE_BODY)


def path_pattern(path: str) -> str:
    """A path as a route, in any case, with further slashes on either side: clients put it behind a base URL."""
    return f"/{{path:/*(?i:{re.escape(path[1:])})/?}}"


def _document(operation: Operation, value: Any) -> str:
    return write_json(answer_document(operation, value))


def is_large_answer(value: Any) -> bool:
    """Whether an answer takes long to write: one of its members is a long list."""
    members = (getattr(value, name, None) for name in getattr(value, "__slots__", ()))
    return any(isinstance(member, tuple) and len(member) > LARGE_LIST for member in members)
