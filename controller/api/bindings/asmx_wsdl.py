"""The WSDL of an ASP.NET interface: one document, with bindings for SOAP 1.1, SOAP 1.2, GET and form POST."""

from __future__ import annotations

from typing import Literal

from controller.api.bindings.declaration import Interface, Operation
from controller.api.bindings.dialect import XSD
from controller.api.bindings.model import Array, Structure
from controller.api.bindings.types import BASE64
from controller.api.bindings.wsdl import (
    DECLARATION,
    WSDL,
    WSDL_HTTP,
    WSDL_MIME,
    WSDL_SOAP,
    WSDL_SOAP12,
    documentation,
    message,
    port,
    soap_binding,
    soap_operation,
)
from controller.api.bindings.xsd import Schemas

Method = Literal["Get", "Post"]


def asmx_wsdl(interface: Interface, schemas: Schemas, base_url: str) -> str:
    """The description, with the address that the client asked for."""
    name, namespace = interface.service, interface.namespace
    address = f"{base_url}{interface.path}"
    flat = [each for each in interface.operations if is_simple(each)]
    methods: tuple[Method, ...] = ("Get", "Post")
    messages = "".join(
        message(f"{each.name}SoapIn", f"tns:{each.name}") + message(f"{each.name}SoapOut", f"tns:{each.name}Response")
        for each in interface.operations
    ) + "".join(_http_messages(each, method, schemas) for method in methods for each in flat)
    actions = {
        prefix: "".join(soap_operation(prefix, each, f"{namespace}{each.name}") for each in interface.operations)
        for prefix in ("soap", "soap12")
    }
    bindings = soap_binding(f"{name}Soap", f"tns:{name}Soap", "soap", actions["soap"])
    bindings += soap_binding(f"{name}Soap12", f"tns:{name}Soap", "soap12", actions["soap12"])
    bindings += "".join(_http_binding(name, flat, method) for method in methods)
    ports = port(f"{name}Soap", f"tns:{name}Soap", "soap", address)
    ports += port(f"{name}Soap12", f"tns:{name}Soap12", "soap12", address)
    ports += "".join(port(f"{name}Http{method}", f"tns:{name}Http{method}", "http", address) for method in methods)
    return (
        f'{DECLARATION}<wsdl:definitions xmlns:wsdl="{WSDL}" xmlns:soap="{WSDL_SOAP}" xmlns:soap12="{WSDL_SOAP12}" '
        f'xmlns:http="{WSDL_HTTP}" xmlns:mime="{WSDL_MIME}" xmlns:s="{XSD}" xmlns:tns="{namespace}" '
        f'xmlns:n0="{namespace}" targetNamespace="{namespace}">{documentation(interface.description)}'
        f"<wsdl:types>{schemas.schema(namespace)}</wsdl:types>{messages}{_port_type(interface)}"
        f"{''.join(_http_port_type(name, flat, method) for method in methods)}{bindings}"
        f'<wsdl:service name="{name}">{documentation(interface.description)}{ports}</wsdl:service></wsdl:definitions>'
    )


def is_simple(operation: Operation) -> bool:
    """Whether ASP.NET offers an operation over GET and form POST: it has no structures and no bytes as parameters."""
    return all(
        not isinstance(each.type, Structure) and each.type is not BASE64 and not _holds_structures(each.type)
        for each in operation.request.fields
    )


def _holds_structures(kind: object) -> bool:
    return isinstance(kind, Array) and isinstance(kind.item, Structure)


def _port_type(interface: Interface) -> str:
    operations = "".join(
        f'<wsdl:operation name="{each.name}">{documentation(each.documentation)}'
        f'<wsdl:input message="tns:{each.name}SoapIn"/><wsdl:output message="tns:{each.name}SoapOut"/></wsdl:operation>'
        for each in interface.operations
    )
    return f'<wsdl:portType name="{interface.service}Soap">{operations}</wsdl:portType>'


def _http_messages(operation: Operation, method: Method, schemas: Schemas) -> str:
    parts = "".join(f'<wsdl:part name="{each.name}" type="s:string"/>' for each in operation.request.fields)
    answer = operation.result
    body = f'<wsdl:part name="Body" element="tns:{schemas.root_name(answer)}"/>' if answer else ""
    return (
        f'<wsdl:message name="{operation.name}Http{method}In">{parts}</wsdl:message>'
        f'<wsdl:message name="{operation.name}Http{method}Out">{body}</wsdl:message>'
    )


def _http_port_type(service: str, operations: list[Operation], method: Method) -> str:
    inside = "".join(
        f'<wsdl:operation name="{each.name}">{documentation(each.documentation)}'
        f'<wsdl:input message="tns:{each.name}Http{method}In"/><wsdl:output message="tns:{each.name}Http{method}Out"/>'
        "</wsdl:operation>"
        for each in operations
    )
    return f'<wsdl:portType name="{service}Http{method}">{inside}</wsdl:portType>'


def _http_binding(service: str, operations: list[Operation], method: Method) -> str:
    read = "<http:urlEncoded/>" if method == "Get" else '<mime:content type="application/x-www-form-urlencoded"/>'
    written = '<mime:mimeXml part="Body"/>'
    inside = "".join(
        f'<wsdl:operation name="{each.name}"><http:operation location="/{each.name}"/><wsdl:input>{read}</wsdl:input>'
        f"<wsdl:output>{written if each.result else ''}</wsdl:output></wsdl:operation>"
        for each in operations
    )
    return (
        f'<wsdl:binding name="{service}Http{method}" type="tns:{service}Http{method}">'
        f'<http:binding verb="{method.upper()}"/>{inside}</wsdl:binding>'
    )
