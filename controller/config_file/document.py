"""Reading the admin YAML: one file, or a folder whose *.yaml files are merged section by section.

Not all of YAML: tags are refused (nothing in a configuration makes objects), aliases may not grow a file beyond
`MOST_NODES` values, and a key that stands twice is a mistake instead of a silent overwriting. YAML 1.2 (yaml.org/spec).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from controller.config_file.nodes import MappingEntry, MappingNode, Node, Position, named
from controller.config_file.yaml_reader import read_text
from controller.errors import InvalidConfiguration, Mistake

LARGEST_FILE = 2 * 1024 * 1024
MOST_FILES = 200


class Document:
    """The merged configuration, and the mistakes found in it so far by whoever looked at it.

    `root` maps section names to their nodes. `complete` is False when a file could not be read to its end: then
    what is missing says nothing, and looking for undefined names is pointless.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.root = MappingNode(Position(str(path), 0, 0), ())
        self.complete = True
        self._mistakes: set[Mistake] = set()

    @property
    def mistakes(self) -> list[Mistake]:
        """All mistakes so far, warnings included, in the order of files and lines."""
        return sorted(self._mistakes)

    @property
    def has_errors(self) -> bool:
        return any(mistake.severity == "error" for mistake in self._mistakes)

    def section(self, name: str) -> Node | None:
        """The node of a section, None when no file has it."""
        entry = self.root.entry(name)
        return entry.value if entry else None

    def report(self, position: Position, message: str, *, expected: str = "", severity: str = "error") -> None:
        """Note a mistake."""
        self._mistakes.add(Mistake(position.file, position.line, position.column, message, severity, expected))

    def warn(self, position: Position, message: str, *, expected: str = "") -> None:
        """Note something that is permitted and probably not meant."""
        self.report(position, message, expected=expected, severity="warning")

    def note(self, mistakes: Iterable[Mistake]) -> None:
        """Add mistakes that were found elsewhere."""
        self._mistakes.update(mistakes)

    def require(self) -> None:
        """Raise InvalidConfiguration with every mistake if there is an error among them."""
        if self.has_errors:
            raise InvalidConfiguration(self.mistakes)


def read_document(path: Path) -> Document:
    """Read a YAML file, or all *.yaml files of a folder in the order of their names.

    Never raises: what is wrong is in the document's mistakes.
    """
    document = Document(path)
    roots = [root for file in _files(document) if (root := _read(document, file)) is not None]
    document.root = _merge(document, roots)
    return document


def parse_document(text: str, file: str = "ringpost.yaml") -> Document:
    """As `read_document`, for YAML text that is at hand; paths in it are relative to the folder of `file`."""
    document = Document(Path(file))
    root = _parse(document, text, file)
    document.root = _merge(document, [root] if root else [])
    return document


def _files(document: Document) -> list[Path]:
    path = document.path
    whole = Position(str(path), 0, 0)
    try:
        if not path.is_dir():
            return [path]
        # A link that leads nowhere is a file that cannot be read: whoever it declared would vanish without a word.
        named = (file for file in path.iterdir() if file.suffix in (".yaml", ".yml") and not file.name.startswith("."))
        files = sorted(file for file in named if not file.is_dir())
    except (OSError, ValueError) as error:
        document.report(whole, f"cannot be read: {_reason(error)}")
        document.complete = False
        return []
    if not files:
        document.report(whole, "there is no *.yaml file in this folder")
    if len(files) > MOST_FILES:
        document.report(whole, f"there are {len(files)} files in this folder", expected=f"at most {MOST_FILES}")
    return files[:MOST_FILES]


def _read(document: Document, file: Path) -> MappingNode | None:
    text = read_file(document, Position(str(file), 0, 0), file)
    if text is None:
        document.complete = False
        return None
    return _parse(document, text, str(file))


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def read_file(document: Document, position: Position, file: Path) -> str | None:
    """The text of a UTF-8 file. What prevents reading it is noted at `position`, and None is returned."""
    try:
        # A pipe or a device would keep the reader waiting for ever.
        with open(file, "rb", opener=_without_waiting) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                document.report(position, f"{file.name} is not a file")
                return None
            data = stream.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        document.report(position, f"{file} cannot be read: {_reason(error)}" if position.line else _unreadable(error))
        return None
    if len(data) > LARGEST_FILE:
        document.report(position, f"{file.name} is too large", expected=f"at most {LARGEST_FILE // 1024} KiB")
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line_start = before.rfind(b"\n") + 1
        column = len(before[line_start:].decode("utf-8", "replace")) + 1
        document.report(Position(str(file), before.count(b"\n") + 1, column), "this is not text", expected="UTF-8")
        return None


def _parse(document: Document, text: str, file: str) -> MappingNode | None:
    reading = read_text(text, file)
    document.note(reading.mistakes)
    if not reading.complete:
        document.complete = False
    if reading.root is None:
        return None
    if not isinstance(reading.root, MappingNode):
        document.report(reading.root.position, "a configuration is made of sections", expected="lines such as `dids:`")
        document.complete = False
        return None
    return reading.root


def _merge(document: Document, roots: list[MappingNode]) -> MappingNode:
    """One mapping of sections out of those of all files. The names in a section may be spread over files."""
    sections: dict[str, MappingEntry] = {}
    for root in roots:
        for entry in root:
            first = sections.get(entry.key)
            sections[entry.key] = entry if first is None else _merge_section(document, first, entry)
    position = roots[0].position if roots else document.root.position
    return MappingNode(position, tuple(sections.values()))


def _merge_section(document: Document, first: MappingEntry, second: MappingEntry) -> MappingEntry:
    if not isinstance(first.value, MappingNode) or not isinstance(second.value, MappingNode):
        empty = [entry for entry in (first, second) if getattr(entry.value, "text", "") is None]
        if empty:
            return second if empty[0] is first else first
        document.report(second.position, f'section "{second.key}" stands in {_where(first.position)} already')
        return first
    entries = {entry.key: entry for entry in first.value}
    for entry in second.value:
        if entry.key in entries:
            place = _where(entries[entry.key].position)
            document.report(entry.position, f"{named(entry.key)} is declared in {place} already")
        else:
            entries[entry.key] = entry
    return MappingEntry(first.position, first.key, MappingNode(first.value.position, tuple(entries.values())))


def _where(position: Position) -> str:
    return f"{position.file}:{position.line}:{position.column}"


def _reason(error: Exception) -> str:
    return (error.strerror or "unreadable").lower() if isinstance(error, OSError) else "not a valid path"


def _unreadable(error: Exception) -> str:
    return f"cannot be read: {_reason(error)}"
