"""Values from XML, leniently: elements in any order and any namespace, unknown ones ignored, empty ones absent."""

from __future__ import annotations

from typing import Any

from controller.api.bindings.faults import ValueInvalid
from controller.api.bindings.markup import Element
from controller.api.bindings.model import Array, Enumeration, Field, Structure, WireType
from controller.api.bindings.types import STRING, Scalar


def read_structure(kind: Structure, element: Element) -> Any:
    """The structure that an element holds; ValueInvalid names the element that cannot be read.

    A lenient reader is what WCF's clients need: several write LicenseKey first, where a strict one would lose what
    follows, and several write empty elements for what they do not set.
    """
    values: dict[str, Any] = {}
    for child in element.children:
        field = kind.by_name.get(child.name)
        if field is None or child.nil:
            continue
        if isinstance(field.type, Array):
            # A list whose element is repeated in place of a wrapper: the items are joined.
            values[field.attribute] = (*values.get(field.attribute, ()), *_read_items(field.name, field.type, child))
        elif child.children or child.text:
            values[field.attribute] = read_value(field.name, field.type, child, field)
    return kind.make(values)


def read_value(name: str, kind: WireType, element: Element, field: Field | None = None) -> Any:
    """The value of an element; that of an empty one is the field's default."""
    if isinstance(kind, Structure):
        return read_structure(kind, element)
    if isinstance(kind, Array):
        return _read_items(name, kind, element)
    if element.children:
        raise ValueInvalid(name, f"<{element.children[0].name}>", kind.clr)
    absent = field.default if field else kind.empty
    return absent if element.nil else parse_scalar(name, kind, element.text, absent)


def parse_scalar(name: str, kind: Scalar | Enumeration, text: str, absent: Any) -> Any:
    """The value of a text, `absent` for an empty one. ValueInvalid."""
    if kind is STRING:
        return kind.parse(text) if text else absent
    text = text.strip()
    if not text:
        return absent
    try:
        return kind.parse(text)
    except ValueError:
        raise ValueInvalid(name, text, kind.clr) from None


def _read_items(name: str, kind: Array, element: Element) -> tuple[Any, ...]:
    if element.children:
        return tuple(read_value(name, kind.item, child) for child in element.children)
    if element.text.strip() and not isinstance(kind.item, Structure):
        return (parse_scalar(name, kind.item, element.text, kind.item.empty),)
    return ()
