"""Help pages in the way of WCF: a list of the operations, and for each the shapes of its request and its answer."""

from __future__ import annotations

import json
from html import escape

from controller.api.bindings.declaration import Operation
from controller.api.bindings.dialect import Dialect
from controller.api.bindings.disco import disco_link
from controller.api.bindings.json_format import write_json
from controller.api.bindings.model import Structure, WireType
from controller.api.bindings.pages import listing, page, paragraphs
from controller.api.bindings.samples import sample, typical
from controller.api.bindings.wcf_wsdl import WcfInterface
from controller.api.bindings.xml_writer import wcf_document


def start_page(interface: WcfInterface, base_url: str) -> str:
    """What a browser gets at the interface's own address."""
    address = f"{base_url}{interface.path}"
    links = (
        f'<p>REST: <a href="{interface.path}/help">help</a>, one page per operation.</p>'
        f'<p>SOAP: <a href="{interface.path}?wsdl">{escape(address)}?wsdl</a>, as one document '
        f'<a href="{interface.path}?singleWsdl">{escape(address)}?singleWsdl</a>.</p>'
    )
    return page(
        f"{interface.service} service", f"{paragraphs(interface.description)}{links}", disco_link(interface.path)
    )


def service_page(interface: WcfInterface, base_url: str) -> str:
    """The operations with their addresses."""
    rows = "".join(
        f"<tr><td>{each.name}</td>"
        f'<td><a href="{interface.path}/help/operations/{each.name}">{each.verb}</a></td>'
        f"<td>{paragraphs(each.documentation)}</td></tr>"
        for each in interface.operations
    )
    intro = (
        f"<p>The operations at {escape(base_url)}{interface.path} and below {interface.path}/{interface.rest_path}.</p>"
    )
    return page(
        f"Operations of {interface.service}",
        f"{intro}<table><tr><th>Operation</th><th>Method</th><th>Description</th></tr>{rows}</table>",
    )


def operation_page(interface: WcfInterface, dialect: Dialect, operation: Operation, base_url: str) -> str:
    """One operation: its address, its parameters, and its bodies in XML and JSON."""
    address = f"{base_url}{interface.path}/{operation.name}"
    if operation.verb == "GET":
        names = "&".join(f"{each.name}={{{each.name.upper()}}}" for each in operation.request.fields)
        address += f"?{names}" if names else ""
        request = "<p>The request has no body.</p>"
    else:
        request = _shapes("request", dialect, _body(operation), interface)
    if operation.result is None:
        answer = "<p>The answer has no body.</p>"
    else:
        answer = _shapes("answer", dialect, operation.result, interface)
    body = (
        f'{paragraphs(operation.documentation)}<p>All operations of <a href="{interface.path}/help">'
        f"{escape(interface.service)}</a>.</p><p><strong>URL:</strong> <code>{escape(address)}</code></p>"
        f"<p><strong>HTTP method:</strong> {operation.verb}</p>{_parameters(operation)}{request}{answer}"
    )
    return page(operation.name, body)


def error_page(interface: WcfInterface, reason: str, base_url: str) -> str:
    """What a request that cannot be served gets."""
    link = f'<a rel="help-page" href="{escape(base_url)}{interface.path}/help">service help page</a>'
    return page(
        "Request Error",
        f"<p>{escape(reason)}</p><p>See the {link} for how requests are constructed.</p>",
    )


def _body(operation: Operation) -> WireType:
    """What a POST has as its body: the only parameter itself, several as one object."""
    fields = operation.request.fields
    return fields[0].type if len(fields) == 1 else operation.request


def _parameters(operation: Operation) -> str:
    rows = "".join(
        f"<tr><td>{each.name}</td><td>{escape(each.documentation)}</td></tr>"
        for each in operation.request.fields
        if each.documentation
    )
    return f"<table>{rows}</table>" if rows else ""


def _shapes(what: str, dialect: Dialect, kind: WireType, interface: WcfInterface) -> str:
    value = sample(kind, typical)
    if isinstance(kind, Structure) and not kind.name:
        kind = Structure("Parameters", interface.namespace, kind.fields, kind.build)
    xml = wcf_document(dialect, kind, value, indented=True).replace("\r\n", "\n")
    data = json.dumps(json.loads(write_json(kind, value)), indent=2, ensure_ascii=False).replace("/", "\\/")
    return f"<h2>The {what} in XML</h2>{listing(xml)}<h2>The {what} in JSON</h2>{listing(data)}"
