"""From a section's nodes to a pydantic model, with every mistake at its line and column.

The service's own sections are read through here as well:

    class Speech(Declaration):
        voice: str = "slt"

    speech = read_section(document, "speech", Speech)    # Speech | None; mistakes are in document.mistakes
    refuse_unknown_sections(document, {"speech", ...})
    document.require()                                   # raises InvalidConfiguration with all of them

Values reach the model as the text that was written (see nodes.py): a field of `int`, `float` or `bool` reads it, a
field of `str` keeps it. No message repeats a value, because it could be a secret.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Collection, Iterable
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from controller.config_file.document import Document
from controller.config_file.nodes import MappingEntry, MappingNode, Node, Position, ScalarNode, place, plain


class Declaration(BaseModel):
    """What a section of the YAML, or one named entry of it, may say. Immutable; unknown keys are mistakes."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False, str_max_length=10_000
    )


Model = TypeVar("Model", bound=BaseModel)


def mistake(message: str, expected: str = "", *, at: tuple[str | int, ...] = ()) -> PydanticCustomError:
    """The error for a pydantic validator to raise; `at` leads from the validated value to the place meant."""
    return PydanticCustomError("ringpost", "{message}", {"message": message, "expected": expected, "at": at})


def read_section(document: Document, name: str, model: type[Model]) -> Model | None:
    """The section `name` as a model; one without the section is made of its defaults. None after mistakes."""
    entry = document.root.entry(name)
    if entry is None:
        entry = MappingEntry(document.root.position, name, ScalarNode(document.root.position, None))
    return read_entry(document, entry, model)


def read_entries(document: Document, section: str, model: type[Model]) -> dict[str, tuple[MappingEntry, Model | None]]:
    """A section of named entries, each as a model, or None where too little of it could be understood."""
    node = document.section(section)
    if node is None or (isinstance(node, ScalarNode) and node.text is None):
        return {}
    if not isinstance(node, MappingNode):
        document.report(node.position, f'section "{section}" is not a mapping', expected="names, each with its keys")
        return {}
    return {entry.key: (entry, read_entry(document, entry, model)) for entry in node}


def read_entry(document: Document, entry: MappingEntry, model: type[Model]) -> Model | None:
    """One entry as a model. After mistakes in some of its keys it is made without those, so that the rest of the
    configuration can be looked at as well; None when that cannot be done.
    """
    data: Any = plain(entry.value)
    if data is None:
        data = {}
    # What is taken out can leave a hole one level up, which is found by the next look only: a mapping that lost a key
    # it must have. Nothing in a configuration is nested deeper than this.
    for look in range(4):
        try:
            return model.model_validate(data)
        except ValidationError as error:
            wrong = error.errors(include_url=False, include_input=False)
        if look == 0:
            for details in wrong:
                # A list whose values are wrong is called too short as well: those are not counted.
                if not any(_is_inside(other["loc"], details["loc"]) for other in wrong):
                    _report(document, entry, model, details)
        if not isinstance(data, dict):
            return None
        for details in wrong:
            _remove(data, details["loc"][:-1] if details["type"] == "missing" else details["loc"])
    return None


def refuse_unknown_sections(document: Document, known: Collection[str]) -> None:
    """Note every section that is not one of `known`."""
    for entry in document.root:
        if entry.key not in known:
            document.report(entry.position, f'unknown section "{entry.key}"', expected=alternatives(entry.key, known))


def alternatives(word: str, known: Iterable[str]) -> str:
    """What may have been meant by a word that is none of `known`: the nearest, else all of them when they are few."""
    names = sorted(known)
    near = difflib.get_close_matches(word[:60], names, n=1, cutoff=0.6)
    if near:
        return f'"{near[0]}"?'
    return "one of " + ", ".join(names) if 0 < len(names) <= 16 else ""


def locate(entry: MappingEntry, path: tuple[str | int, ...]) -> Position:
    """Where the value at `path` inside of an entry stands; the entry's name when it is not there."""
    whole = MappingNode(entry.position, (entry,))
    return place(whole, (entry.key, *path))


def locate_key(entry: MappingEntry, path: tuple[str | int, ...]) -> Position:
    """Where the key at the end of `path` stands."""
    return locate(entry, (*path, "[key]"))


def child(entry: MappingEntry, key: str) -> Node | None:
    """The node under a key of an entry."""
    found = entry.value.entry(key) if isinstance(entry.value, MappingNode) else None
    return found.value if found else None


def _is_inside(location: tuple[str | int, ...], outer: tuple[str | int, ...]) -> bool:
    return len(location) > len(outer) and location[: len(outer)] == outer


def _remove(data: dict[str, Any], location: tuple[str | int, ...]) -> None:
    """Take the value at a location out of the data, with the whole list when it is in one: positions must stay."""
    path: list[str] = []
    for part in location:
        if not isinstance(part, str):
            break
        if part != "[key]":
            path.append(part)
    for part in path[:-1]:
        if not isinstance(data.get(part), dict):
            data.pop(part, None)
            return
        data = data[part]
    if path:
        data.pop(path[-1], None)


def _report(document: Document, entry: MappingEntry, model: type[BaseModel], details: ErrorDetails) -> None:
    location, kind, context = details["loc"], details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        expected = alternatives(str(location[-1]), _fields(model, location[:-1]))
        document.report(locate_key(entry, location), f'unknown key "{str(location[-1])[:60]}"', expected=expected)
        return
    if kind == "missing":
        document.report(locate(entry, location), f'"{location[-1]}" is missing')
        return
    if kind == "ringpost":
        position = locate(entry, (*location, *context["at"]))
        document.report(position, context["message"], expected=context["expected"])
        return
    message, expected = _explain(kind, context)
    name = next((part for part in reversed(location) if isinstance(part, str) and part != "[key]"), entry.key)
    document.report(locate(entry, location), f'"{name[:60]}" {message}', expected=expected)


_EXPECTED = {
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "string": "text",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozen_set": "a list",
    "dict": "a mapping",
    "model": "a mapping of keys and values",
    "path": "a path",
    "url": "a URL",
    "uuid": "a GUID",
}
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def _explain(kind: str, context: dict[str, Any]) -> tuple[str, str]:
    """Message and expectation for one of pydantic's own error types (docs.pydantic.dev, "Validation errors")."""
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return "is out of range", f"{words} {context[key]}"
    if kind in ("literal_error", "enum"):
        return "has a value that is not known", str(context.get("expected", "")).replace("'", "")
    if kind.endswith(("too_short", "too_long")):
        length = context.get("min_length", context.get("max_length"))
        return f"is {kind[-9:].lstrip('_').replace('_', ' ')}", (
            f"at {'least' if kind.endswith('short') else 'most'} {length} {_unit(kind, length)}"
        )
    for prefix, expected in sorted(_EXPECTED.items(), key=lambda item: -len(item[0])):
        if kind.startswith(prefix + "_"):
            return "cannot be understood", expected
    return "is not permitted", ""


def _unit(kind: str, count: object) -> str:
    return ("character" if kind.startswith("string") else "value") + ("" if count == 1 else "s")


def _fields(model: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """The keys that may stand at `location` of a model."""
    annotation: Any = model
    for part in location:
        annotation = _inner(annotation, part)
    annotation = _unwrapped(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [field.alias or name for name, field in annotation.model_fields.items()]
    return []


def _inner(annotation: Any, part: str | int) -> Any:
    annotation = _unwrapped(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            if part in (name, field.alias):
                return field.annotation
        return None
    arguments = get_args(annotation)
    if get_origin(annotation) is dict and len(arguments) == 2:
        return arguments[1]
    return arguments[0] if arguments else None


def _unwrapped(annotation: Any) -> Any:
    """The annotation without Annotated, and the first member of a union that is not None."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, types.UnionType):
            annotation = next((member for member in get_args(annotation) if member is not type(None)), None)
        else:
            return annotation
