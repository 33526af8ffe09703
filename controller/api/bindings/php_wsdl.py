"""The WSDL of an interface in PHP's way: RPC with SOAP encoding, one structure of parameters for each operation."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from controller.api.bindings.types import DOUBLE, INT, LONG, SHORT
from controller.api.bindings.wsdl import WSDL, WSDL_SOAP, documentation

if TYPE_CHECKING:
    from controller.api.bindings.declaration import Operation
    from controller.api.bindings.php_rest import PhpInterface

APACHE = "http://xml.apache.org/xml-soap"
"""The namespace of the maps that PHP writes for arrays with names."""
ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
URN = "urn:VoIPmsService"
SCHEMA = "https://voip.ms/api/schema"

_XSD = "http://www.w3.org/2001/XMLSchema"
_CREDENTIALS = ("api_username", "api_password")
_MAP = (
    f'<xsd:schema targetNamespace="{APACHE}"><xsd:complexType name="Map"><xsd:sequence>'
    '<xsd:element name="item" minOccurs="0" maxOccurs="unbounded"><xsd:complexType><xsd:sequence>'
    '<xsd:element name="key" type="xsd:anyType"/><xsd:element name="value" type="xsd:anyType" nillable="true"/>'
    "</xsd:sequence></xsd:complexType></xsd:element></xsd:sequence></xsd:complexType></xsd:schema>"
)
# Without it, readers that meet a list in an answer fetch the schema of SOAP's encoding from the Internet.
_ARRAY = (
    f'<xsd:schema targetNamespace="{ENCODING}"><xsd:complexType name="Array"><xsd:sequence>'
    '<xsd:any minOccurs="0" maxOccurs="unbounded" processContents="lax"/></xsd:sequence>'
    '<xsd:attribute name="arrayType" type="xsd:string"/></xsd:complexType></xsd:schema>'
)


def php_wsdl(interface: PhpInterface, address: str) -> str:
    """The description, with the address of the server."""
    operations = interface.operations
    body = f'<soap:body encodingStyle="{ENCODING}" namespace="{URN}" use="encoded"/>'
    bound = "".join(
        f'<operation name="{each.name}"><soap:operation soapAction="{URN}"/><input>{body}</input>'
        f"<output>{body}</output></operation>"
        for each in operations
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<definitions name="VoIPmsService" targetNamespace="{interface.namespace}" xmlns="{WSDL}" '
        f'xmlns:wsdl="{WSDL}" xmlns:soap="{WSDL_SOAP}" xmlns:tns="{interface.namespace}" xmlns:xsd="{_XSD}" '
        f'xmlns:xsd1="{SCHEMA}" xmlns:apache="{APACHE}">'
        f'<types><xsd:schema targetNamespace="{SCHEMA}">{"".join(map(_input, operations))}</xsd:schema>'
        f"{_MAP}{_ARRAY}</types>"
        f"{''.join(map(_messages, operations))}"
        f'<portType name="VoIPms_Port">{"".join(map(_port_operation, operations))}</portType>'
        f'<binding name="VoIPms_Binding" type="tns:VoIPms_Port">'
        f'<soap:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>{bound}</binding>'
        f'<service name="{interface.service}">{documentation(interface.description)}'
        f'<port name="VoIPms_Port" binding="tns:VoIPms_Binding"><soap:address location="{escape(address)}"/></port>'
        "</service></definitions>\n"
    )


def _input(operation: Operation) -> str:
    """The structure of an operation's parameters."""
    credentials = "".join(f'<xsd:element name="{name}" type="xsd:string"/>' for name in _CREDENTIALS)
    elements = "".join(
        f'<xsd:element name="{field.name}" type="xsd:{_type(field.type)}" minOccurs="0"/>'
        for field in operation.request.fields
    )
    return (
        f'<xsd:complexType name="{operation.name}Input"><xsd:sequence>{credentials}{elements}</xsd:sequence>'
        "</xsd:complexType>"
    )


def _type(kind: object) -> str:
    if kind in (INT, LONG, SHORT):
        return "integer"
    return "decimal" if kind is DOUBLE else "string"


def _messages(operation: Operation) -> str:
    name = operation.name
    return (
        f'<message name="{name}Request"><part name="params" type="xsd1:{name}Input"/></message>'
        f'<message name="{name}Response"><part name="return" type="apache:Map"/></message>'
    )


def _port_operation(operation: Operation) -> str:
    name = operation.name
    return (
        f'<operation name="{name}">{documentation(operation.documentation)}<input message="tns:{name}Request"/>'
        f'<output message="tns:{name}Response"/></operation>'
    )
