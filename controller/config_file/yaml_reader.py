"""From YAML text to nodes with places, without making objects and within bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from controller.config_file.nodes import MappingEntry, MappingNode, Node, Position, ScalarNode, SequenceNode, named
from controller.errors import Mistake

MOST_NODES = 200_000
DEEPEST = 24
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_STANDARD_TAG = re.compile(r"tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)")
# libyaml's parser where it is there: ten times as fast, and of the same events.
_LOADER: type[yaml.CSafeLoader | yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Reading:
    """What came out of a text: `root` is None when there is nothing in it, or nothing that can be read."""

    root: Node | None = None
    mistakes: list[Mistake] = field(default_factory=list)
    complete: bool = True


def read_text(text: str, file: str) -> Reading:
    """Read one YAML document. Never raises; a syntax error ends the reading, other mistakes are collected."""
    reading = Reading()
    builder = _Builder(file, reading)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except _Unreadable as error:
        position, message = error.position, error.message
    except yaml.MarkedYAMLError as error:
        position, message = builder.position(error.problem_mark or error.context_mark), _syntax(error)
    except yaml.reader.ReaderError as error:
        at = error.position if isinstance(error.position, int) else 0
        line_start = text.rfind("\n", 0, at) + 1
        position = Position(file, text.count("\n", 0, at) + 1, at - line_start + 1)
        message = "a control character is not allowed here"
    except (yaml.YAMLError, ValueError, OverflowError):
        position, message = Position(file, 1, 1), "this is not YAML text"
    else:
        reading.root = builder.root
        return reading
    reading.complete = False
    reading.mistakes.append(Mistake(position.file, position.line, position.column, message))
    return reading


class _Unreadable(Exception):
    def __init__(self, position: Position, message: str) -> None:
        super().__init__(message)
        self.position = position
        self.message = message


@dataclass(slots=True)
class _Open:
    """A mapping or a list whose end has not come yet."""

    position: Position
    anchor: str | None
    is_mapping: bool
    items: list[Node] = field(default_factory=list)
    size: int = 1


class _Builder:
    """Puts nodes together from the events of the YAML parser, without recursion."""

    def __init__(self, file: str, reading: Reading) -> None:
        self.root: Node | None = None
        self._file = file
        self._reading = reading
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int] | None] = {}
        self._documents = 0
        self._count = 0

    def position(self, mark: Any) -> Position:
        """Where a mark of either parser points; the file's beginning without one."""
        return Position(self._file, mark.line + 1, mark.column + 1) if mark else Position(self._file, 1, 1)

    def take(self, event: yaml.Event) -> None:
        position = self.position(event.start_mark)
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise _Unreadable(position, "a second document starts here; a file is one document, without `---`")
            case yaml.ScalarEvent():
                self._refuse_tag(event, position)
                is_null = not event.style and event.value in _NULLS
                self._finish(ScalarNode(position, None if is_null else event.value), event.anchor, 1)
            case yaml.AliasEvent():
                self._alias(event, position)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._refuse_tag(event, position)
                if len(self._open) >= DEEPEST:
                    raise _Unreadable(position, f"values are nested deeper than {DEEPEST} levels")
                if event.anchor:
                    self._anchors[event.anchor] = None
                self._open.append(_Open(position, event.anchor, isinstance(event, yaml.MappingStartEvent)))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                opened = self._open.pop()
                if opened.is_mapping:
                    node: Node = MappingNode(opened.position, tuple(self._entries(opened.items)))
                else:
                    node = SequenceNode(opened.position, tuple(opened.items))
                self._finish(node, opened.anchor, opened.size)

    def _finish(self, node: Node, anchor: str | None, size: int) -> None:
        self._count += 1
        if self._count > MOST_NODES or size > MOST_NODES:
            raise _Unreadable(node.position, f"there are more than {MOST_NODES} values in this file")
        if anchor:
            self._anchors[anchor] = (node, size)
        if self._open:
            self._open[-1].items.append(node)
            self._open[-1].size += size
        else:
            self.root = node

    def _alias(self, event: yaml.AliasEvent, position: Position) -> None:
        # The name is not repeated: it may be an unquoted password that starts with an asterisk.
        if event.anchor not in self._anchors:
            raise _Unreadable(position, "no anchor of this name stands before this alias; text with `*` needs quotes")
        anchored = self._anchors[event.anchor]
        if anchored is None:
            raise _Unreadable(position, "this alias stands inside of what it names")
        node, size = anchored
        self._count += size
        self._finish(node, None, size)

    def _refuse_tag(self, event: yaml.NodeEvent, position: Position) -> None:
        tag = getattr(event, "tag", None)
        if tag is not None and tag != "!" and _STANDARD_TAG.fullmatch(tag) is None:
            self._mistake(position, "tags are not understood; text with `!` needs quotes")

    def _entries(self, items: list[Node]) -> Iterator[MappingEntry]:
        seen: dict[str, MappingEntry] = {}
        merged: list[MappingNode] = []
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, ScalarNode) or not key.text:
                self._mistake(key.position, "a key is missing, or not a word", "`name: value`")
            elif key.text == "<<":
                merged += self._merged(value)
            elif key.text in seen:
                first = seen[key.text].position
                self._mistake(key.position, f"{named(key.text)} stands in line {first.line} already")
            else:
                seen[key.text] = MappingEntry(key.position, key.text, value)
        for mapping in merged:
            for entry in mapping:
                seen.setdefault(entry.key, entry)
        yield from seen.values()

    def _merged(self, value: Node) -> list[MappingNode]:
        """The mappings that a merge key (`<<`) brings in; earlier ones win (yaml.org/type/merge)."""
        candidates = value.items if isinstance(value, SequenceNode) else (value,)
        mappings = [node for node in candidates if isinstance(node, MappingNode)]
        if len(mappings) < len(candidates):
            self._mistake(value.position, "`<<` takes a mapping, or a list of mappings")
        return mappings

    def _mistake(self, position: Position, message: str, expected: str = "") -> None:
        self._reading.mistakes.append(
            Mistake(position.file, position.line, position.column, message, expected=expected)
        )


def _syntax(error: yaml.MarkedYAMLError) -> str:
    """The parser's words, without what they quote of the file: that could be a part of a secret."""
    problem = re.sub(r"\s*'[^'<>\s]{2,}'", "", error.problem or "this is not YAML")
    return f"{problem} ({error.context})" if error.context and "'" not in error.context else problem
