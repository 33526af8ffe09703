"""An interface in the way of Windows Communication Foundation: REST in XML and JSON, SOAP at endpoints of its own."""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Literal

import structlog
from aiohttp import web
from aiohttp.web_exceptions import HTTPException

from controller.api.auth import Authenticator
from controller.api.bindings.declaration import Operation
from controller.api.bindings.dialect import Dialect
from controller.api.bindings.disco import disco
from controller.api.bindings.exchange import (
    LARGE_BODY,
    Runner,
    below,
    charset,
    is_large,
    media_type,
    off_loop,
    read_body,
)
from controller.api.bindings.faults import BodyTooLarge, RequestInvalid, ValueInvalid
from controller.api.bindings.form import parse_form, parse_query, read_form
from controller.api.bindings.json_format import parse_json, read_json, write_json
from controller.api.bindings.markup import Element, parse_xml
from controller.api.bindings.model import Array, Structure
from controller.api.bindings.wcf_help import error_page, operation_page, service_page, start_page
from controller.api.bindings.wcf_soap import WcfSoap
from controller.api.bindings.wcf_wsdl import WcfInterface, WcfWsdl
from controller.api.bindings.xml_reader import read_structure, read_value
from controller.api.bindings.xml_writer import wcf_document
from controller.api.bindings.xsd import Schemas
from controller.api.store.answers import KeptAnswers

Format = Literal["xml", "json"]

log = structlog.get_logger(__name__)


class Wcf:
    """Serves one interface."""

    def __init__(
        self, interface: WcfInterface, authenticator: Authenticator, answers: KeptAnswers | None = None
    ) -> None:
        self._interface = interface
        self._runner = Runner(authenticator, answers)
        self._dialect = Dialect(interface.namespace, nil_members=True)
        self._wsdl = WcfWsdl(interface, Schemas(interface, self._dialect))
        self._soap = WcfSoap(interface, self._dialect, self._runner)
        self._soap_paths = {each.path.lower() for each in interface.endpoints}

    def routes(self) -> list[web.RouteDef]:
        """The routes of this interface; its path is taken in any case."""
        return [web.route("*", f"/{{path:/*(?i:{re.escape(self._interface.path[1:])})(?:/.*)?}}", self._on_request)]

    async def _on_request(self, request: web.Request) -> web.Response:
        parts = [part for part in below(request, self._interface.path).split("/") if part]
        first = parts[0].lower() if parts else ""
        if not parts:
            return self._on_description(request)
        if len(parts) == 1 and first in self._soap_paths:
            if request.method != "POST":
                return self._refused(request, 405, "A SOAP endpoint takes POST.", allow="POST")
            return await self._soap.answer(request)
        if first == "help":
            return self._on_help(request, parts[1:])
        if first == self._interface.rest_path.lower() and len(parts) > 1:
            parts = parts[1:]
        operation = self._interface.by_name.get(parts[0].lower()) if len(parts) == 1 else None
        if operation is None:
            return self._refused(request, 404, "There is no operation at this address.")
        if request.method != operation.verb:
            return self._refused(request, 405, f"{operation.name} takes {operation.verb}.", allow=operation.verb)
        return await self._on_operation(request, operation)

    def _on_description(self, request: web.Request) -> web.Response:
        if request.method != "GET":
            return self._refused(request, 405, "This address takes GET.", allow="GET")
        query = {name.lower(): text for name, text in parse_query(request.url.raw_query_string)}
        base_url = self._runner.base_url(request)
        if "disco" in query:
            body = disco(f"{base_url}{self._interface.path}")
            return web.Response(text=body, content_type="text/xml", charset="utf-8")
        if query.keys() & {"wsdl", "xsd", "singlewsdl"}:
            part = self._wsdl.part(query, base_url)
            if part is None:
                return self._refused(request, 404, "The description has no such part.")
            return web.Response(text=part, content_type="text/xml", charset="utf-8")
        return _page(start_page(self._interface, base_url))

    def _on_help(self, request: web.Request, parts: list[str]) -> web.Response:
        if request.method != "GET":
            return self._refused(request, 405, "Help pages take GET.", allow="GET")
        base_url = self._runner.base_url(request)
        if not parts:
            return _page(service_page(self._interface, base_url))
        if len(parts) == 2 and parts[0].lower() == "operations":
            operation = self._interface.by_name.get(parts[1].lower())
            if operation:
                return _page(operation_page(self._interface, self._dialect, operation, base_url))
        return self._refused(request, 404, "There is no help page at this address.")

    async def _on_operation(self, request: web.Request, operation: Operation) -> web.Response:
        """An operation by REST."""
        answer: Format = _accepted(request) or "xml"
        try:
            parameters, given = await self._parameters(request, operation)
            answer = _accepted(request) or given or "xml"
            value = await self._runner.run(operation, parameters, request)
        except BodyTooLarge as error:
            return self._refused(request, 413, str(error))
        except RequestInvalid as error:
            return self._refused(request, 400, str(error))
        except HTTPException:
            raise
        except Exception:
            log.exception("operation failed", operation=operation.name)
            return self._refused(request, 500, "The server has an internal error.")
        return await off_loop(partial(self._answer, operation, value, answer), large=is_large(value))

    def _answer(self, operation: Operation, value: Any, answer: Format) -> web.Response:
        if operation.result is None:
            return web.Response(status=200)
        if answer == "json":
            body, content_type = write_json(operation.result, value), "application/json"
        else:
            body, content_type = wcf_document(self._dialect, operation.result, value), "application/xml"
        return web.Response(text=body, content_type=content_type, charset="utf-8")

    async def _parameters(self, request: web.Request, operation: Operation) -> tuple[Any, Format | None]:
        """The request's parameters, and the format of its body. RequestInvalid."""
        pairs = list(parse_query(request.url.raw_query_string))
        kind = media_type(request)
        given: Format | None = "json" if kind.endswith("json") else None
        if request.method == "GET":
            return read_form(operation.request, pairs, strict=False), given
        body = await read_body(request, self._interface.longest_body)
        large, encoding, expected = len(body) > LARGE_BODY, charset(request), operation.request
        if body.lstrip()[:1] == b"<" or kind.endswith("xml"):
            return await off_loop(lambda: _from_xml(expected, parse_xml(body, encoding)), large=large), "xml"
        if kind == "application/x-www-form-urlencoded" and body.lstrip()[:1] not in (b"{", b"["):
            return read_form(operation.request, pairs + list(parse_form(body, encoding)), strict=False), None
        if body.strip():
            return await off_loop(lambda: _from_json(expected, parse_json(body, encoding)), large=large), "json"
        return read_form(operation.request, pairs, strict=False), given

    def _refused(self, request: web.Request, status: int, reason: str, allow: str = "") -> web.Response:
        """A page for people, or a JSON text for a client that wants JSON."""
        headers = {"Allow": allow} if allow else {}
        if _accepted(request) == "json" or (not _accepted(request) and media_type(request).endswith("json")):
            return web.json_response(reason, status=status, headers=headers)
        page = error_page(self._interface, reason, self._runner.base_url(request))
        return web.Response(status=status, text=page, content_type="text/html", charset="utf-8", headers=headers)


def _from_xml(parameters: Structure, root: Element) -> Any:
    """The parameters of a POST: the document is the only parameter itself, or it wraps parameters by name."""
    if len(parameters.fields) == 1:
        field = parameters.fields[0]
        inside = root.child(field.name)
        if isinstance(field.type, Structure):
            wrapped = inside is not None and len(root.children) == 1
        else:
            wrapped = inside is not None or bool(root.children and not isinstance(field.type, Array))
        if not wrapped:
            return parameters.make({field.attribute: read_value(field.name, field.type, root, field)})
    return read_structure(parameters, root)


def _from_json(parameters: Structure, value: Any) -> Any:
    if len(parameters.fields) == 1:
        field = parameters.fields[0]
        wrapped = isinstance(value, dict) and set(value) == {field.name}
        if not wrapped and (isinstance(field.type, Structure) or not isinstance(value, dict)):
            return parameters.make({field.attribute: read_json(field.name, field.type, value, field.default)})
    if not isinstance(value, dict):
        raise ValueInvalid("", "this JSON", "an object with the parameters")
    return read_json("", parameters, value)


def _accepted(request: web.Request) -> Format | None:
    """The format that the client wants, by its order and weights; None when it takes anything, or nothing we have."""
    wanted: list[tuple[float, int, Format]] = []
    for place, entry in enumerate(request.headers.get("Accept", "").split(",")[:50]):
        kind, _, rest = entry.partition(";")
        form = _FORMATS.get(kind.strip().lower())
        match = re.search(r"(?:^|;)\s*q=([01](?:\.\d{0,3})?)\s*(?:;|$)", rest, re.ASCII)
        weight = float(match.group(1)) if match else 1.0
        if form and weight > 0:
            wanted.append((-weight, place, form))
    return min(wanted)[2] if wanted else None


_FORMATS: dict[str, Format] = {
    "application/json": "json",
    "text/json": "json",
    "application/xml": "xml",
    "text/xml": "xml",
}


def _page(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/html", charset="utf-8")
