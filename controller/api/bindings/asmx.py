"""An interface in the way of ASP.NET web services (ASMX): SOAP 1.1, SOAP 1.2, GET and form POST at one address."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import structlog
from aiohttp import web
from aiohttp.web_exceptions import HTTPException

from controller.api.auth import Authenticator
from controller.api.bindings.asmx_help import operation_page, service_page
from controller.api.bindings.asmx_wsdl import asmx_wsdl
from controller.api.bindings.declaration import Interface, Operation
from controller.api.bindings.dialect import XSD, Dialect
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
    reason_header,
)
from controller.api.bindings.faults import (
    ActionUnknown,
    EnvelopeUnknown,
    HeaderNotUnderstood,
    OperationUnknown,
    RequestInvalid,
)
from controller.api.bindings.form import parse_form, parse_query, read_form
from controller.api.bindings.markup import XSI, parse_xml
from controller.api.bindings.model import Array, Structure
from controller.api.bindings.soap import SOAP11, SOAP12, FaultKind, Version, action_of, operation_name, read_envelope
from controller.api.bindings.xml_reader import read_structure
from controller.api.bindings.xml_writer import XmlWriter, escape
from controller.api.bindings.xsd import Schemas
from controller.api.store.answers import KeptAnswers

_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'
INTERNAL_ERROR = "The server could not process the request because of an internal error."

log = structlog.get_logger(__name__)


class Asmx:
    """Serves one interface. Its SOAPActions are the namespace and the operation's name."""

    def __init__(self, interface: Interface, authenticator: Authenticator, answers: KeptAnswers | None = None) -> None:
        self._interface = interface
        self._runner = Runner(authenticator, answers)
        self._dialect = Dialect(interface.namespace, nil_members=False)
        self._schemas = Schemas(interface, self._dialect)
        self._schemas.schema(interface.namespace)  # TypeError now, not at the first request, for what has no form here

    def routes(self) -> list[web.RouteDef]:
        """The routes of this interface; its path is taken in any case."""
        return [web.route("*", f"/{{path:/*(?i:{re.escape(self._interface.path[1:])})(?:/+[^/]*)?}}", self._on_request)]

    async def _on_request(self, request: web.Request) -> web.Response:
        name = below(request, self._interface.path).strip("/")
        if request.method not in ("GET", "POST"):
            raise web.HTTPMethodNotAllowed(request.method, ["GET", "POST"])
        if name:
            return await self._on_form(request, name)
        return self._on_page(request) if request.method == "GET" else await self._on_soap(request)

    def _on_page(self, request: web.Request) -> web.Response:
        """The description, or the help page of the interface or of one operation."""
        query = {name.lower(): text for name, text in parse_query(request.url.raw_query_string)}
        base = self._runner.base_url(request)
        if query.keys() & {"wsdl", "singlewsdl", "disco"}:
            address = f"{base}{self._interface.path}"
            body = disco(address) if "disco" in query else asmx_wsdl(self._interface, self._schemas, base)
            return web.Response(text=body, content_type="text/xml", charset="utf-8")
        operation = self._interface.by_name.get(query.get("op", "").lower())
        if operation:
            page = operation_page(self._interface, self._dialect, operation, base)
        else:
            page = service_page(self._interface)
        return web.Response(text=page, content_type="text/html", charset="utf-8")

    async def _on_form(self, request: web.Request, name: str) -> web.Response:
        """An operation by GET or by form POST."""
        try:
            operation = self._operation(name)
            pairs = list(parse_query(request.url.raw_query_string))
            if request.method == "POST":
                pairs += parse_form(await read_body(request, self._interface.longest_body), charset(request))
            parameters = read_form(operation.request, pairs, strict=True)
            value = await self._runner.run(operation, parameters, request)
        except RequestInvalid as error:
            return web.Response(status=500, text=f"{error}\r\n", content_type="text/plain", charset="utf-8")
        except HTTPException:
            raise
        except Exception:
            log.exception("operation failed", operation=name)
            return web.Response(status=500, text=f"{INTERNAL_ERROR}\r\n", content_type="text/plain", charset="utf-8")
        if operation.result is None:
            return web.Response(status=200)
        document = await off_loop(partial(self._document, operation, value), large=is_large(value))
        headers = reason_header(request)
        return web.Response(text=document, content_type="text/xml", charset="utf-8", headers=headers)

    def _operation(self, name: str) -> Operation:
        operation = self._interface.by_name.get(name.lower())
        if operation is None:
            raise OperationUnknown(name)
        return operation

    def _document(self, operation: Operation, value: Any) -> str:
        """The answer to GET and form POST: the value as a document of its own."""
        assert operation.result is not None
        kind, namespace = operation.result, self._interface.namespace
        writer = XmlWriter(self._dialect, nil_prefix="xsi", indented=True, spaced=True)
        schemas = (
            f' xmlns:xsd="{XSD}" xmlns:xsi="{XSI}"' if isinstance(kind, Structure | Array) or value is None else ""
        )
        writer.root(self._dialect.name_of(kind), namespace, kind, value, f'{schemas} xmlns="{namespace}"')
        return f"{_DECLARATION}\r\n{writer.text()}"

    async def _on_soap(self, request: web.Request) -> web.Response:
        version = SOAP12 if media_type(request) == SOAP12.content_type else SOAP11
        try:
            body = await read_body(request, self._interface.longest_body)
            large = len(body) > LARGE_BODY
            envelope = read_envelope(await off_loop(partial(parse_xml, body, charset(request)), large=large))
            version = envelope.version
            headers = request.headers
            action = action_of(headers.get("SOAPAction"), headers.get("Content-Type", ""), envelope.addressing)
            operation = self._operation(operation_name(action, envelope.content, self._known))
            content = envelope.content
            parameters = operation.request.empty
            if content is not None:
                parameters = await off_loop(partial(read_structure, operation.request, content), large=large)
            value = await self._runner.run(operation, parameters, request)
        except EnvelopeUnknown as error:
            return _fault(version, "version", str(error))
        except HeaderNotUnderstood as error:
            return _fault(version, "must-understand", str(error))
        except ActionUnknown as error:
            return _fault(version, "sender", str(error))
        except RequestInvalid as error:
            return _fault(version, "sender", f"Server was unable to read request. ---> {error}")
        except HTTPException:
            raise
        except Exception:
            log.exception("operation failed", path=request.path)
            return _fault(version, "receiver", INTERNAL_ERROR)
        answer = await off_loop(partial(self._answer, operation, value), large=is_large(value))
        response = _response(version, _envelope(version, answer))
        response.headers.update(reason_header(request))
        return response

    def _known(self, action: str) -> str | None:
        name = action.removeprefix(self._interface.namespace)
        operation = self._interface.by_name.get(name.lower())
        return operation.name if operation and operation.name == name else None

    def _answer(self, operation: Operation, value: Any) -> str:
        namespace, name = self._interface.namespace, operation.name
        if operation.result is None or value is None:
            return f'<{name}Response xmlns="{namespace}" />'
        writer = XmlWriter(self._dialect, nil_prefix="xsi", spaced=True)
        writer.element(f"{name}Result", operation.result, value, {namespace: ""})
        return f'<{name}Response xmlns="{namespace}">{writer.text()}</{name}Response>'


def _envelope(version: Version, content: str) -> str:
    return (
        f'{_DECLARATION}<soap:Envelope xmlns:soap="{version.namespace}" xmlns:xsi="{XSI}" xmlns:xsd="{XSD}">'
        f"<soap:Body>{content}</soap:Body></soap:Envelope>"
    )


def _fault(version: Version, kind: FaultKind, reason: str) -> web.Response:
    """A fault: 500 in SOAP 1.1 (its section 6.2), 400 for the sender's in SOAP 1.2 (part 2, section 7.5.2.2)."""
    code = f"soap:{version.codes[kind]}"
    if version is SOAP11:
        content = f"<faultcode>{code}</faultcode><faultstring>{escape(reason)}</faultstring><detail />"
    else:
        content = (
            f"<soap:Code><soap:Value>{code}</soap:Value></soap:Code><soap:Reason>"
            f'<soap:Text xml:lang="en">{escape(reason)}</soap:Text></soap:Reason><soap:Detail />'
        )
    body = _envelope(version, f"<soap:Fault>{content}</soap:Fault>")
    return _response(version, body, 400 if version is SOAP12 and kind == "sender" else 500)


def _response(version: Version, body: str, status: int = 200) -> web.Response:
    return web.Response(status=status, text=body, content_type=version.content_type, charset="utf-8")
