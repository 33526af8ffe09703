"""Values to and from JSON, as WCF's DataContractJsonSerializer writes them and as its clients write theirs."""

from __future__ import annotations

import json
from typing import Any

from controller.api.bindings.faults import RequestInvalid, ValueInvalid
from controller.api.bindings.markup import decode
from controller.api.bindings.model import Array, Enumeration, Structure, WireType
from controller.api.bindings.types import BASE64, BOOLEAN, DATE_TIME, STRING, Scalar, json_date, parse_json_date
from controller.api.bindings.xml_reader import parse_scalar


class _Number(str):
    """A number as it was written: phone numbers come as numbers too."""

    __slots__ = ()


def parse_json(body: bytes, charset: str | None = None) -> Any:
    """A JSON document; numbers stay text. RequestInvalid."""
    try:
        return json.loads(decode(body, charset), parse_int=_Number, parse_float=_Number, parse_constant=_Number)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise RequestInvalid(f"The JSON is not well-formed: {error.msg}, {where}.") from None
    except RecursionError:
        raise RequestInvalid("The JSON is nested too deeply.") from None


def read_json(name: str, kind: WireType, value: Any, absent: Any = None) -> Any:
    """The value of a JSON value; `absent` for null and for an empty text. ValueInvalid.

    Clients write numbers where a text is meant, a single text where a list is, and further keys: all are taken.
    """
    if value is None:
        return absent
    if isinstance(kind, Structure):
        if not isinstance(value, dict):
            raise ValueInvalid(name, _shown(value), f"an object {kind.name}".rstrip())
        return _read_object(kind, value)
    if isinstance(kind, Array):
        if kind.item is BASE64:
            raise ValueInvalid(name, _shown(value), "a list")
        items = value if isinstance(value, list) else [value] if value != "" else []
        return tuple(read_json(name, kind.item, item, kind.item.empty) for item in items)
    if kind is BASE64 and isinstance(value, list):
        return _read_bytes(name, value)
    if isinstance(value, dict | list):
        raise ValueInvalid(name, _shown(value), kind.clr)
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    if kind is DATE_TIME and text.strip():
        try:
            return parse_json_date(text.strip())
        except ValueError:
            raise ValueInvalid(name, text, kind.clr) from None
    return parse_scalar(name, kind, text, absent)


def _read_object(kind: Structure, value: dict[str, Any]) -> Any:
    values: dict[str, Any] = {}
    for key, member in value.items():
        field = kind.by_name.get(key)
        if field is not None and member is not None:
            values[field.attribute] = read_json(field.name, field.type, member, field.default)
    return kind.make(values)


def _read_bytes(name: str, value: list[Any]) -> bytes:
    """Bytes as a list of numbers, which is how DataContractJsonSerializer writes them."""
    try:
        return bytes(int(each) for each in value)
    except (TypeError, ValueError):
        raise ValueInvalid(name, _shown(value), BASE64.clr) from None


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else str(value)


def write_json(kind: WireType, value: Any) -> str:
    """A value as DataContractJsonSerializer writes it: members in order, slashes escaped, numbers for enumerations."""
    if value is None and kind is not DATE_TIME:
        return "null"
    if isinstance(kind, Structure):
        members = []
        for field in kind.fields:
            member = getattr(value, field.attribute)
            if member is None and field.omit_null:
                continue
            null = member is None and field.nullable
            members.append(f'"{field.name}":{"null" if null else write_json(field.type, member)}')
        return f"{{{','.join(members)}}}"
    if isinstance(kind, Array):
        return f"[{','.join(write_json(kind.item, item) for item in value)}]"
    if isinstance(kind, Enumeration):
        return str(int(value))
    return _write_scalar(kind, value)


def _write_scalar(kind: Scalar, value: Any) -> str:
    if kind is BASE64:
        return f"[{','.join(map(str, value))}]"
    if kind is DATE_TIME:
        return _quoted(json_date(value))
    text = kind.write(value)
    if kind is BOOLEAN or (
        isinstance(value, int | float) and kind is not STRING and text not in ("INF", "-INF", "NaN")
    ):
        return text
    return text if kind.xsd == "decimal" else _quoted(text)


def _quoted(text: str) -> str:
    return json.dumps(STRING.parse(text), ensure_ascii=False).replace("/", "\\/")
