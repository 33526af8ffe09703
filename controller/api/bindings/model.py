"""Request and response models: what the elements of a structure are called, in which order, and what null looks like.

    @structure("SMSResponse", "http://sms2.cdyne.com")
    class SmsResponse:
        cancelled: bool = element("Cancelled")
        reference_id: str | None = element("ReferenceID", omit_null=True)

The annotation is the type on the wire: `str`, `bool`, `int` (`Short`, `Long`, `UnsignedByte`), `float`, `Decimal`,
`datetime | None`, `UUID`, `bytes`, an `@enumeration`, another `@structure`, or `tuple[…, ...]` of one of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, dataclass_transform, get_args, get_origin, get_type_hints

from controller.api.bindings.types import DATE_TIME, SCALARS, Scalar

T = TypeVar("T")
E = TypeVar("E", bound=IntEnum)

_WIRE = "_wire"
_ELEMENT = "element"


@dataclass(frozen=True, slots=True)
class Enumeration:
    """An enumeration: XML has the names of its members, JSON their numbers (WCF's DataContractJsonSerializer)."""

    name: str
    namespace: str
    members: type[IntEnum]

    nullable = False
    clr = "the enumeration"

    @property
    def empty(self) -> IntEnum:
        """The value of an absent element: .NET's zero, which is the first member."""
        return next(iter(self.members))

    def parse(self, text: str) -> IntEnum:
        """The member of a name or a number. ValueError."""
        try:
            return self.members[text]
        except KeyError:
            return self.members(int(text[:12]))


@dataclass(frozen=True, slots=True)
class Array:
    """A list of one type. `nullable_items`: whether the schema lets an item be nil."""

    item: Scalar | Enumeration | Structure

    nullable = True
    empty = ()

    @property
    def nullable_items(self) -> bool:
        """Whether an item can be null in .NET."""
        return self.item.nullable


@dataclass(frozen=True, slots=True)
class Field:
    """One element of a structure.

    default: the value where the element is absent, nil or empty. required: whether ASP.NET's GET and form POST insist
    on it. nullable: whether it can be null on the wire. omit_null: whether a null is left out where WCF would write
    nil. credential: whether it holds a licence key.
    """

    name: str
    attribute: str
    type: WireType
    default: Any
    required: bool
    nullable: bool
    omit_null: bool
    credential: bool
    documentation: str


@dataclass(frozen=True)
class Structure:
    """A structure: its elements in the order of the wire. `value_type`: .NET has a struct, whose items are never nil.

    The parameters of an operation are a structure without a name.
    """

    name: str
    namespace: str
    fields: tuple[Field, ...]
    build: Callable[..., Any] = field(repr=False)
    value_type: bool = False
    by_name: Mapping[str, Field] = field(init=False, repr=False, compare=False)
    by_folded_name: Mapping[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {each.name: each for each in self.fields})
        object.__setattr__(self, "by_folded_name", {each.name.lower(): each for each in self.fields})

    @property
    def nullable(self) -> bool:
        """Whether .NET's type can be null."""
        return not self.value_type

    @property
    def empty(self) -> Any:
        """The structure of an element without content."""
        return self.make({})

    def make(self, values: Mapping[str, Any]) -> Any:
        """An instance of the Python class, from values by attribute; what is not among them has its default."""
        return self.build(**{each.attribute: values.get(each.attribute, each.default) for each in self.fields})


WireType = Scalar | Enumeration | Array | Structure


def element(
    name: str,
    *,
    default: Any = dataclasses.MISSING,
    nullable: bool = False,
    omit_null: bool = False,
    credential: bool = False,
    documentation: str = "",
) -> Any:
    """Declare one element; `name` is its name on the wire. A `default` makes it optional, in Python too.

    nullable: of dates only, whether null is nil instead of 0001-01-01T00:00:00; every other type says it by `| None`.
    """
    metadata = {_ELEMENT: (name, nullable, omit_null, credential, documentation)}
    return dataclasses.field(default=default, metadata=metadata)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(element,))
def structure(name: str, namespace: str, *, value_type: bool = False) -> Callable[[type[T]], type[T]]:
    """Declare a class as a structure of the wire; it becomes a frozen dataclass with keyword arguments."""

    def declare(declared: type[T]) -> type[T]:
        made = dataclass(frozen=True, slots=True, kw_only=True)(declared)
        setattr(made, _WIRE, (name, namespace, value_type))
        return made

    return declare


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(element,))
def parameters(declared: type[T]) -> type[T]:
    """Declare a class as the parameters of an operation, in the order of the WSDL."""
    return structure("", "")(declared)


def enumeration(name: str, namespace: str) -> Callable[[type[E]], type[E]]:
    """Declare an IntEnum as an enumeration of the wire: its members' names are written as they are."""

    def declare(declared: type[E]) -> type[E]:
        setattr(declared, _WIRE, Enumeration(name, namespace, declared))
        return declared

    return declare


@cache
def structure_of(declared: type) -> Structure:
    """The structure that a class was declared as. TypeError for a class that was not, or has an unknown annotation."""
    wire = getattr(declared, _WIRE, None)
    if not isinstance(wire, tuple):
        raise TypeError(f"{declared.__name__} is not declared by @structure or @parameters")
    name, namespace, value_type = wire
    hints = get_type_hints(declared, include_extras=True)
    fields = tuple(_field(each, hints[each.name]) for each in dataclasses.fields(declared))
    return Structure(name, namespace, fields, declared, value_type)


def _field(declared: dataclasses.Field[Any], annotation: Any) -> Field:
    name, nullable, omit_null, credential, documentation = declared.metadata[_ELEMENT]
    kind, optional = wire_type(annotation)
    given = declared.default is not dataclasses.MISSING
    default = declared.default if given else (None if optional else kind.empty)
    return Field(
        name=name,
        attribute=declared.name,
        type=kind,
        default=default,
        required=not given,
        nullable=nullable or kind.nullable or (optional and kind is not DATE_TIME),
        omit_null=omit_null,
        credential=credential,
        documentation=documentation,
    )


def wire_type(annotation: Any) -> tuple[WireType, bool]:
    """The type on the wire of an annotation, and whether Python may say None for it. TypeError."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        inner = [each for each in arguments if each is not NoneType]
        if len(inner) == 1:
            return wire_type(inner[0])[0], True
    elif origin is Annotated:
        scalar = next((each for each in arguments[1:] if isinstance(each, Scalar)), None)
        if scalar:
            return scalar, False
    elif origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        item = wire_type(arguments[0])[0]
        if not isinstance(item, Array):
            return Array(item), False
    elif isinstance(annotation, type):
        wire = getattr(annotation, _WIRE, None)
        if isinstance(wire, Enumeration):
            return wire, False
        if wire is not None:
            return structure_of(annotation), False
        if annotation in SCALARS:
            return SCALARS[annotation], False
    raise TypeError(f"{annotation} has no type on the wire")


def credentials(kind: Structure, value: Any) -> Iterator[str]:
    """Every licence key in a request, wherever it stands."""
    for each in kind.fields:
        held = getattr(value, each.attribute)
        if each.credential and held is not None:
            yield str(held)
        elif isinstance(each.type, Structure) and held is not None:
            yield from credentials(each.type, held)
        elif isinstance(each.type, Array) and isinstance(each.type.item, Structure):
            for item in held or ():
                yield from credentials(each.type.item, item)
