"""Help pages in the way of ASP.NET: a list of the operations, and for each a form that calls it and its messages."""

from __future__ import annotations

from html import escape

from controller.api.bindings.asmx_wsdl import is_simple
from controller.api.bindings.declaration import Interface, Operation
from controller.api.bindings.dialect import Dialect
from controller.api.bindings.disco import disco_link
from controller.api.bindings.model import Array, Field, Structure
from controller.api.bindings.pages import listing, page, paragraphs
from controller.api.bindings.samples import sample, type_names
from controller.api.bindings.soap import SOAP11, SOAP12, Version
from controller.api.bindings.types import Scalar
from controller.api.bindings.xml_writer import XmlWriter


def service_page(interface: Interface) -> str:
    """The operations in alphabetical order."""
    rows = "".join(
        f'<tr><td><a href="{interface.path}?op={each.name}">{each.name}</a></td>'
        f"<td>{paragraphs(each.documentation)}</td></tr>"
        for each in sorted(interface.operations, key=lambda each: each.name.lower())
    )
    wsdl = f'<p>The formal definition is the <a href="{interface.path}?WSDL">service description</a> (WSDL).</p>'
    body = f"{paragraphs(interface.description)}{wsdl}<table>{rows}</table>"
    return page(interface.service, body, disco_link(interface.path))


def operation_page(interface: Interface, dialect: Dialect, operation: Operation, base_url: str) -> str:
    """The form of an operation, and what its requests and answers look like in every binding."""
    back = f'<p>All operations of <a href="{interface.path}">{escape(interface.service)}</a>.</p>'
    extension = "" if is_simple(operation) else "<p>GET and form POST are an extension here: ASP.NET has SOAP only.</p>"
    body = (
        f"{paragraphs(operation.documentation)}{back}<h2>Test</h2>{_form(interface, operation)}"
        f"{_soap(interface, dialect, operation, base_url, SOAP11)}"
        f"{_soap(interface, dialect, operation, base_url, SOAP12)}"
        f"{extension}{_http(interface, dialect, operation, base_url)}"
    )
    return page(operation.name, body)


def form_fields(parameters: Structure) -> list[Field]:
    """The fields of a form; those of a structure where that is the parameter."""
    found: list[Field] = []
    for field in parameters.fields:
        inner = field.type.item if isinstance(field.type, Array) else field.type
        if isinstance(inner, Structure):
            found += [each for each in inner.fields if not isinstance(each.type, Structure | Array)]
        else:
            found.append(field)
    return found


def _form(interface: Interface, operation: Operation) -> str:
    rows = "".join(
        f'<tr><td><label for="{each.name}">{each.name}</label></td>'
        f'<td><input type="text" id="{each.name}" name="{each.name}"></td><td>{escape(each.documentation)}</td></tr>'
        for each in form_fields(operation.request)
    )
    return (
        f'<form action="{interface.path}/{operation.name}" method="POST"><table>{rows}</table>'
        '<p><button type="submit">Invoke</button></p></form>'
    )


def _soap(interface: Interface, dialect: Dialect, operation: Operation, base_url: str, version: Version) -> str:
    host = base_url.partition("://")[2]
    action = f'"{interface.namespace}{operation.name}"'
    if version is SOAP11:
        headers = f"Content-Type: text/xml; charset=utf-8\nSOAPAction: {action}"
    else:
        headers = f"Content-Type: application/soap+xml; charset=utf-8; action={action}"
    request = XmlWriter(dialect, nil_prefix="xsi", indented=True, spaced=True)
    declared = f' xmlns="{interface.namespace}"'
    request.root(
        operation.name, interface.namespace, operation.request, sample(operation.request, type_names), declared
    )
    name = f"{operation.name}Response"
    if operation.result is None:
        answer = f"<{name}{declared} />"
    else:
        writer = XmlWriter(dialect, nil_prefix="xsi", indented=True, spaced=True)
        writer.element(
            f"{operation.name}Result",
            operation.result,
            sample(operation.result, type_names),
            {interface.namespace: ""},
        )
        answer = f"<{name}{declared}>\n{_indent(writer.text(), 2)}\n</{name}>"
    answered = f"HTTP/1.1 200 OK\nContent-Type: {version.content_type}; charset=utf-8"
    return (
        f"<h2>SOAP {version.name}</h2>"
        + listing(f"POST {interface.path} HTTP/1.1\nHost: {host}\n{headers}\n\n{_envelope(version, request.text())}")
        + listing(f"{answered}\n\n{_envelope(version, answer)}")
    )


def _envelope(version: Version, content: str) -> str:
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<soap:Envelope xmlns:soap="{version.namespace}">\n  <soap:Body>\n'
        f"{_indent(content, 4)}\n  </soap:Body>\n</soap:Envelope>"
    )


def _indent(text: str, blanks: int) -> str:
    return "\n".join(" " * blanks + line for line in text.replace("\r\n", "\n").split("\n"))


def _http(interface: Interface, dialect: Dialect, operation: Operation, base_url: str) -> str:
    host = base_url.partition("://")[2]
    names = "&".join(f"{each.name}={_placeholder(each)}" for each in form_fields(operation.request))
    path = f"{interface.path}/{operation.name}"
    answer = "HTTP/1.1 200 OK\n"
    if operation.result is not None:
        writer = XmlWriter(dialect, nil_prefix="xsi", indented=True, spaced=True)
        writer.root(
            dialect.name_of(operation.result),
            interface.namespace,
            operation.result,
            sample(operation.result, type_names),
            f' xmlns="{interface.namespace}"',
        )
        document = writer.text().replace("\r\n", "\n")
        answer += f'Content-Type: text/xml; charset=utf-8\n\n<?xml version="1.0" encoding="utf-8"?>\n{document}'
    post = f"POST {path} HTTP/1.1\nHost: {host}\nContent-Type: application/x-www-form-urlencoded\n\n{names}"
    get = f"GET {path}{'?' if names else ''}{names} HTTP/1.1\nHost: {host}"
    return f"<h2>GET</h2>{listing(get)}{listing(answer)}<h2>POST</h2>{listing(post)}{listing(answer)}"


def _placeholder(field: Field) -> str:
    return field.type.xsd if isinstance(field.type, Scalar) else "string"
