"""What .NET's two XML serializers do differently: XmlSerializer (ASP.NET) and DataContractSerializer (WCF)."""

from __future__ import annotations

from dataclasses import dataclass

from controller.api.bindings.model import Array, Enumeration, Field, Structure, WireType
from controller.api.bindings.types import Scalar

XSD = "http://www.w3.org/2001/XMLSchema"
SERIALIZATION = "http://schemas.microsoft.com/2003/10/Serialization/"
ARRAYS = "http://schemas.microsoft.com/2003/10/Serialization/Arrays"


@dataclass(frozen=True, slots=True)
class Dialect:
    """One serializer. `namespace` is the interface's.

    nil_members: a null member is written as nil, where XmlSerializer leaves out one of a reference type.
    """

    namespace: str
    nil_members: bool

    def namespace_of(self, kind: WireType) -> str:
        """Where the name of a type belongs, and its root element."""
        if not self.nil_members:
            return self.namespace
        if isinstance(kind, Array):
            return ARRAYS if isinstance(kind.item, Scalar) else kind.item.namespace
        return SERIALIZATION if isinstance(kind, Scalar) else kind.namespace or self.namespace

    def content_namespace(self, kind: WireType) -> str | None:
        """The namespace of the elements inside one of this type; None for text."""
        return self.namespace_of(kind) if isinstance(kind, Array | Structure) else None

    def name_of(self, kind: WireType) -> str:
        """The name of a type, and of its root element."""
        if not isinstance(kind, Array):
            return kind.name
        item = kind.item.name
        return f"ArrayOf{item}" if self.nil_members else f"ArrayOf{item[:1].upper()}{item[1:]}"

    def writes_null(self, field: Field) -> bool:
        """Whether a null of this field is written as nil; it is left out otherwise."""
        if self.nil_members:
            return not field.omit_null
        return not _is_reference(field.type) and not field.omit_null


def _is_reference(kind: WireType) -> bool:
    """Whether .NET's type is one that XmlSerializer leaves out when it is null: Nullable<T> is not."""
    if isinstance(kind, Scalar | Structure):
        return kind.nullable
    return not isinstance(kind, Enumeration)
