"""XML Schemas of an interface: the wrappers of its operations and its types, one schema per namespace."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

from controller.api.bindings.declaration import Interface, Operation
from controller.api.bindings.dialect import SERIALIZATION, XSD, Dialect
from controller.api.bindings.model import Array, Enumeration, Field, Structure, WireType
from controller.api.bindings.types import GUID, Scalar

# Written for the types that occur here, after [MS-WSDLS] and WCF's published schema of this namespace.
_GUID_PATTERN = r"[\da-fA-F]{8}-[\da-fA-F]{4}-[\da-fA-F]{4}-[\da-fA-F]{4}-[\da-fA-F]{12}"
_BUILT_IN = (
    "base64Binary",
    "boolean",
    "dateTime",
    "decimal",
    "double",
    "int",
    "long",
    "short",
    "string",
    "unsignedByte",
)


class Schemas:
    """The schemas of an interface. `namespaces` are in the order of WCF's parts: xsd0, xsd1, …"""

    def __init__(self, interface: Interface, dialect: Dialect) -> None:
        self._interface = interface
        self._dialect = dialect
        self.namespaces = tuple(self._used())
        self.prefixes = {namespace: f"n{index}" for index, namespace in enumerate(self.namespaces)}

    def _used(self) -> Iterator[str]:
        yield self._interface.namespace
        if not self._dialect.nil_members:
            return
        yield SERIALIZATION
        seen = {self._interface.namespace, SERIALIZATION}
        for kind in self._interface.types:
            namespace = self._dialect.namespace_of(kind)
            if namespace not in seen:
                seen.add(namespace)
                yield namespace

    def schema(self, namespace: str, locations: dict[str, str] | None = None) -> str:
        """The schema of one namespace. locations: where the others are; within one document they need none."""
        declared = " ".join(f'xmlns:{prefix}="{each}"' for each, prefix in self.prefixes.items())
        imports = "".join(self._import(each, locations) for each in self.namespaces if each != namespace)
        built_in = _serialization() if namespace == SERIALIZATION else ""
        own = namespace == self._interface.namespace
        wrappers = "".join(map(self._wrappers, self._interface.operations)) if own else ""
        types = "".join(map(self._type, self._types_in(namespace)))
        roots = "" if self._dialect.nil_members else self._roots()
        return (
            f'<xs:schema xmlns:xs="{XSD}" xmlns:tns="{namespace}" {declared} elementFormDefault="qualified" '
            f'targetNamespace="{namespace}">{imports}{built_in}{wrappers}{types}{roots}</xs:schema>'
        )

    def _types_in(self, namespace: str) -> list[WireType]:
        return [kind for kind in self._interface.types if self._dialect.namespace_of(kind) == namespace]

    def _import(self, namespace: str, locations: dict[str, str] | None) -> str:
        location = f" schemaLocation={quoteattr(locations[namespace])}" if locations else ""
        return f'<xs:import{location} namespace="{namespace}"/>'

    def _wrappers(self, operation: Operation) -> str:
        members = "".join(map(self._member, operation.request.fields))
        result = "" if operation.result is None else self._result(operation.name, operation.result)
        return (
            f'<xs:element name="{operation.name}">{_complex(members)}</xs:element>'
            f'<xs:element name="{operation.name}Response">{_complex(result)}</xs:element>'
        )

    def _result(self, name: str, kind: WireType) -> str:
        optional = self._dialect.nil_members or kind.nullable
        return self._element(f"{name}Result", kind, optional=optional, nillable=kind.nullable)

    def _member(self, field: Field) -> str:
        left_out = field.nullable and not self._dialect.writes_null(field)
        optional = self._dialect.nil_members or left_out
        return self._element(field.name, field.type, optional=optional, nillable=field.nullable)

    def _element(self, name: str, kind: WireType, *, optional: bool, nillable: bool) -> str:
        attributes = ' minOccurs="0"' if optional else ' minOccurs="1"'
        if nillable and (self._dialect.nil_members or not optional):
            attributes += ' nillable="true"'
        return f'<xs:element{attributes} maxOccurs="1" name="{name}" type="{self.reference(kind)}"/>'

    def root_name(self, kind: WireType) -> str:
        """The name of the element that is the root of an answer of this type."""
        return self._dialect.name_of(kind)

    def reference(self, kind: WireType) -> str:
        """A type as an attribute names it."""
        if isinstance(kind, Scalar):
            if kind is not GUID:
                return f"xs:{kind.xsd}"
            if not self._dialect.nil_members:
                raise TypeError("ASP.NET's interfaces have licence keys and ids as text: declare str")
        return f"{self.prefixes[self._dialect.namespace_of(kind)]}:{self._dialect.name_of(kind)}"

    def _type(self, kind: WireType) -> str:
        name = self._dialect.name_of(kind)
        if isinstance(kind, Enumeration):
            definition = self._enumeration(name, kind)
        elif isinstance(kind, Array):
            nillable = ' nillable="true"' if kind.nullable_items else ""
            item = (
                f'<xs:element minOccurs="0" maxOccurs="unbounded" name="{kind.item.name}"{nillable} '
                f'type="{self.reference(kind.item)}"/>'
            )
            definition = _complex(item, name)
        else:
            assert isinstance(kind, Structure)
            definition = _complex("".join(map(self._member, kind.fields)), name)
        return definition + (self._root(kind) if self._dialect.nil_members else "")

    def _enumeration(self, name: str, kind: Enumeration) -> str:
        values = "".join(self._enumerated(each.name, each.value, index) for index, each in enumerate(kind.members))
        return (
            f'<xs:simpleType name="{name}"><xs:restriction base="xs:string">{values}</xs:restriction></xs:simpleType>'
        )

    def _enumerated(self, name: str, number: int, index: int) -> str:
        """One member; WCF notes the number where it is not the position."""
        if not self._dialect.nil_members or number == index:
            return f'<xs:enumeration value="{name}"/>'
        return (
            f'<xs:enumeration value="{name}"><xs:annotation><xs:appinfo>'
            f'<EnumerationValue xmlns="{SERIALIZATION}">{number}</EnumerationValue>'
            "</xs:appinfo></xs:annotation></xs:enumeration>"
        )

    def _root(self, kind: WireType) -> str:
        nillable = ' nillable="true"' if kind.nullable else ""
        return f'<xs:element name="{self._dialect.name_of(kind)}"{nillable} type="{self.reference(kind)}"/>'

    def _roots(self) -> str:
        """The documents that ASP.NET answers GET and form POST with."""
        results = [each.result for each in self._interface.operations if each.result]
        return "".join(map(self._root, {self._dialect.name_of(kind): kind for kind in results}.values()))


def _complex(content: str, name: str = "") -> str:
    named = f' name="{name}"' if name else ""
    return f"<xs:complexType{named}><xs:sequence>{content}</xs:sequence></xs:complexType>"


def _serialization() -> str:
    elements = "".join(f'<xs:element name="{each}" nillable="true" type="xs:{each}"/>' for each in _BUILT_IN)
    return (
        f'{elements}<xs:element name="guid" nillable="true" type="tns:guid"/>'
        f'<xs:simpleType name="guid"><xs:restriction base="xs:string"><xs:pattern value="{_GUID_PATTERN}"/>'
        "</xs:restriction></xs:simpleType>"
    )
