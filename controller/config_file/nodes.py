"""What YAML text holds, each value with its place: scalars, mappings and sequences.

Every scalar stays the text that was written. What it means (a number, a switch, a password of digits) is decided by
the field that takes it, so `0123` does not become 83, nor `no` false, where text is wanted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from controller.numbers import mask_number, try_number

Plain = str | None | dict[str, "Plain"] | list["Plain"]


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A word or a quoted text; `text` is None for an empty value, `~` and `null`."""

    position: Position
    text: str | None


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """A list."""

    position: Position
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MappingEntry:
    """One `key: value` of a mapping; `position` is that of the key."""

    position: Position
    key: str
    value: Node


@dataclass(frozen=True, slots=True)
class MappingNode:
    """Keys and values, in the order of the file; no key stands twice."""

    position: Position
    entries: tuple[MappingEntry, ...]

    def __iter__(self) -> Iterator[MappingEntry]:
        return iter(self.entries)

    def entry(self, key: str) -> MappingEntry | None:
        """The entry of `key`, or None."""
        return next((entry for entry in self.entries if entry.key == key), None)


Node = ScalarNode | SequenceNode | MappingNode


def named(key: str) -> str:
    """How a message names a key: quoted, or masked when it is a phone number, because messages come into logs."""
    return mask_number(key) if try_number(key) else f'"{key[:60]}"'


def plain(node: Node) -> Plain:
    """The node as nested dicts, lists, texts and None. Its depth is bounded by the reader that made it."""
    match node:
        case ScalarNode(text=text):
            return text
        case SequenceNode(items=items):
            return [plain(item) for item in items]
        case MappingNode(entries=entries):
            return {entry.key: plain(entry.value) for entry in entries}


def place(node: Node, path: tuple[str | int, ...]) -> Position:
    """Where the value at `path` stands; the nearest place known above it when the path leads to nothing.

    For something that is missing from a mapping, the nearest place is the key that names the mapping. A last part
    of "[key]" asks for the place of the key itself, as pydantic's error locations do.
    """
    found, named = node.position, node.position
    for part in path:
        if part == "[key]":
            return named
        if isinstance(node, MappingNode) and isinstance(part, str):
            entry = node.entry(part)
            if entry is None:
                return named
            node, found, named = entry.value, entry.value.position, entry.position
        elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
            found = named = node.position
        # Anything else is a part that pydantic adds for itself, such as the name of a union's member.
    return found if not isinstance(node, MappingNode) else named
