"""Values as XML, exactly as .NET writes them: the order of the elements, null, prefixes, empty elements."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from controller.api.bindings.dialect import Dialect
from controller.api.bindings.markup import XSI
from controller.api.bindings.model import Array, Enumeration, Structure, WireType
from controller.api.bindings.types import DATE_TIME, Scalar, clean

_PREFIXES = "abcdefghijklmnopqrstuvwxyz"


class Placeholder:
    """Stands for a value in the sample of a help page: the name of its type is written."""


PLACEHOLDER = Placeholder()


def escape(text: str) -> str:
    """A text for the content of an element. A carriage return is kept from becoming a line feed."""
    if text.isalnum():
        return text  # most values are a number, a word or an id
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return clean(escaped.replace("\r", "&#xD;"))


def escape_attribute(text: str) -> str:
    """A text for an attribute in double quotes."""
    return escape(text).replace('"', "&quot;").replace("\n", "&#xA;").replace("\t", "&#x9;")


class XmlWriter:
    """Writes values; `text()` is what was written.

    indented: two blanks a level and CR LF, as ASP.NET answers GET and form POST. spaced: ` />` closes an empty
    element, as XmlTextWriter does. nil_prefix: what is bound to the schema-instance namespace where nil is written.
    """

    def __init__(self, dialect: Dialect, *, nil_prefix: str, indented: bool = False, spaced: bool = False) -> None:
        self._dialect = dialect
        self._nil = f' {nil_prefix}:nil="true"'
        self._newline = "\r\n" if indented else ""
        self._close = " />" if spaced else "/>"
        self._parts: list[str] = []

    def text(self) -> str:
        """Everything that was written."""
        return "".join(self._parts)

    def root(self, name: str, namespace: str, kind: WireType, value: Any, attributes: str = "") -> None:
        """A document's root element. attributes: further namespace declarations, each with a blank before it."""
        self._element(name, kind, value, {namespace: ""}, attributes, 0)

    def element(self, name: str, kind: WireType, value: Any, bound: Mapping[str, str], attributes: str = "") -> None:
        """An element within something that others write. bound: the prefixes in scope by namespace."""
        self._element(name, kind, value, bound, attributes, 0)

    def _element(
        self, tag: str, kind: WireType, value: Any, bound: Mapping[str, str], attributes: str, depth: int
    ) -> None:
        indent = self._newline and f"{self._newline}{'  ' * depth}" if depth else ""
        if value is None and kind is not DATE_TIME:
            self._parts.append(f"{indent}<{tag}{self._nil}{attributes}{self._close}")
            return
        if isinstance(kind, Scalar | Enumeration):
            text = escape(_scalar_text(kind, value))
            self._parts.append(
                f"{indent}<{tag}{attributes}>{text}</{tag}>" if text else f"{indent}<{tag}{attributes}{self._close}"
            )
            return
        namespace = self._dialect.content_namespace(kind)
        assert namespace is not None
        if namespace not in bound:
            prefix = next(each for each in _PREFIXES if each not in bound.values())
            attributes = f' xmlns:{prefix}="{namespace}"{attributes}'
            bound = {**bound, namespace: prefix}
        start = len(self._parts)
        self._parts.append(f"{indent}<{tag}{attributes}>")
        prefix = f"{bound[namespace]}:" if bound[namespace] else ""
        if isinstance(kind, Array):
            for item in value:
                self._element(f"{prefix}{kind.item.name}", kind.item, item, bound, "", depth + 1)
        else:
            self._members(kind, value, prefix, bound, depth + 1)
        if len(self._parts) == start + 1:
            self._parts[start] = f"{indent}<{tag}{attributes}{self._close}"
        else:
            closing = self._newline and f"{self._newline}{'  ' * depth}"
            self._parts.append(f"{closing}</{tag}>")

    def _members(self, kind: Structure, value: Any, prefix: str, bound: Mapping[str, str], depth: int) -> None:
        for field in kind.fields:
            member = getattr(value, field.attribute)
            if member is None and (field.type is not DATE_TIME or field.nullable):
                if self._dialect.writes_null(field):
                    indent = self._newline and f"{self._newline}{'  ' * depth}"
                    self._parts.append(f"{indent}<{prefix}{field.name}{self._nil}{self._close}")
                continue
            self._element(f"{prefix}{field.name}", field.type, member, bound, "", depth)


def _scalar_text(kind: Scalar | Enumeration, value: Any) -> str:
    if isinstance(value, Placeholder):
        return kind.xsd if isinstance(kind, Scalar) else " or ".join(kind.members.__members__)
    if isinstance(kind, Enumeration):
        return value.name if isinstance(value, IntEnum) else str(value)
    return kind.write(value)


def wcf_document(dialect: Dialect, kind: WireType, value: Any, *, indented: bool = False) -> str:
    """A value as the body of a WCF REST answer: no XML declaration, `i` bound on structures and arrays."""
    writer = XmlWriter(dialect, nil_prefix="i", indented=indented)
    namespace = dialect.namespace_of(kind)
    declared = f' xmlns="{namespace}"'
    if not isinstance(kind, Scalar | Enumeration) or value is None:
        declared += f' xmlns:i="{XSI}"'
    writer.root(dialect.name_of(kind), namespace, kind, value, declared)
    return writer.text()
