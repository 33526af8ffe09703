"""The doors of the JSON interface: who asks and what; the answers; the OpenAPI document; a page to try it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import ValidationError

from controller.api.auth import Authenticator, Guesses
from controller.api.bindings.exchange import read_body
from controller.api.bindings.faults import BodyTooLarge
from controller.api.json_api.audit import AuditsChanges, change_of
from controller.api.json_api.declaration import BASE, ApiOperation
from controller.api.json_api.errors import ApiRefused, problem
from controller.api.json_api.openapi import openapi_document
from controller.api.json_api.scopes import KEY_SCOPES, OPERATORS_SCOPES, Bearer, OperatorBearer, Scope, TokenBearer
from controller.api.page_headers import PAGE_HEADERS
from controller.api.store.api_tokens import ApiToken, ApiTokens
from controller.directory.current import CurrentDirectory
from controller.errors import JournalFull, StoreError

_HERE = Path(__file__).parent
_PAGES = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined)

log = structlog.get_logger()


class JsonApi:
    """Serves the operations. authenticator: knows where a request came from. audit: where changes are written down."""

    def __init__(
        self,
        operations: Sequence[ApiOperation],
        tokens: ApiTokens,
        directory: CurrentDirectory,
        authenticator: Authenticator,
        guesses: Guesses,
        audit: AuditsChanges,
    ) -> None:
        self._audit = audit
        self.operations = tuple(operations)
        self._tokens = tokens
        self._directory = directory
        self._authenticator = authenticator
        self._guesses = guesses
        self._script = (_HERE / "static" / "try.js").read_bytes()

    def routes(self) -> list[web.RouteDef]:
        """Every route. What nobody declared is answered in the interface's own way, too."""
        return [
            *(web.route(each.method, BASE + each.path, partial(self._on_request, each)) for each in self.operations),
            web.get(f"{BASE}/openapi.json", self._on_openapi),
            web.get(f"{BASE}/", self._on_page),
            web.get(f"{BASE}/try.js", self._on_script),
            web.route("*", BASE + "/{rest:.*}", self._on_nothing),
        ]

    async def _on_request(self, operation: ApiOperation, request: web.Request) -> web.Response:
        return await self._told(operation.name, request, partial(self._run, operation))

    async def _told(
        self, name: str, request: web.Request, run: Callable[[web.Request], Awaitable[web.Response]]
    ) -> web.Response:
        """The answer, or what is said of a failure. Nothing raises past here."""
        try:
            return await run(request)
        except ApiRefused as error:
            headers = {"WWW-Authenticate": 'Bearer realm="ringpost"'} if error.status == 401 else {}
            return problem(error, headers)
        except web.HTTPTooManyRequests as error:
            refused = ApiRefused(429, "too-many-guesses", "Too many wrong tokens came from this address.")
            return problem(refused, {"Retry-After": error.headers.get("Retry-After", "60")})
        except (StoreError, JournalFull) as error:
            log.warning("a request of the JSON interface was not answered", operation=name, reason=str(error))
            return problem(ApiRefused(503, "unavailable", "The database cannot be reached now; nothing was done."))
        except Exception:
            log.exception("a request of the JSON interface failed", operation=name)
            return problem(ApiRefused(500, "failed", "The server has failed; what happened is in its log."))

    async def _run(self, operation: ApiOperation, request: web.Request) -> web.Response:
        bearer = await self._bearer(request)
        if operation.scope not in bearer.scopes:
            raise ApiRefused(403, "scope-missing", f"This token has not the scope {operation.scope}.")
        try:
            asked = operation.request.model_validate(await _given(operation, request))
        except ValidationError as error:
            raise ApiRefused(422, "invalid", _first_mistake(error)) from None
        if operation.audited:
            await self._audit.add_of_program(change_of(operation, asked, bearer))
        answer = await operation.handler(asked, bearer)
        return web.Response(
            text=answer.model_dump_json(),
            status=operation.status,
            content_type="application/json",
            charset="utf-8",
            headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
        )

    async def _bearer(self, request: web.Request) -> Bearer:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        token = token.strip()
        if kind.lower() != "bearer" or not token:
            raise ApiRefused(401, "token-missing", "A token is needed: Authorization: Bearer rp_…")
        known = await self._tokens.find(token) if len(token) <= 200 else None
        origin = self._authenticator.origin(request)
        if known is not None:
            if known.license_key is None:
                return OperatorBearer(_scopes(OPERATORS_SCOPES, known), known.name, origin)
            if key := self._directory.snapshot.license_key(known.license_key):
                return TokenBearer(key, _scopes(KEY_SCOPES, known), known.name, origin)
        await self._guesses.charge(origin.address)
        raise ApiRefused(401, "token-unknown", "This token is unknown, or was taken back.")

    async def _on_openapi(self, request: web.Request) -> web.Response:
        """The document; it says nothing of anybody, so everybody may read it."""
        document = openapi_document(self.operations, self._authenticator.origin(request).base_url)
        headers = {"Access-Control-Allow-Origin": "*"}
        return web.Response(text=json.dumps(document), content_type="application/json", headers=headers)

    async def _on_page(self, request: web.Request) -> web.Response:
        values = {
            "base": BASE,
            "base_url": self._authenticator.origin(request).base_url,
            "operations": [(each, _sample(each)) for each in self.operations],
        }
        text = _PAGES.get_template("try.html.j2").render(values)
        return web.Response(text=text, content_type="text/html", charset="utf-8", headers=PAGE_HEADERS)

    async def _on_script(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._script, content_type="text/javascript", charset="utf-8", headers=PAGE_HEADERS)

    async def _on_nothing(self, request: web.Request) -> web.Response:
        path = request.path.removeprefix(BASE)
        methods = sorted({each.method for each in self.operations if _fits(each, path)})
        if methods and request.method not in methods:
            refused = ApiRefused(405, "method-wrong", f"This address takes {' and '.join(methods)}.")
            return problem(refused, {"Allow": ", ".join(methods)})
        return problem(ApiRefused(404, "not-found", f"There is no such address; {BASE}/openapi.json lists them."))


def _scopes(possible: Sequence[Scope], token: ApiToken) -> frozenset[Scope]:
    """What a token may do: nothing of the operator's with one of a key, and the other way round."""
    return frozenset(scope for scope in possible if scope in token.scopes)


def _fits(operation: ApiOperation, path: str) -> bool:
    parts, wanted = path.split("/"), operation.path.split("/")
    return len(parts) == len(wanted) and all(
        want.startswith("{") or want == part for want, part in zip(wanted, parts, strict=True)
    )


async def _given(operation: ApiOperation, request: web.Request) -> dict[str, Any]:
    """The fields of a request as they came: of its path, and of its query or its body. ApiRefused."""
    given: dict[str, Any] = {}
    if operation.method == "GET":
        for name, value in request.query.items():
            if name in given:
                raise ApiRefused(422, "invalid", f"{name[:100]}: it stands there twice")
            given[name] = value
    else:
        given = await _body(operation, request)
    in_path = {name: request.match_info[name] for name in operation.in_path}
    if twice := sorted(given.keys() & in_path.keys()):
        raise ApiRefused(422, "invalid", f"{twice[0]}: it stands in the path")
    return given | in_path


async def _body(operation: ApiOperation, request: web.Request) -> dict[str, Any]:
    try:
        body = await read_body(request, operation.longest_body)
    except BodyTooLarge as error:
        raise ApiRefused(413, "too-large", str(error)) from None
    if not body and not any(operation.request.model_fields[name].is_required() for name in operation.elsewhere):
        return {}
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise ApiRefused(400, "no-json", "The body is no JSON.") from None
    if not isinstance(value, dict):
        raise ApiRefused(400, "no-json", "The body is no JSON object.")
    return value


def _first_mistake(error: ValidationError) -> str:
    """The first mistake, for people; the value itself is not told."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part)[:100] for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]


def _sample(operation: ApiOperation) -> str:
    """A body to begin with: every field that must be there, empty."""
    if operation.method == "GET" or not operation.elsewhere:
        return ""
    fields = operation.request.model_fields
    return json.dumps({name: "" for name in operation.elsewhere if fields[name].is_required()}, indent=2)
