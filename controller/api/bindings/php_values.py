"""Requests and answers of interfaces in PHP's way: parameters are texts by name, an answer is `status` and members."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from controller.api.bindings.declaration import Operation
from controller.api.bindings.faults import ValueInvalid
from controller.api.bindings.model import Array, Enumeration, Structure, WireType
from controller.api.bindings.refusal import Refused
from controller.api.bindings.types import BOOLEAN, DOUBLE, INT, LONG, SHORT, STRING, Scalar
from controller.api.bindings.xml_reader import parse_scalar

SUCCESS = "success"
_NUMBERS = (INT, LONG, SHORT, DOUBLE)


class Numbered(tuple[Any, ...]):
    """A list that is written as an object with the keys "1", "2", …: how PHP writes an array that begins at 1."""


def read_parameters(kind: Structure, given: Mapping[str, str]) -> Any:
    """The request of an operation from its parameters; unknown ones are ignored, names count in any case.

    Refused: `missing_NAME` for a required one that is absent or empty, `invalid_NAME` for one that is of another type.
    """
    folded = {name.strip().lower(): text for name, text in given.items()}
    values: dict[str, Any] = {}
    for field in kind.fields:
        if isinstance(field.type, Array | Structure):
            raise TypeError(f"{field.name}: a parameter is a scalar")
        text = given.get(field.name, folded.get(field.name.lower()))
        if text is None or not text.strip():
            if field.required:
                raise Refused(f"missing_{field.name}")
            if text is not None and field.type is STRING:
                # Given, and empty: that is how a text is taken away.
                values[field.attribute] = ""
            continue
        try:
            values[field.attribute] = parse_scalar(field.name, field.type, text, field.default)
        except ValueInvalid:
            raise Refused(f"invalid_{field.name}") from None
    return kind.make(values)


def answer_document(operation: Operation, value: Any) -> dict[str, Any]:
    """An answer as plain values: `status`, then the members of the operation's result."""
    document: dict[str, Any] = {"status": SUCCESS}
    if operation.result is not None and value is not None:
        members = plain(operation.result, value)
        if not isinstance(members, dict):
            raise TypeError(f"{operation.name} answers no structure")
        document |= members
    return document


def refusal_document(status: str, message: str) -> dict[str, Any]:
    """A refusal as plain values."""
    return {"status": status, "message": message}


def plain(kind: WireType, value: Any) -> Any:
    """A value as text, numbers, null, lists and dictionaries, as its declaration says."""
    if value is None:
        return None
    if isinstance(kind, Structure):
        return _members(kind, (value,))[0]
    if isinstance(kind, Array):
        if isinstance(kind.item, Structure):
            items: list[Any] = _members(kind.item, value)
        else:
            items = [plain(kind.item, item) for item in value]
        if isinstance(value, Numbered):
            return {str(index): item for index, item in enumerate(items, 1)}
        return items
    if isinstance(kind, Enumeration):
        return str(int(value))
    return _scalar(kind, value)


def _members(kind: Structure, values: Iterable[Any]) -> list[dict[str, Any]]:
    """Structures of one kind, each as its members. A list may have ten thousand, with fifty members each."""
    plan = [(field.name, field.attribute, field.type, field.omit_null) for field in kind.fields]
    found = []
    for value in values:
        members: dict[str, Any] = {}
        for name, attribute, member_kind, omit_null in plan:
            member = getattr(value, attribute)
            if member_kind is STRING and member is not None and member.isascii() and member.isprintable():
                members[name] = member
            elif member is not None or not omit_null:
                members[name] = plain(member_kind, member)
        found.append(members)
    return found


def _scalar(kind: Scalar, value: Any) -> Any:
    if kind in _NUMBERS or kind is BOOLEAN:
        return value
    return STRING.parse(value if kind is STRING else kind.write(value))


def write_json(document: Mapping[str, Any]) -> str:
    """Plain values as JSON."""
    return orjson.dumps(document).decode()
