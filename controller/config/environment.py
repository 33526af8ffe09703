"""The environment as a place for settings: RINGPOST_HTTP_PORT says what `http: {port: …}` says, and wins over it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_origin

from controller.config_file.document import Document
from controller.config_file.nodes import MappingEntry, MappingNode, Node, Position, ScalarNode, SequenceNode
from controller.config_file.validation import Declaration

PREFIX = "RINGPOST_"


def lay_over(document: Document, sections: Mapping[str, type[Declaration]], environment: Mapping[str, str]) -> None:
    """Put the variables of the environment into the document's sections, each RINGPOST_SECTION_KEY in its place.

    The values of a list stand one after the other with commas between them; an empty variable says nothing. Mistakes in
    them are found where those of the file are, and told with the variable's name for their place.
    """
    for section, model in sections.items():
        beginning = f"{PREFIX}{section.upper()}_"
        fresh = [
            _entry(variable, variable.removeprefix(beginning).lower(), text, model)
            for variable, text in sorted(environment.items())
            if variable.startswith(beginning) and text
        ]
        if fresh:
            _replace(document, section, fresh)


def _entry(variable: str, key: str, text: str, model: type[Declaration]) -> MappingEntry:
    position = Position(variable, 0, 0)
    field = model.model_fields.get(key)
    value: Node = ScalarNode(position, text)
    if field is not None and get_origin(field.annotation) is tuple:
        value = SequenceNode(position, tuple(ScalarNode(position, part.strip()) for part in text.split(",")))
    return MappingEntry(position, key, value)


def _replace(document: Document, section: str, fresh: list[MappingEntry]) -> None:
    stated = document.root.entry(section)
    position = stated.position if stated else fresh[0].position
    kept = stated.value.entries if stated and isinstance(stated.value, MappingNode) else ()
    given = {entry.key for entry in fresh}
    whole = MappingNode(position, (*(entry for entry in kept if entry.key not in given), *fresh))
    others = tuple(entry for entry in document.root if entry.key != section)
    document.root = MappingNode(document.root.position, (*others, MappingEntry(position, section, whole)))
