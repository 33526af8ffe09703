"""The WSDL of a WCF interface: split into parts (`?wsdl`, `?wsdl=wsdl0`, `?xsd=xsd0`, …) or as one (`?singleWsdl`)."""

from __future__ import annotations

from dataclasses import dataclass

from controller.api.bindings.declaration import Interface, Operation
from controller.api.bindings.dialect import XSD
from controller.api.bindings.soap import SOAP11, WSA, Version
from controller.api.bindings.wsdl import (
    DECLARATION,
    WSAW,
    WSDL,
    WSDL_SOAP,
    WSDL_SOAP12,
    WSP,
    WSU,
    documentation,
    message,
    port,
    soap_binding,
    soap_operation,
)
from controller.api.bindings.xsd import Schemas


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A SOAP endpoint. path: below the interface's. binding: its name in the WSDL, also that of the port."""

    path: str
    binding: str
    version: Version
    addressing: bool = False


@dataclass(frozen=True, kw_only=True)
class WcfInterface(Interface):
    """An interface of WCF. contract: the port type. service_namespace: that of `?wsdl=wsdl0`, where nothing is defined.

    rest_path: below which REST operations are reached too, beside the interface's own path.
    """

    contract: str
    service_namespace: str
    endpoints: tuple[Endpoint, ...]
    rest_path: str = "SecureREST"

    def action(self, operation: Operation) -> str:
        """The SOAPAction of an operation: namespace, contract, name."""
        return f"{self.namespace.rstrip('/')}/{operation.contract or self.contract}/{operation.name}"


class WcfWsdl:
    """The description's parts, each for the address that a client asked for."""

    def __init__(self, interface: WcfInterface, schemas: Schemas) -> None:
        self._interface = interface
        self._schemas = schemas

    def part(self, query: dict[str, str], base_url: str) -> str | None:
        """The document of a query with `wsdl`, `xsd` or `singlewsdl`; None for a part that does not exist."""
        address = f"{base_url}{self._interface.path}"
        if "singlewsdl" in query:
            return self._single(address)
        if "wsdl" in query:
            wanted = query["wsdl"].lower()
            if wanted == "wsdl0":
                return self._empty()
            return None if wanted else self._whole(address)
        locations = self._locations(address)
        for index, namespace in enumerate(self._schemas.namespaces):
            if query.get("xsd", "").lower() == f"xsd{index}":
                return f"{DECLARATION}{self._schemas.schema(namespace, locations)}"
        return None

    def _locations(self, address: str) -> dict[str, str]:
        return {namespace: f"{address}?xsd=xsd{index}" for index, namespace in enumerate(self._schemas.namespaces)}

    def _empty(self) -> str:
        """The document of the service's namespace. Its vendor defines everything in the contract's, and so do we:
        programs look ports and bindings up by their qualified names. Unlike theirs it does not import the first
        document back: Axis 1.4 would define everything twice."""
        return self._definitions(self._interface.service_namespace, "<wsdl:types/>")

    def _whole(self, address: str) -> str:
        """The description, with its schemas elsewhere."""
        locations = self._locations(address)
        imports = "".join(
            f'<xs:import schemaLocation="{location}" namespace="{namespace}"/>'
            for namespace, location in locations.items()
        )
        schema = f'<xs:schema targetNamespace="{self._interface.namespace}/Imports">{imports}</xs:schema>'
        rest = f'<wsdl:import namespace="{self._interface.service_namespace}" location="{address}?wsdl=wsdl0"/>'
        return self._description(address, schema, rest)

    def _single(self, address: str) -> str:
        """Everything in one document."""
        return self._description(address, "".join(map(self._schemas.schema, self._schemas.namespaces)))

    def _description(self, address: str, schemas: str, imported: str = "") -> str:
        return self._definitions(
            self._interface.namespace,
            f"{self._policies()}{imported}<wsdl:types>{schemas}</wsdl:types>{self._messages()}{self._port_type()}"
            f"{self._bindings()}{self._ports(address)}",
        )

    def _definitions(self, namespace: str, content: str) -> str:
        return (
            f'{DECLARATION}<wsdl:definitions name="{self._interface.service}" targetNamespace="{namespace}" '
            f'xmlns:wsdl="{WSDL}" xmlns:soap="{WSDL_SOAP}" xmlns:soap12="{WSDL_SOAP12}" xmlns:wsaw="{WSAW}" '
            f'xmlns:wsp="{WSP}" xmlns:wsu="{WSU}" xmlns:xs="{XSD}" xmlns:tns="{namespace}" '
            f'xmlns:wsa10="{WSA}">{content}</wsdl:definitions>'
        )

    def _policies(self) -> str:
        """WS-Addressing is required where the policy says so (Addressing 1.0 WSDL Binding, section 3.1)."""
        return "".join(
            f'<wsp:Policy wsu:Id="{each.binding}_policy"><wsp:ExactlyOne><wsp:All><wsaw:UsingAddressing/></wsp:All>'
            "</wsp:ExactlyOne></wsp:Policy>"
            for each in self._interface.endpoints
            if each.addressing
        )

    def _messages(self) -> str:
        contract = self._interface.contract
        return "".join(
            message(f"{contract}_{each.name}_InputMessage", f"tns:{each.name}")
            + message(f"{contract}_{each.name}_OutputMessage", f"tns:{each.name}Response")
            for each in self._interface.operations
        )

    def _port_type(self) -> str:
        contract = self._interface.contract
        operations = ""
        for each in self._interface.operations:
            action, name = self._interface.action(each), f"tns:{contract}_{each.name}"
            operations += (
                f'<wsdl:operation name="{each.name}">{documentation(each.documentation)}'
                f'<wsdl:input wsaw:Action="{action}" message="{name}_InputMessage"/>'
                f'<wsdl:output wsaw:Action="{action}Response" message="{name}_OutputMessage"/></wsdl:operation>'
            )
        return f'<wsdl:portType name="{contract}">{operations}</wsdl:portType>'

    def _bindings(self) -> str:
        bindings = ""
        for each in self._interface.endpoints:
            prefix = "soap" if each.version is SOAP11 else "soap12"
            operations = "".join(
                soap_operation(prefix, one, self._interface.action(one)) for one in self._interface.operations
            )
            policy = f'<wsp:PolicyReference URI="#{each.binding}_policy"/>' if each.addressing else ""
            port_type = f"tns:{self._interface.contract}"
            bindings += soap_binding(each.binding, port_type, prefix, operations, policy)
        return bindings

    def _ports(self, address: str) -> str:
        ports = "".join(
            port(
                each.binding,
                f"tns:{each.binding}",
                "soap" if each.version is SOAP11 else "soap12",
                f"{address}/{each.path}",
                reference=each.addressing,
            )
            for each in self._interface.endpoints
        )
        return f'<wsdl:service name="{self._interface.service}">{ports}</wsdl:service>'
