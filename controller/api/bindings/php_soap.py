"""The same interface as a SOAP server in the way of PHP: RPC, SOAP 1.1 encoding, answers as Apache maps.

A request's parameters are elements of one structure, or the items of a map, which PHP clients without the WSDL send;
one that stands apart in the body (`href`, of .NET) is found there. An answer is what rest.php says, key by key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import structlog
from aiohttp import web

from controller.api.bindings.exchange import LARGE_BODY, charset, off_loop, read_body
from controller.api.bindings.faults import EnvelopeUnknown, RequestInvalid
from controller.api.bindings.markup import XSI, Element, parse_xml
from controller.api.bindings.php_rest import (
    LogIn,
    PhpInterface,
    is_large_answer,
    path_pattern,
    refusal_of,
    run_operation,
)
from controller.api.bindings.php_values import answer_document, refusal_document
from controller.api.bindings.php_wsdl import APACHE, ENCODING, URN, php_wsdl
from controller.api.bindings.soap import VERSIONS
from controller.api.bindings.xml_writer import escape

log = structlog.get_logger(__name__)

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_XSD = "http://www.w3.org/2001/XMLSchema"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_ENVELOPE = (
    f'{_DECLARATION}<SOAP-ENV:Envelope xmlns:SOAP-ENV="{_SOAP}" xmlns:ns1="{URN}" xmlns:xsd="{_XSD}" xmlns:xsi="{XSI}" '
    f'xmlns:ns2="{APACHE}" xmlns:SOAP-ENC="{ENCODING}" SOAP-ENV:encodingStyle="{ENCODING}"><SOAP-ENV:Body>'
)
_END = "</SOAP-ENV:Body></SOAP-ENV:Envelope>\n"


class PhpSoap:
    """Serves one interface. origin: gives the address that a client asked for, for the WSDL."""

    def __init__(self, interface: PhpInterface, log_in: LogIn) -> None:
        self._interface = interface
        self._log_in = log_in

    def routes(self) -> list[web.RouteDef]:
        """The routes of the server and of its description; paths are taken in any case."""
        path = self._interface.soap_path
        return [
            web.route("*", path_pattern(path), self._on_request),
            web.get(path_pattern(path.rpartition(".")[0] + ".wsdl"), self._on_wsdl),
        ]

    async def _on_wsdl(self, request: web.Request) -> web.Response:
        body = php_wsdl(self._interface, f"{self._log_in.base_url(request)}{self._interface.soap_path}")
        return web.Response(text=body, content_type="text/xml", charset="utf-8")

    async def _on_request(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            return await self._on_wsdl(request)
        if request.method != "POST":
            raise web.HTTPMethodNotAllowed(request.method, ["GET", "POST"])
        try:
            body = await read_body(request, self._interface.longest_body)
            read = partial(_read, body, charset(request))
            name, parameters = await off_loop(read, large=len(body) > LARGE_BODY)
        except RequestInvalid as error:
            return _response(_fault(str(error)), 500)
        try:
            operation, value = await run_operation(self._interface, self._log_in, request, name, parameters)
            # The name as it was asked for: Ruby's Savon asks for getDidsUsa, and looks for getDidsUsaResponse.
            write = partial(_answer, _safe_name(name), answer_document(operation, value))
            return _response(await off_loop(write, large=is_large_answer(value)))
        except Exception as error:
            refusal = refusal_of(error, request.path)
            document = refusal_document(refusal.status, self._interface.message(refusal))
            return _response(_answer(_safe_name(name), document))


def _read(body: bytes, charset: str | None) -> tuple[str, dict[str, str]]:
    """The operation's name and its parameters. RequestInvalid."""
    root = parse_xml(body, charset)
    version = VERSIONS.get(root.namespace)
    if root.name != "Envelope" or version is None:
        raise EnvelopeUnknown
    inside = next((each for each in root.children if (each.namespace, each.name) == (version.namespace, "Body")), None)
    if inside is None or not inside.children:
        raise RequestInvalid("The SOAP envelope has no Body, or nothing in it.")
    content = inside.children[0]
    apart = {each.attributes["id"]: each for each in inside.children if "id" in each.attributes}
    found: dict[str, str] = {}
    for holder in content.children or [content]:
        holder = apart.get(holder.attributes.get("href", "").lstrip("#"), holder)
        found |= dict(_members(holder, apart))
    return content.name, found


def _members(holder: Element, apart: Mapping[str, Element]) -> Sequence[tuple[str, str]]:
    """The names and texts in a structure or a map."""
    pairs = []
    for child in holder.children:
        inside = {each.name: each for each in child.children}
        if child.name == "item" and "key" in inside:
            value = inside.get("value")
            pairs.append((inside["key"].text.strip(), value.text if value and not value.nil else ""))
        elif not child.nil:
            child = apart.get(child.attributes.get("href", "").lstrip("#"), child)
            pairs.append((child.name, child.text))
    if not holder.children and holder.text.strip():
        pairs.append((holder.name, holder.text))
    return pairs


def _answer(name: str, document: Mapping[str, Any]) -> str:
    return f"{_ENVELOPE}<ns1:{name}Response>{_element('return', document)}</ns1:{name}Response>{_END}"


def _element(name: str, value: Any) -> str:
    """A value as PHP's SoapServer encodes it."""
    match value:
        case None:
            return f'<{name} xsi:nil="true"/>'
        case bool():
            return f'<{name} xsi:type="xsd:boolean">{"true" if value else "false"}</{name}>'
        case int():
            return f'<{name} xsi:type="xsd:int">{value}</{name}>'
        case float():
            return f'<{name} xsi:type="xsd:float">{value}</{name}>'
        case Mapping():
            items = "".join(
                f'<item><key xsi:type="xsd:string">{escape(key)}</key>{_element("value", member)}</item>'
                for key, member in value.items()
            )
            return f'<{name} xsi:type="ns2:Map">{items}</{name}>'
        case list():
            items = "".join(_element("item", member) for member in value)
            kind = "ns2:Map" if value and isinstance(value[0], Mapping) else "xsd:string"
            return f'<{name} SOAP-ENC:arrayType="{kind}[{len(value)}]" xsi:type="SOAP-ENC:Array">{items}</{name}>'
        case _:
            return f'<{name} xsi:type="xsd:string">{escape(str(value))}</{name}>'


def _safe_name(name: str) -> str:
    """The name of an operation that was asked for and is none, if it can stand in the name of an element."""
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}", name) else "error"


def _fault(reason: str) -> str:
    fault = f"<faultcode>SOAP-ENV:Client</faultcode><faultstring>{escape(reason)}</faultstring>"
    return f"{_ENVELOPE}<SOAP-ENV:Fault>{fault}</SOAP-ENV:Fault>{_END}"


def _response(body: str, status: int = 200) -> web.Response:
    return web.Response(
        status=status, text=body, content_type="text/xml", charset="utf-8", headers={"Cache-Control": "no-store"}
    )
