"""Sample values of types, for help pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from controller.api.bindings.model import Array, Enumeration, Structure, WireType
from controller.api.bindings.types import Scalar
from controller.api.bindings.xml_writer import PLACEHOLDER

Leaf = Callable[[Scalar | Enumeration], Any]


def type_names(_kind: Scalar | Enumeration) -> Any:
    """The name of the type in place of a value, as ASP.NET's help pages have it."""
    return PLACEHOLDER


def typical(kind: Scalar | Enumeration) -> Any:
    """A value of the type, as WCF's help pages have it."""
    return kind.empty if isinstance(kind, Enumeration) else kind.sample


def sample(kind: WireType, leaf: Leaf) -> Any:
    """A value of a type with everything in it that it can hold."""
    if isinstance(kind, Structure):
        return kind.build(**{each.attribute: sample(each.type, leaf) for each in kind.fields})
    if isinstance(kind, Array):
        return (sample(kind.item, leaf),) * 2
    return leaf(kind)
