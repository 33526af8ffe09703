"""Parameters from a query or a form: names without regard to case, as ASP.NET's collections have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from controller.api.bindings.faults import ParameterMissing, RequestInvalid
from controller.api.bindings.markup import decode
from controller.api.bindings.model import Array, Field, Structure
from controller.api.bindings.xml_reader import parse_scalar

MOST_FIELDS = 10_000

Pairs = Sequence[tuple[str, str]]


def parse_query(query: str) -> Pairs:
    """The pairs of a query string, in order; empty pairs are left out (`?&LicenseKey=…`). RequestInvalid."""
    try:
        return parse_qsl(query, keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise RequestInvalid(f"There are more than {MOST_FIELDS} parameters.") from None


def parse_form(body: bytes, charset: str | None = None) -> Pairs:
    """The pairs of an `application/x-www-form-urlencoded` body. RequestInvalid."""
    try:
        text = decode(body, charset)
    except RequestInvalid:
        text = body.decode("utf-8", errors="replace")
    return parse_query(text.strip())


def read_form(kind: Structure, pairs: Pairs, *, strict: bool) -> Any:
    """The parameters of an operation. strict: as ASP.NET, every one without a default must be there, even if empty.

    ParameterMissing, ValueInvalid. A single structure as the parameter is read from its flat members, a list of
    structures is a list of one: an extension, for clients that know no SOAP.
    """
    given: dict[str, list[str]] = {}
    for name, text in pairs:
        given.setdefault(name.strip().lower(), []).append(text)
    return _read(kind, given, strict=strict)


def _read(kind: Structure, given: dict[str, list[str]], *, strict: bool) -> Any:
    values: dict[str, Any] = {}
    for field in kind.fields:
        inner = field.type.item if isinstance(field.type, Array) else field.type
        if isinstance(inner, Structure):
            # Only a parameter's own members are flat; a structure within it keeps its default.
            if not kind.name:
                member = _read(inner, given, strict=False)
                values[field.attribute] = (member,) if isinstance(field.type, Array) else member
            continue
        texts = given.get(field.name.lower())
        if texts is None:
            if strict and field.required:
                raise ParameterMissing(field.name)
            continue
        values[field.attribute] = _value(field, texts)
    return kind.make(values)


def _value(field: Field, texts: list[str]) -> Any:
    if isinstance(field.type, Array):
        assert not isinstance(field.type.item, Structure)
        item = field.type.item
        return tuple(parse_scalar(field.name, item, text, item.empty) for text in texts if text)
    assert not isinstance(field.type, Structure)
    return parse_scalar(field.name, field.type, texts[0], field.default)
