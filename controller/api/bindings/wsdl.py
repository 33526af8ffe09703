"""The parts of a WSDL 1.1 description that both platforms share: messages, port types, SOAP bindings."""

from __future__ import annotations

from xml.sax.saxutils import escape

from controller.api.bindings.declaration import Operation

WSDL = "http://schemas.xmlsoap.org/wsdl/"
WSDL_SOAP = "http://schemas.xmlsoap.org/wsdl/soap/"
WSDL_SOAP12 = "http://schemas.xmlsoap.org/wsdl/soap12/"
WSDL_HTTP = "http://schemas.xmlsoap.org/wsdl/http/"
WSDL_MIME = "http://schemas.xmlsoap.org/wsdl/mime/"
WSAW = "http://www.w3.org/2006/05/addressing/wsdl"
WSP = "http://schemas.xmlsoap.org/ws/2004/09/policy"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_TRANSPORT = "http://schemas.xmlsoap.org/soap/http"

DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'


def documentation(text: str) -> str:
    """A documentation element; nothing for no text."""
    return f"<wsdl:documentation>{escape(text)}</wsdl:documentation>" if text else ""


def message(name: str, element: str) -> str:
    """The message of a wrapped document/literal operation; `element` is prefixed."""
    return f'<wsdl:message name="{name}"><wsdl:part name="parameters" element="{element}"/></wsdl:message>'


def soap_operation(prefix: str, operation: Operation, action: str) -> str:
    """An operation within a SOAP binding; prefix: `soap` or `soap12`."""
    body = f'<{prefix}:body use="literal"/>'
    return (
        f'<wsdl:operation name="{operation.name}"><{prefix}:operation soapAction="{action}" style="document"/>'
        f"<wsdl:input>{body}</wsdl:input><wsdl:output>{body}</wsdl:output></wsdl:operation>"
    )


def soap_binding(name: str, port_type: str, prefix: str, operations: str, policy: str = "") -> str:
    """A SOAP binding over HTTP."""
    return (
        f'<wsdl:binding name="{name}" type="{port_type}">{policy}<{prefix}:binding transport="{_TRANSPORT}"/>'
        f"{operations}</wsdl:binding>"
    )


def port(name: str, binding: str, prefix: str, address: str, *, reference: bool = False) -> str:
    """A port of a service; prefix: that of its address element. reference: whether it has one of WS-Addressing too."""
    located = f'<{prefix}:address location="{escape(address)}"/>'
    if reference:
        located += (
            f"<wsa10:EndpointReference><wsa10:Address>{escape(address)}</wsa10:Address></wsa10:EndpointReference>"
        )
    return f'<wsdl:port name="{name}" binding="{binding}">{located}</wsdl:port>'
